#include "storage/relink.hpp"

#include <algorithm>
#include <utility>

#include "pg/compat.hpp"
#include "storage/definition.hpp"
#include "storage/journal.hpp"
#include "storage/table_rewrite.hpp"
#include "storage/writing.hpp"

namespace mvm::storage {

namespace {

// What is known of a wallet on the way: the last row so far.
struct WalletEnd {
    WalletKey wallet; // the key
    std::int64_t last_id;
};

// A row of mvm.balance_snapshot that waits for its place in the order of ids.
struct WaitingSnapshot {
    std::int64_t before_id;
    ItemPointerData location;
};

struct Relink {
    Snapshot snapshot;
    HTAB *ends; // WalletEnd
    Table journal;
    Table wallet;
    Table balance_snapshot;
    TableRewrite new_journal;
    TableRewrite new_wallet;
    TableRewrite new_snapshots;
    WaitingSnapshot *waiting;
    std::int64_t waiting_count;
    std::int64_t next_waiting;
    std::int64_t changed; // rows with other links than before
};

void open_table(TableId id, Table &table)
{
    const Oid relation = relation_oid(table_shapes[static_cast<int>(id)].name);
    table = {};
    table.relation = table_open(relation, AccessExclusiveLock);
    find_columns(id, table);
    refuse_children(table.relation);
    CheckTableNotInUse(table.relation, "relink");
}

void require_linked_version(const Table &journal)
{
    if (journal.attributes[journal_column::from_previous_id - 1] == 0) {
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("the market's version does not link the journal's rows"),
                        errhint("ALTER EXTENSION mvm UPDATE")));
    }
}

WalletEnd &end_of(Relink &relink, const WalletKey &wallet)
{
    WalletKey key;
    memset(&key, 0, sizeof key); // the padding is part of the key
    key.user_id = wallet.user_id;
    key.universe_id = wallet.universe_id;
    bool found = false;
    auto *end = static_cast<WalletEnd *>(hash_search(relink.ends, &key, HASH_ENTER, &found));
    if (!found) {
        end->last_id = 0;
    }
    return *end;
}

HTAB *make_ends(const Table &wallet)
{
    HASHCTL control{};
    control.keysize = sizeof(WalletKey);
    control.entrysize = sizeof(WalletEnd);
    control.hcxt = CurrentMemoryContext;
    const auto rows = static_cast<long>(Max(wallet.relation->rd_rel->reltuples, 1024.0F));
    return hash_create("ends of wallets", rows, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

// Where all snapshots stand, in the order of what they are before.
void find_snapshots(Relink &relink)
{
    std::int64_t capacity = 1024;
    relink.waiting = static_cast<WaitingSnapshot *>(
        palloc(static_cast<Size>(capacity) * sizeof(WaitingSnapshot)));
    const Table &table = relink.balance_snapshot;
    TupleTableSlot *slot = table_slot_create(table.relation, nullptr);
    TableScanDesc scan = table_beginscan(table.relation, relink.snapshot, 0, nullptr);
    while (table_scan_getnextslot(scan, ForwardScanDirection, slot)) {
        CHECK_FOR_INTERRUPTS();
        if (relink.waiting_count == capacity) {
            capacity *= 2;
            relink.waiting = static_cast<WaitingSnapshot *>(repalloc_huge(
                relink.waiting, static_cast<Size>(capacity) * sizeof(WaitingSnapshot)));
        }
        relink.waiting[relink.waiting_count++] = {
            DatumGetInt64(column_of(table, slot, balance_snapshot_column::before_id)),
            slot->tts_tid};
    }
    table_endscan(scan);
    ExecDropSingleTupleTableSlot(slot);
    std::sort(relink.waiting, relink.waiting + relink.waiting_count,
              [](const WaitingSnapshot &a, const WaitingSnapshot &b) {
                  return a.before_id < b.before_id;
              });
}

// The link of a row in a column of bigint; counts it when it was another.
RewrittenColumn link(Relink &relink, const Table &table, TupleTableSlot *row, int column,
                     const std::optional<std::int64_t> &id)
{
    bool is_null = false;
    const Datum before = nullable_column_of(table, row, column, is_null);
    relink.changed += is_null == id.has_value() || (id && DatumGetInt64(before) != *id) ? 1 : 0;
    return {table.attributes[column - 1], id.value_or(0), !id.has_value()};
}

// Rewrites the snapshots that are before a row with the id, which comes next.
void write_snapshots_up_to(Relink &relink, std::int64_t id, TupleTableSlot *slot)
{
    const Table &table = relink.balance_snapshot;
    while (relink.next_waiting < relink.waiting_count &&
           relink.waiting[relink.next_waiting].before_id <= id) {
        ItemPointerData location = relink.waiting[relink.next_waiting++].location;
        if (!table_tuple_fetch_row_version(table.relation, &location, relink.snapshot, slot)) {
            elog(ERROR, "a row of \"%s.balance_snapshot\" is gone", schema_name);
        }
        const WalletKey wallet{
            DatumGetInt64(column_of(table, slot, balance_snapshot_column::user_id)),
            DatumGetInt32(column_of(table, slot, balance_snapshot_column::universe_id))};
        const RewrittenColumn change =
            link(relink, table, slot, balance_snapshot_column::last_journal_id,
                 end_of(relink, wallet).last_id);
        rewrite_row(relink.new_snapshots, slot, &change, 1);
    }
}

// Appends the row to the wallet's chain: its row before it.
std::optional<std::int64_t> append_to(Relink &relink, const std::optional<WalletKey> &wallet,
                                      std::int64_t id)
{
    if (!wallet) {
        return std::nullopt;
    }
    WalletEnd &end = end_of(relink, *wallet);
    return std::exchange(end.last_id, id);
}

std::int64_t count_rows(const Table &table, Snapshot snapshot)
{
    std::int64_t count = 0;
    TupleTableSlot *row = table_slot_create(table.relation, nullptr);
    TableScanDesc scan = table_beginscan(table.relation, snapshot, 0, nullptr);
    while (table_scan_getnextslot(scan, ForwardScanDirection, row)) {
        CHECK_FOR_INTERRUPTS();
        ++count;
    }
    table_endscan(scan);
    ExecDropSingleTupleTableSlot(row);
    return count;
}

// Rows that an index does not have would be lost.
void require_all_rows(const Table &table, std::int64_t rows, std::int64_t indexed)
{
    if (indexed != rows) {
        const char *name = RelationGetRelationName(table.relation);
        ereport(ERROR,
                (errcode(ERRCODE_DATA_CORRUPTED),
                 errmsg("the primary key of table \"%s.%s\" is damaged", schema_name, name),
                 errdetail_internal("It has " INT64_FORMAT " rows, the table has " INT64_FORMAT ".",
                                    indexed, rows),
                 errhint("REINDEX TABLE %s.%s", schema_name, name)));
    }
}

void write_journal(Relink &relink)
{
    const Table &table = relink.journal;
    const std::int64_t rows = count_rows(table, relink.snapshot);
    std::int64_t indexed = 0;
    Relation primary_key = open_primary_key(TableId::journal, table.relation, AccessExclusiveLock);
    IndexScanDesc scan = pg::begin_index_scan(table.relation, primary_key, relink.snapshot, 0);
    index_rescan(scan, nullptr, 0, nullptr, 0);
    TupleTableSlot *row = table_slot_create(table.relation, nullptr);
    TupleTableSlot *snapshot = table_slot_create(relink.balance_snapshot.relation, nullptr);
    while (index_getnext_slot(scan, ForwardScanDirection, row)) {
        CHECK_FOR_INTERRUPTS();
        ++indexed;
        RowLinks links = links_in(table, row);
        if (links.wallets.to == links.wallets.from) {
            links.wallets.to = std::nullopt; // one link is enough
        }
        write_snapshots_up_to(relink, links.id, snapshot);
        const std::int64_t changed = relink.changed;
        const RewrittenColumn changes[] = {
            link(relink, table, row, journal_column::from_previous_id,
                 append_to(relink, links.wallets.from, links.id)),
            link(relink, table, row, journal_column::to_previous_id,
                 append_to(relink, links.wallets.to, links.id)),
        };
        relink.changed = Min(relink.changed, changed + 1);
        rewrite_row(relink.new_journal, row, changes, lengthof(changes));
    }
    require_all_rows(table, rows, indexed);
    write_snapshots_up_to(relink, PG_INT64_MAX, snapshot);
    ExecDropSingleTupleTableSlot(snapshot);
    ExecDropSingleTupleTableSlot(row);
    index_endscan(scan);
    index_close(primary_key, NoLock);
}

void write_wallets(Relink &relink)
{
    const Table &table = relink.wallet;
    TupleTableSlot *row = table_slot_create(table.relation, nullptr);
    TableScanDesc scan = table_beginscan(table.relation, relink.snapshot, 0, nullptr);
    while (table_scan_getnextslot(scan, ForwardScanDirection, row)) {
        CHECK_FOR_INTERRUPTS();
        const WalletKey wallet{DatumGetInt64(column_of(table, row, wallet_column::user_id)),
                               DatumGetInt32(column_of(table, row, wallet_column::universe_id))};
        const RewrittenColumn change = link(relink, table, row, wallet_column::last_journal_id,
                                            end_of(relink, wallet).last_id);
        rewrite_row(relink.new_wallet, row, &change, 1);
    }
    table_endscan(scan);
    ExecDropSingleTupleTableSlot(row);
}

} // namespace

std::int64_t relink_journal()
{
    // Before the locks, which keep others waiting.
    for (const char *table : {"journal", "wallet", "balance_snapshot"}) {
        pg::require_ownership(relation_oid(table));
    }
    Relink relink{};
    // In the order in which calls come to them: see table_of.
    open_table(TableId::wallet, relink.wallet);
    open_table(TableId::journal, relink.journal);
    open_table(TableId::balance_snapshot, relink.balance_snapshot);
    require_linked_version(relink.journal);
    relink.snapshot =
        RegisterSnapshot(GetLatestSnapshot()); // all that was written before the locks
    PushActiveSnapshot(relink.snapshot);
    relink.ends = make_ends(relink.wallet);
    find_snapshots(relink);
    begin_rewrite(relink.new_wallet, relink.wallet.relation);
    begin_rewrite(relink.new_journal, relink.journal.relation);
    begin_rewrite(relink.new_snapshots, relink.balance_snapshot.relation);
    write_journal(relink);
    write_wallets(relink);
    PopActiveSnapshot();
    UnregisterSnapshot(relink.snapshot);
    finish_rewrite(relink.new_wallet);
    finish_rewrite(relink.new_journal);
    finish_rewrite(relink.new_snapshots);
    hash_destroy(relink.ends);
    return relink.changed;
}

} // namespace mvm::storage
