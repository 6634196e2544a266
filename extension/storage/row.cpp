#include "storage/row.hpp"

#include "domain/assert.hpp"

#include "pg/compat.hpp"
#include "pg/refusal.hpp"
#include "storage/definition.hpp"
#include "storage/row_locations.hpp"

namespace mvm::storage {

namespace {

// Locks the row at `location` and reads its latest version, at the higher levels the
// snapshot's, into `slot`.
TM_Result lock_version(Call &call, Relation table, ItemPointerData location, TupleTableSlot *slot,
                       LockWaitPolicy wait)
{
    ExecClearTuple(slot);
    TM_FailureData failure;
    const int flags = IsolationUsesXactSnapshot() ? 0 : TUPLE_LOCK_FLAG_FIND_LAST_VERSION;
    const TM_Result result =
        table_tuple_lock(table, &location, GetActiveSnapshot(), slot, call.estate->es_output_cid,
                         LockTupleNoKeyExclusive, wait, static_cast<uint8>(flags), &failure);
    if (result == TM_Ok && failure.traversed) {
        call.moment_passed = true;
    }
    return result;
}

// Locks the row in `slot` and reads its latest version into it.
bool lock_found_row(Call &call, Relation table, TupleTableSlot *slot)
{
    const ItemPointerData location = slot->tts_tid;
    TM_Result result = lock_version(call, table, location, slot, LockWaitSkip);
    if (result == TM_WouldBlock) {
        call.moment_passed = true; // whoever has the row may change what is not locked, too
        result = lock_version(call, table, location, slot, LockWaitBlock);
    }
    switch (result) {
    case TM_Ok:
        return true;
    case TM_Updated:
        pg::raise_stale_snapshot();
    case TM_Deleted:
        if (IsolationUsesXactSnapshot()) {
            pg::raise_stale_snapshot();
        }
        return false;
    default:
        // The command that calls us changes the row itself, from a trigger of its own.
        ereport(ERROR,
                (errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
                 errmsg("row of \"%s.%s\" was already changed by the command that calls the market",
                        schema_name, RelationGetRelationName(table))));
    }
}

int column_count(TableId id)
{
    return table_shapes[static_cast<int>(id)].columns;
}

} // namespace

Key key_of_int4(std::int32_t value)
{
    Key key;
    ScanKeyInit(&key.columns[0], 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(value));
    key.column_count = 1;
    key.remembered = true;
    key.first = value;
    key.second = 0;
    return key;
}

Key key_of_int8(std::int64_t value)
{
    Key key;
    ScanKeyInit(&key.columns[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(value));
    key.column_count = 1;
    key.remembered = true;
    key.first = value;
    key.second = 0;
    return key;
}

Key key_of_text(Datum value)
{
    Key key;
    ScanKeyEntryInitialize(&key.columns[0], 0, 1, BTEqualStrategyNumber, InvalidOid,
                           C_COLLATION_OID, F_TEXTEQ, value);
    key.column_count = 1;
    key.remembered = false;
    return key;
}

Key key_of_int4_int4(std::int32_t first, std::int32_t second)
{
    Key key = key_of_int4(first);
    ScanKeyInit(&key.columns[1], 2, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(second));
    key.column_count = 2;
    key.second = second;
    return key;
}

Key key_of_int8_int4(std::int64_t first, std::int32_t second)
{
    Key key = key_of_int8(first);
    ScanKeyInit(&key.columns[1], 2, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(second));
    key.column_count = 2;
    key.second = second;
    return key;
}

Key key_of_int8_text(std::int64_t first, Datum second)
{
    Key key = key_of_int8(first);
    ScanKeyEntryInitialize(&key.columns[1], 0, 2, BTEqualStrategyNumber, InvalidOid,
                           C_COLLATION_OID, F_TEXTEQ, second);
    key.column_count = 2;
    key.remembered = false;
    return key;
}

namespace {

// Whether the row in `slot` has this primary key.
bool has_key(TupleTableSlot *slot, Relation primary_key, Key &key)
{
    for (int i = 0; i < key.column_count; ++i) {
        ScanKeyData &column = key.columns[i];
        bool is_null = false;
        const Datum value = slot_getattr(slot, primary_key->rd_index->indkey.values[i], &is_null);
        if (is_null || !DatumGetBool(FunctionCall2Coll(&column.sk_func, column.sk_collation, value,
                                                       column.sk_argument))) {
            return false;
        }
    }
    return true;
}

// Looks where the row was found last. A row of this key that the snapshot sees is
// the one, wherever it stands: the key is unique.
TupleTableSlot *find_row_at_location(Call &call, TableId id, Key &key)
{
    ItemPointerData location;
    if (!recall_location(id, key.first, key.second, &location)) {
        return nullptr;
    }
    Table &table = table_of(call, id);
    if (table.fetch == nullptr) {
        table.fetch = table_index_fetch_begin(table.relation);
        // The table's lock keeps VACUUM from cutting it shorter.
        table.block_count = RelationGetNumberOfBlocks(table.relation);
    }
    if (ItemPointerGetBlockNumber(&location) >= table.block_count) {
        return nullptr;
    }
    TupleTableSlot *slot = read_slot(call, id);
    bool call_again = false;
    return table_index_fetch_tuple(table.fetch, &location, GetActiveSnapshot(), slot, &call_again,
                                   nullptr) &&
                   has_key(slot, table.primary_key, key)
               ? slot
               : nullptr;
}

// In the order of the index, whatever collation its owner has given it.
void look_up(IndexScanDesc scan, Key &key)
{
    for (int i = 0; i < key.column_count; ++i) {
        key.columns[i].sk_collation = scan->indexRelation->rd_indcollation[i];
    }
    index_rescan(scan, key.columns, key.column_count, nullptr, 0);
}

} // namespace

TupleTableSlot *find_row(Call &call, TableId id, Key key)
{
    if (key.remembered) {
        if (TupleTableSlot *found = find_row_at_location(call, id, key)) {
            return found;
        }
    }
    TupleTableSlot *slot = read_slot(call, id);
    IndexScanDesc scan = key_scan(call, id, key.column_count);
    look_up(scan, key);
    while (ItemPointer tid = index_getnext_tid(scan, ForwardScanDirection)) {
        const ItemPointerData location = *tid; // of the chain: the fetch moves on to the version
        if (index_fetch_heap(scan, slot)) {
            if (key.remembered) {
                remember_location(id, key.first, key.second, location);
            }
            return slot;
        }
    }
    return nullptr;
}

TupleTableSlot *find_row_in(Call &call, TableId id, const char *index_name, Key key)
{
    const Table &table = table_of(call, id);
    Relation index = open_index(index_name);
    IndexScanDesc scan =
        pg::begin_index_scan(table.relation, index, GetActiveSnapshot(), key.column_count);
    look_up(scan, key);
    TupleTableSlot *slot = read_slot(call, id);
    const bool found = index_getnext_slot(scan, ForwardScanDirection, slot);
    index_endscan(scan);
    index_close(index, NoLock);
    return found ? slot : nullptr;
}

bool has_row(Call &call, TableId id, const char *index_name, Key key)
{
    return find_row_in(call, id, index_name, key) != nullptr;
}

std::int64_t count_rows_now(Call &call, TableId id, const char *index_name, ScanKeyData *keys,
                            int key_count, std::int64_t count_max)
{
    const Table &table = table_of(call, id);
    Relation index = open_index(index_name);
    const Snapshot now = RegisterSnapshot(GetLatestSnapshot());
    IndexScanDesc scan = pg::begin_index_scan(table.relation, index, now, key_count);
    index_rescan(scan, keys, key_count, nullptr, 0);
    TupleTableSlot *slot = read_slot(call, id);
    std::int64_t count = 0;
    while (count < count_max && index_getnext_slot(scan, ForwardScanDirection, slot)) {
        CHECK_FOR_INTERRUPTS();
        ++count;
    }
    ExecClearTuple(slot);
    index_endscan(scan);
    UnregisterSnapshot(now);
    index_close(index, NoLock);
    return count;
}

HeapTuple lock_row(Call &call, TableId id, Key key)
{
    TupleTableSlot *slot = find_row(call, id, key);
    if (slot == nullptr || !lock_found_row(call, table_of(call, id).relation, slot)) {
        return nullptr;
    }
    return ExecCopySlotHeapTuple(slot);
}

TryLock try_lock_row(Call &call, TableId id, Key key, HeapTuple &row)
{
    TupleTableSlot *slot = find_row(call, id, key);
    if (slot == nullptr) {
        return TryLock::gone;
    }
    const ItemPointerData location = slot->tts_tid;
    switch (lock_version(call, table_of(call, id).relation, location, slot, LockWaitSkip)) {
    case TM_Ok:
        row = ExecCopySlotHeapTuple(slot);
        return TryLock::locked;
    case TM_Deleted:
        return TryLock::gone;
    default:
        return TryLock::in_use;
    }
}

bool has_row_of_anyone(Call &call, TableId id, Key key)
{
    const Table &table = table_of(call, id);
    SnapshotData dirty;
    InitDirtySnapshot(dirty);
    IndexScanDesc scan =
        pg::begin_index_scan(table.relation, table.primary_key, &dirty, key.column_count);
    look_up(scan, key);
    const bool found = index_getnext_slot(scan, ForwardScanDirection, read_slot(call, id));
    index_endscan(scan);
    return found;
}

bool has_rows(Call &call, TableId id)
{
    const Table &table = table_of(call, id);
    TableScanDesc scan = table_beginscan(table.relation, GetActiveSnapshot(), 0, nullptr);
    const bool found = table_scan_getnextslot(scan, ForwardScanDirection, read_slot(call, id));
    table_endscan(scan);
    return found;
}

bool has_column(Call &call, TableId id, int column)
{
    return table_of(call, id).attributes[column - 1] != 0;
}

Datum column_of(const Table &table, TupleTableSlot *slot, int column)
{
    bool is_null = false;
    const Datum value = nullable_column_of(table, slot, column, is_null);
    MVM_ASSERT(!is_null);
    return value;
}

Datum nullable_column_of(const Table &table, TupleTableSlot *slot, int column, bool &is_null)
{
    const AttrNumber attribute = table.attributes[column - 1];
    if (attribute == 0) {
        is_null = true;
        return Datum{0};
    }
    return slot_getattr(slot, attribute, &is_null);
}

namespace {

// Puts stored attributes at the numbers of their columns; those that the market's
// version does not have are null.
void arrange_columns(const Table &table, int count, const Datum *values, const bool *nulls,
                     Columns &columns)
{
    for (int column = 0; column < count; ++column) {
        const AttrNumber attribute = table.attributes[column];
        columns.nulls[column] = attribute == 0 || nulls[attribute - 1];
        columns.values[column] = columns.nulls[column] ? Datum{0} : values[attribute - 1];
    }
}

} // namespace

Columns columns_of(Call &call, TableId id, HeapTuple row)
{
    const Table &table = table_of(call, id);
    TupleDesc descriptor = RelationGetDescr(table.relation);
    Columns columns;
    if (table.plain) {
        heap_deform_tuple(row, descriptor, columns.values, columns.nulls);
        return columns;
    }
    const auto count = static_cast<Size>(descriptor->natts);
    auto *values = static_cast<Datum *>(palloc(count * sizeof(Datum)));
    auto *nulls = static_cast<bool *>(palloc(count * sizeof(bool)));
    heap_deform_tuple(row, descriptor, values, nulls);
    arrange_columns(table, column_count(id), values, nulls, columns);
    return columns;
}

Columns columns_of(const Table &table, TupleTableSlot *slot, int count)
{
    slot_getallattrs(slot);
    Columns columns;
    arrange_columns(table, count, slot->tts_values, slot->tts_isnull, columns);
    return columns;
}

} // namespace mvm::storage
