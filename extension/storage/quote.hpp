// Rows of mvm.quote: exchanges at a rate that is frozen for a while.
#pragma once

#include <optional>

#include "storage/row.hpp"

namespace mvm::storage {

struct Quote {
    std::int64_t id;
    std::int64_t user_id;
    std::int64_t paid_minor;     // of from_universe_id's currency
    std::int64_t received_minor; // of to_universe_id's currency, fee taken off
    std::int64_t fee_minor;
    TimestampTz created_at;
    TimestampTz expires_at;
    std::int32_t from_universe_id;
    std::int32_t to_universe_id;
    Datum from_rate;                            // numeric
    Datum to_rate;                              // numeric
    std::optional<std::int64_t> transaction_id; // the exchange that accepted it
    HeapTuple row;
};

// Inserts a quote under its new id.
void insert_quote(Call &call, const Quote &quote);

// How many open quotes into a universe the user has at `now`, at most `count_max`: of those that
// are committed by now, whatever the call's snapshot sees, and of the transaction's own.
std::int64_t open_quotes(Call &call, std::int64_t user_id, std::int32_t to_universe_id,
                         TimestampTz now, std::int64_t count_max);

// Finds and locks; see lock_row.
[[nodiscard]] bool lock_quote(Call &call, std::int64_t id, Quote &quote);

// Writes which exchange accepted a locked quote.
void accept_quote(Call &call, Quote &quote, std::int64_t transaction_id);

} // namespace mvm::storage
