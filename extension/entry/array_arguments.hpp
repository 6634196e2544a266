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

// invalid_argument when the two differ in length.
void require_equal_length(const ArrayArgument &first, const ArrayArgument &argument);

// invalid_argument when there are too many orders.
void require_batch_size(int count);

// The order's element of an optional array, if there is one.
std::optional<Datum> value_of_order(const ArrayArgument &values, int i);

} // namespace mvm::entry
