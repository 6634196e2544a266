#include "storage/balance_snapshot.hpp"

#include "pg/compat.hpp"

namespace mvm::storage {

namespace {

// The wallet's last row in the index whose third column satisfies `condition`.
BalanceSnapshot last_row(Call &call, const char *index_name, std::int64_t user_id,
                         std::int32_t universe_id, const ScanKeyData &condition)
{
    const Table &table = table_of(call, TableId::balance_snapshot);
    Relation index = open_index(index_name);
    IndexScanDesc scan = pg::begin_index_scan(table.relation, index, GetActiveSnapshot(), 3);
    ScanKeyData keys[3];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(user_id));
    ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(universe_id));
    keys[2] = condition;
    index_rescan(scan, keys, 3, nullptr, 0);
    BalanceSnapshot snapshot = no_history;
    TupleTableSlot *slot = read_slot(call, TableId::balance_snapshot);
    if (index_getnext_slot(scan, BackwardScanDirection, slot)) {
        const Columns columns = columns_of(table, slot, balance_snapshot_column::last);
        snapshot = {columns.int8(balance_snapshot_column::before_id),
                    columns.int8(balance_snapshot_column::balance_minor)};
    }
    index_endscan(scan);
    index_close(index, NoLock);
    return snapshot;
}

} // namespace

bool snapshot_is_due(std::int64_t version, int movements)
{
    // In turn after 64 calls with one movement, 32 with two, each with 64.
    return version % Max(movements_per_snapshot / Max(movements, 1), 1) == 0;
}

void append_balance_snapshot(Call &call, const WalletKey &key, const BalanceSnapshot &snapshot,
                             TimestampTz taken_at)
{
    if (!has_table(TableId::balance_snapshot)) {
        return;
    }
    Columns columns;
    columns.put(balance_snapshot_column::user_id, Int64GetDatum(key.user_id));
    columns.put(balance_snapshot_column::before_id, Int64GetDatum(snapshot.before_id));
    columns.put(balance_snapshot_column::balance_minor, Int64GetDatum(snapshot.balance_minor));
    columns.put(balance_snapshot_column::taken_at, TimestampTzGetDatum(taken_at));
    columns.put(balance_snapshot_column::universe_id, Int32GetDatum(key.universe_id));
    insert_row(call, TableId::balance_snapshot, columns.values, columns.nulls);
}

BalanceSnapshot balance_snapshot_before_id(Call &call, std::int64_t user_id,
                                           std::int32_t universe_id, std::int64_t id)
{
    ScanKeyData condition;
    ScanKeyInit(&condition, 3, BTLessEqualStrategyNumber, F_INT8LE, Int64GetDatum(id));
    return last_row(call, "balance_snapshot_pkey", user_id, universe_id, condition);
}

BalanceSnapshot balance_snapshot_before_time(Call &call, std::int64_t user_id,
                                             std::int32_t universe_id, TimestampTz at)
{
    ScanKeyData condition;
    ScanKeyInit(&condition, 3, BTLessStrategyNumber, F_TIMESTAMPTZ_LT, TimestampTzGetDatum(at));
    return last_row(call, "balance_snapshot_taken_at_idx", user_id, universe_id, condition);
}

} // namespace mvm::storage
