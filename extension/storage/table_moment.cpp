#include "storage/table_moment.hpp"

#include "pg/refusal.hpp"
#include "storage/schema.hpp"

namespace mvm::storage {

namespace {

constexpr const char *tables_in_order[] = {
    "user_account",
    "item",
    "universe",
    "route",
    "wallet",
    "hold",
    "quote",
    "journal",
    "balance_snapshot",
    "rule_change",
    "refund",
    "idempotency_key",
    "exchange_rate_change",
    "price_change",
    "house_account",
    "audit_checkpoint",
    "audit_wallet",
    "audit_item",
    "audit_hold",
    "audit_house_account",
    "audit_digest",
};

TableMoment moment_of_row(HeapTupleHeader row, Snapshot snapshot)
{
    const TransactionId writer = HeapTupleHeaderGetXmin(row);
    if (!TransactionIdIsNormal(writer)) {
        return TableMoment::seen; // frozen
    }
    if (TransactionIdIsCurrentTransactionId(writer)) {
        return HeapTupleHeaderGetCmin(row) < snapshot->curcid ? TableMoment::seen
                                                              : TableMoment::changed_by_itself;
    }
    return XidInMVCCSnapshot(writer, snapshot) ? TableMoment::changed : TableMoment::seen;
}

// An earlier version may not have the table.
template <typename Visit> void visit_all_tables(Visit visit)
{
    const Oid schema = get_namespace_oid(schema_name, false);
    for (const char *name : tables_in_order) {
        const Oid table = get_relname_relid(name, schema);
        if (OidIsValid(table)) {
            visit(table);
        }
    }
}

} // namespace

TableMoment moment_of(Oid table, Snapshot snapshot)
{
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
    if (!HeapTupleIsValid(tuple)) {
        return TableMoment::changed; // it has been dropped
    }
    const TableMoment moment = moment_of_row(tuple->t_data, snapshot);
    ReleaseSysCache(tuple);
    return moment;
}

void lock_all_tables()
{
    visit_all_tables([](Oid table) { LockRelationOid(table, AccessShareLock); });
}

void require_all_tables_seen()
{
    visit_all_tables([](Oid table) {
        if (moment_of(table, GetActiveSnapshot()) != TableMoment::seen) {
            pg::raise_stale_snapshot();
        }
    });
}

} // namespace mvm::storage
