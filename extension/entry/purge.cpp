// mvm_purge_idempotency_keys, mvm_purge_quotes: housekeeping. On no hot path, so in plain SQL.
#include "entry/arguments.hpp"
#include "pg/guard.hpp"
#include "pg/refusal.hpp"

namespace mvm::entry {

namespace {

bool is_less(const Interval &a, const Interval &b)
{
    return DatumGetBool(
        DirectFunctionCall2(interval_lt, IntervalPGetDatum(&a), IntervalPGetDatum(&b)));
}

// With a much larger age, now() minus it would be before the earliest timestamp.
void require_age(const Interval &age)
{
    Interval largest = {};
    largest.month = 1000 * MONTHS_PER_YEAR;
    if (is_less(age, Interval{}) || is_less(largest, age)) {
        pg::raise(domain::ErrorCode::invalid_argument,
                  "older_than must not be negative or above 1000 years.");
    }
}

// Runs the DELETE, whose $1 is the call's only argument, and answers how many rows it deleted.
Datum purge(FunctionCallInfo fcinfo, const char *command)
{
    const Interval *age = interval_argument(fcinfo, 0, "older_than");
    require_age(*age);
    SPI_connect();
    Oid types[] = {INTERVALOID};
    Datum values[] = {IntervalPGetDatum(age)};
    if (SPI_execute_with_args(command, 1, types, values, nullptr, false, 0) != SPI_OK_DELETE) {
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not purge rows")));
    }
    const auto purged = static_cast<std::int64_t>(SPI_processed);
    SPI_finish();
    return Int64GetDatum(purged);
}

Datum purge_keys_function(FunctionCallInfo fcinfo)
{
    return purge(fcinfo,
                 "DELETE FROM mvm.idempotency_key WHERE created_at < pg_catalog.now() - $1");
}

// Accepted quotes stay: the journal refers to them.
Datum purge_quotes_function(FunctionCallInfo fcinfo)
{
    return purge(fcinfo, "DELETE FROM mvm.quote"
                         " WHERE transaction_id IS NULL AND expires_at < pg_catalog.now() - $1");
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_purge_idempotency_keys, mvm::entry::purge_keys_function)
MVM_SQL_FUNCTION(mvm_purge_quotes, mvm::entry::purge_quotes_function)
