// Rows of mvm.exchange_rate_change: every exchange rate that a universe has had.
#pragma once

#include "storage/row.hpp"

namespace mvm::storage {

// What a row of mvm.universe says of its rate.
struct UniverseRate {
    std::int32_t universe_id;
    Datum exchange_rate; // numeric
    std::int64_t first_rate_id;
};

UniverseRate rate_in(Call &call, HeapTuple universe_row);

// Whether the history has a row with this id.
[[nodiscard]] bool has_rate_change(Call &call, std::int64_t id);

// Appends a rate that holds from now on, and never from before the one it follows.
void append_rate_change(Call &call, std::int64_t id, const UniverseRate &rate);

// The rate that held at a time, a copy; false before the first known one.
[[nodiscard]] bool find_rate_at(Call &call, std::int32_t universe_id, TimestampTz at,
                                Datum &exchange_rate);

} // namespace mvm::storage
