// mvm_purge_idempotency_keys: housekeeping, off every hot path, so plain SQL.
#include "entry/arguments.hpp"
#include "pg/guard.hpp"
#include "pg/refusal.hpp"

namespace mvm::entry {

namespace {

bool is_negative(const Interval *age)
{
    const Interval zero = {};
    return DatumGetBool(
        DirectFunctionCall2(interval_lt, IntervalPGetDatum(age), IntervalPGetDatum(&zero)));
}

Datum purge_function(FunctionCallInfo fcinfo)
{
    if (PG_ARGISNULL(0)) {
        pg::refuse(domain::ErrorCode::invalid_argument, "older_than must not be null.");
    }
    if (is_negative(PG_GETARG_INTERVAL_P(0))) {
        pg::refuse(domain::ErrorCode::invalid_argument, "older_than must not be negative.");
    }
    SPI_connect();
    Oid types[] = {INTERVALOID};
    Datum values[] = {PG_GETARG_DATUM(0)};
    const int outcome = SPI_execute_with_args(
        "DELETE FROM mvm.idempotency_key WHERE created_at < pg_catalog.now() - $1", 1, types,
        values, nullptr, false, 0);
    if (outcome != SPI_OK_DELETE) {
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not purge keys")));
    }
    const auto purged = static_cast<std::int64_t>(SPI_processed);
    SPI_finish();
    return Int64GetDatum(purged);
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_purge_idempotency_keys, mvm::entry::purge_function)
