// The arrays of a batch: an element per order.
#pragma once

#include <optional>

#include "market/refusals.hpp"

namespace mvm::entry {

// Orders in one batch at most: beyond it a batch holds its row locks for too long.
inline constexpr int batch_orders_max = 100'000;

struct ArrayArgument {
    const char *name;
    bool given;
    Datum *values;
    bool *nulls;
    int count;
};

// A one-dimensional array that must be there; invalid_argument.
ArrayArgument array_argument(FunctionCallInfo fcinfo, int position, const char *name,
                             Oid element_type);

// The same, where null stands for an array of nulls.
ArrayArgument optional_array_argument(FunctionCallInfo fcinfo, int position, const char *name,
                                      Oid element_type);

// The number of orders; invalid_argument when the arrays differ or are too long.
int require_equal_lengths(const ArrayArgument *arguments, int argument_count);

struct OrderText {
    std::optional<Datum> text;
    market::Refusal refusal; // code ok: the text, if any, may be used
};

// The idempotency key and the memo of order `i`.
OrderText key_of_order(const ArrayArgument &keys, int i);
OrderText memo_of_order(const ArrayArgument &memos, int i);

// The order's element of an optional array, if there is one.
std::optional<Datum> value_of_order(const ArrayArgument &values, int i);

} // namespace mvm::entry
