// mvm_audit, mvm_audit_checkpoint: auditing the market, and what came after a checkpoint. On no hot
// path, so in plain SQL. The checks themselves are in mvm.violations() and
// mvm.violations_since_checkpoint().
#include "entry/arguments.hpp"
#include "entry/row_writer.hpp"
#include "pg/guard.hpp"
#include "pg/refusal.hpp"
#include "storage/call.hpp"
#include "storage/table_moment.hpp"

namespace mvm::entry {

namespace {

using domain::ErrorCode;

void require_outcome(int outcome, int wanted)
{
    if (outcome != wanted) {
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not audit the market")));
    }
}

// Only the latest checkpoint has the balances that an audit starts from.
void require_latest_checkpoint(std::int64_t since)
{
    require_outcome(SPI_execute("SELECT id FROM mvm.audit_checkpoint", true, 1), SPI_OK_SELECT);
    if (SPI_processed == 0) {
        pg::raise(ErrorCode::invalid_argument, "There is no checkpoint yet.",
                  "mvm_audit_checkpoint() makes one.");
    }
    bool is_null = false;
    const std::int64_t latest =
        DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null));
    if (since != latest) {
        pg::raise(ErrorCode::invalid_argument,
                  psprintf("since is " INT64_FORMAT ", the latest checkpoint is " INT64_FORMAT ".",
                           since, latest));
    }
}

// An audit reads under its caller's snapshot, to which a table that was rewritten since is empty.
void take_tables()
{
    storage::lock_all_tables();
    storage::require_all_tables_seen();
}

Datum audit_function(FunctionCallInfo fcinfo)
{
    RowWriter rows = result_set(fcinfo);
    take_tables();
    SPI_connect();
    require_outcome(SPI_execute("SELECT * FROM mvm.violations()", true, 0), SPI_OK_SELECT);
    put_selected_rows(rows);
    SPI_finish();
    return Datum{0};
}

Datum audit_since_function(FunctionCallInfo fcinfo)
{
    const std::int64_t since = int8_argument(fcinfo, 0, "since");
    RowWriter rows = result_set(fcinfo);
    take_tables();
    SPI_connect();
    // Both under the caller's snapshot.
    require_latest_checkpoint(since);
    require_outcome(SPI_execute("SELECT * FROM mvm.violations_since_checkpoint()", true, 0),
                    SPI_OK_SELECT);
    put_selected_rows(rows);
    SPI_finish();
    return Datum{0};
}

Datum audit_checkpoint_function(FunctionCallInfo fcinfo)
{
    const bool anew = !PG_ARGISNULL(0) && PG_GETARG_BOOL(0);
    PreventCommandIfReadOnly("mvm_audit_checkpoint()");
    RowWriter rows = result_set(fcinfo);
    // One checkpoint at a time. The snapshot of the statements below sees the one before.
    LockRelationOid(storage::relation_oid("audit_checkpoint"), ShareRowExclusiveLock);
    storage::lock_all_tables();
    if (IsolationUsesXactSnapshot()) {
        storage::require_all_tables_seen();
    }
    SPI_connect();
    Oid types[] = {BOOLOID};
    Datum values[] = {BoolGetDatum(anew)};
    require_outcome(SPI_execute_with_args("SELECT * FROM mvm.write_audit_checkpoint($1)", 1, types,
                                          values, nullptr, false, 0),
                    SPI_OK_SELECT);
    put_selected_rows(rows);
    SPI_finish();
    return Datum{0};
}

// An id that is above that of every transaction which has begun to write by now. The upper bound of
// a snapshot is not: it is above those that have ended.
Datum next_transaction_id_function(FunctionCallInfo)
{
    return FullTransactionIdGetDatum(ReadNextFullTransactionId());
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_audit, mvm::entry::audit_function)
MVM_SQL_FUNCTION(mvm_audit_since, mvm::entry::audit_since_function)
MVM_SQL_FUNCTION(mvm_audit_checkpoint, mvm::entry::audit_checkpoint_function)
MVM_SQL_FUNCTION(mvm_next_transaction_id, mvm::entry::next_transaction_id_function)
