#include "pg/interval.hpp"

namespace mvm::pg {

std::int64_t microseconds_of(const Interval &interval)
{
    const std::int64_t days = std::int64_t{interval.month} * DAYS_PER_MONTH + interval.day;
    std::int64_t microseconds = 0;
    const bool in_range =
        days >= -lifetime_days_max && days <= lifetime_days_max &&
        !__builtin_add_overflow(days * USECS_PER_DAY, interval.time, &microseconds) &&
        microseconds > 0 && microseconds <= lifetime_days_max * USECS_PER_DAY;
    return in_range ? microseconds : 0;
}

Datum interval_of_microseconds(std::int64_t microseconds)
{
    auto *interval = static_cast<Interval *>(palloc0(sizeof(Interval)));
    interval->day = static_cast<std::int32_t>(microseconds / USECS_PER_DAY);
    interval->time = microseconds % USECS_PER_DAY;
    return IntervalPGetDatum(interval);
}

const char *text_of_interval(Datum interval)
{
    return DatumGetCString(DirectFunctionCall1(interval_out, interval));
}

} // namespace mvm::pg
