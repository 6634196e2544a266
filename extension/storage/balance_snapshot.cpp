#include "storage/balance_snapshot.hpp"

#include "pg/compat.hpp"

namespace mvm::storage {

namespace {

// The wallet's first row in the index whose third column satisfies `condition`.
std::optional<BalanceSnapshot> first_row(Call &call, const char *index_name,
                                         const WalletKey &wallet, const ScanKeyData &condition)
{
    if (!has_table(TableId::balance_snapshot)) {
        return std::nullopt;
    }
    const Table &table = table_of(call, TableId::balance_snapshot);
    Relation index = open_index(index_name);
    IndexScanDesc scan = pg::begin_index_scan(table.relation, index, GetActiveSnapshot(), 3);
    ScanKeyData keys[3];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(wallet.user_id));
    ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(wallet.universe_id));
    keys[2] = condition;
    index_rescan(scan, keys, 3, nullptr, 0);
    std::optional<BalanceSnapshot> snapshot;
    TupleTableSlot *slot = read_slot(call, TableId::balance_snapshot);
    if (index_getnext_slot(scan, ForwardScanDirection, slot)) {
        const Columns columns = columns_of(table, slot, balance_snapshot_column::last);
        snapshot = {columns.int8(balance_snapshot_column::before_id),
                    columns.int8(balance_snapshot_column::balance_minor),
                    columns.optional_int8(balance_snapshot_column::last_journal_id)};
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

void append_balance_snapshot(Call &call, const WalletKey &wallet, const BalanceSnapshot &snapshot,
                             TimestampTz taken_at)
{
    if (!has_table(TableId::balance_snapshot)) {
        return;
    }
    Columns columns;
    columns.put(balance_snapshot_column::user_id, Int64GetDatum(wallet.user_id));
    columns.put(balance_snapshot_column::before_id, Int64GetDatum(snapshot.before_id));
    columns.put(balance_snapshot_column::balance_minor, Int64GetDatum(snapshot.balance_minor));
    columns.put(balance_snapshot_column::taken_at, TimestampTzGetDatum(taken_at));
    columns.put(balance_snapshot_column::universe_id, Int32GetDatum(wallet.universe_id));
    columns.put(balance_snapshot_column::last_journal_id, snapshot.last_journal_id);
    insert_row(call, TableId::balance_snapshot, columns.values, columns.nulls);
}

std::optional<BalanceSnapshot> balance_snapshot_from_id(Call &call, const WalletKey &wallet,
                                                        std::int64_t id)
{
    ScanKeyData condition;
    ScanKeyInit(&condition, 3, BTGreaterEqualStrategyNumber, F_INT8GE, Int64GetDatum(id));
    return first_row(call, "balance_snapshot_pkey", wallet, condition);
}

std::optional<BalanceSnapshot> balance_snapshot_from_time(Call &call, const WalletKey &wallet,
                                                          TimestampTz at)
{
    ScanKeyData condition;
    ScanKeyInit(&condition, 3, BTGreaterEqualStrategyNumber, F_TIMESTAMPTZ_GE,
                TimestampTzGetDatum(at));
    return first_row(call, "balance_snapshot_taken_at_idx", wallet, condition);
}

} // namespace mvm::storage
