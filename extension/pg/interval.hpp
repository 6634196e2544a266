// Intervals as lengths of time.
#pragma once

#include "pg/postgres.hpp"

namespace mvm::pg {

// The longest that a quote or a hold may live.
inline constexpr std::int64_t lifetime_days_max = 366;

// Microseconds; a month counts 30 days, as when PostgreSQL compares intervals. Zero if it is
// negative or above lifetime_days_max.
std::int64_t microseconds_of(const Interval &interval);

// In days and smaller units, as months differ in length. palloc'd.
Datum interval_of_microseconds(std::int64_t microseconds);

// As people read it, palloc'd.
const char *text_of_interval(Datum interval);

} // namespace mvm::pg
