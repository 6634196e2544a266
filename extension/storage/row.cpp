#include "storage/row.hpp"

#include <algorithm>

#include "pg/compat.hpp"
#include "pg/refusal.hpp"
#include "storage/compiled_checks.hpp"
#include "storage/row_locations.hpp"

namespace mvm::storage {

namespace {

// The executor's view of the table, ready for writing.
ResultRelInfo *writable(Call &call, Table &table)
{
    if (table.result == nullptr) {
        table.result = makeNode(ResultRelInfo);
        InitResultRelInfo(table.result, table.relation, 0, nullptr, 0);
        attach_compiled_checks(table.result);
        // Lets AFTER triggers find the relation without opening it again.
        call.estate->es_opened_result_relations =
            lappend(call.estate->es_opened_result_relations, table.result);
    }
    return table.result;
}

// The same with its indexes open, for writes that add index entries.
ResultRelInfo *writable_with_indexes(Call &call, Table &table)
{
    ResultRelInfo *result = writable(call, table);
    if (!table.indexes_open) {
        ExecOpenIndices(result, true);
        table.indexes_open = true;
    }
    return result;
}

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
        pg::refuse_stale_snapshot();
    case TM_Deleted:
        if (IsolationUsesXactSnapshot()) {
            pg::refuse_stale_snapshot();
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

// Puts a new row's columns where the table has them.
void store_new_row(const Table &table, TableId id, TupleTableSlot *slot, const Datum *values,
                   const bool *nulls)
{
    const auto count = static_cast<std::size_t>(slot->tts_tupleDescriptor->natts);
    ExecClearTuple(slot);
    if (table.plain) {
        memcpy(slot->tts_values, values, count * sizeof(Datum));
        memcpy(slot->tts_isnull, nulls, count * sizeof(bool));
    } else {
        memset(slot->tts_values, 0, count * sizeof(Datum));
        memset(slot->tts_isnull, true, count * sizeof(bool));
        for (int column = 0; column < column_count(id); ++column) {
            if (table.attributes[column] > 0) {
                slot->tts_values[table.attributes[column] - 1] = values[column];
                slot->tts_isnull[table.attributes[column] - 1] = nulls[column];
            }
        }
    }
    ExecStoreVirtualTuple(slot);
}

// A trigger of the owner's may swallow a row; half a trade must not go through.
[[noreturn]] void refuse_swallowed_row(Relation table)
{
    ereport(ERROR, (errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
                    errmsg("a trigger kept the market from writing a row of \"%s.%s\"", schema_name,
                           RelationGetRelationName(table))));
}

void require_written(const TupleTableSlot *slot, Relation table)
{
    if (!ItemPointerIsValid(&slot->tts_tid)) {
        refuse_swallowed_row(table);
    }
}

// Whether the owner put a trigger on the table that wants to see each row
// before it is written.
bool has_before_triggers(const ResultRelInfo *result)
{
    const TriggerDesc *triggers = result->ri_TrigDesc;
    return triggers != nullptr &&
           (triggers->trig_insert_before_row || triggers->trig_update_before_row);
}

// Whether an update must fire AFTER triggers. A foreign key need not look at an
// update that leaves its columns alone, unless the row is this transaction's own:
// then the check of the insert is left to the newest version.
bool fires_after_update(const ResultRelInfo *result, HeapTuple row)
{
    const TriggerDesc *triggers = result->ri_TrigDesc;
    if (triggers == nullptr || !triggers->trig_update_after_row) {
        return false;
    }
    if (TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(row->t_data))) {
        return true;
    }
    for (int i = 0; i < triggers->numtriggers; ++i) {
        const Trigger &trigger = triggers->triggers[i];
        if (TRIGGER_FOR_UPDATE(trigger.tgtype) && TRIGGER_FOR_ROW(trigger.tgtype) &&
            RI_FKey_trigger_type(trigger.tgfoid) == RI_TRIGGER_NONE) {
            return true;
        }
    }
    return false;
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
    index_rescan(scan, key.columns, key.column_count, nullptr, 0);
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

bool has_row(Call &call, TableId id, const char *index_name, Key key)
{
    Relation index = open_index(index_name);
    IndexScanDesc scan = pg::begin_index_scan(table_of(call, id).relation, index,
                                              GetActiveSnapshot(), key.column_count);
    index_rescan(scan, key.columns, key.column_count, nullptr, 0);
    const bool found = index_getnext_slot(scan, ForwardScanDirection, read_slot(call, id));
    index_endscan(scan);
    index_close(index, NoLock);
    return found;
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

void insert_row(Call &call, TableId id, const Datum *values, const bool *nulls)
{
    Table &table = table_of(call, id);
    ResultRelInfo *result = writable_with_indexes(call, table);
    TupleTableSlot *slot = write_slot(call, id);
    store_new_row(table, id, slot, values, nulls);
    ExecSimpleRelationInsert(result, call.estate, slot);
    require_written(slot, result->ri_RelationDesc);
}

HeapTuple insert_row_if_absent(Call &call, TableId id, const Datum *values, const bool *nulls)
{
    Table &table = table_of(call, id);
    ResultRelInfo *result = writable_with_indexes(call, table);
    TupleTableSlot *slot = write_slot(call, id);
    store_new_row(table, id, slot, values, nulls);
    slot->tts_tableOid = RelationGetRelid(table.relation);
    if (result->ri_TrigDesc != nullptr && result->ri_TrigDesc->trig_insert_before_row &&
        !ExecBRInsertTriggers(call.estate, result, slot)) {
        refuse_swallowed_row(table.relation);
    }
    ExecConstraints(result, slot, call.estate);

    while (pg::unique_keys_are_free(result, slot, call.estate)) {
        CHECK_FOR_INTERRUPTS();
        // As INSERT ... ON CONFLICT does: insert provisionally, then let the
        // unique indexes tell whether another transaction came first.
        const TransactionId xid = GetCurrentTransactionId();
        const uint32 token = SpeculativeInsertionLockAcquire(xid);
        table_tuple_insert_speculative(table.relation, slot, call.estate->es_output_cid, 0, nullptr,
                                       token);
        bool conflict = false;
        List *recheck =
            pg::insert_index_entries_speculatively(result, slot, call.estate, &conflict);
        table_tuple_complete_speculative(table.relation, slot, token, !conflict);
        SpeculativeInsertionLockRelease(xid);
        if (!conflict) {
            ExecARInsertTriggers(call.estate, result, slot, recheck, nullptr);
            list_free(recheck);
            call.inserted_early = true;
            HeapTuple row = ExecCopySlotHeapTuple(slot);
            row->t_self = slot->tts_tid;
            HeapTupleHeaderSetXmin(row->t_data, xid);
            return row;
        }
        list_free(recheck);
    }
    return nullptr;
}

HeapTuple own_row_at(Call &call, TableId id, ItemPointerData location)
{
    TupleTableSlot *slot = read_slot(call, id);
    if (!table_tuple_fetch_row_version(table_of(call, id).relation, &location, SnapshotSelf,
                                       slot)) {
        elog(ERROR, "a row that was just written has gone");
    }
    return ExecCopySlotHeapTuple(slot);
}

namespace {

constexpr int rows_per_write = 256;

// What one index will hold of the rows that insert_rows writes.
struct NewEntries {
    Relation index;
    IndexInfo *info;
    int column_count;
    Datum *values; // column_count for each entry
    bool *nulls;
    ItemPointerData *tids;
    int count; // fewer than the rows when the index is partial
};

NewEntries *new_entries(Call &call, ResultRelInfo *result, int row_count)
{
    const auto rows = static_cast<Size>(row_count);
    auto *indexes = static_cast<NewEntries *>(
        palloc(sizeof(NewEntries) * static_cast<Size>(Max(result->ri_NumIndices, 1))));
    for (int i = 0; i < result->ri_NumIndices; ++i) {
        NewEntries &entries = indexes[i];
        entries.index = result->ri_IndexRelationDescs[i];
        entries.info = result->ri_IndexRelationInfo[i];
        entries.column_count = entries.info->ii_NumIndexAttrs;
        const auto columns = static_cast<Size>(entries.column_count);
        entries.values = static_cast<Datum *>(palloc(sizeof(Datum) * columns * rows));
        entries.nulls = static_cast<bool *>(palloc(sizeof(bool) * columns * rows));
        entries.tids = static_cast<ItemPointerData *>(palloc(sizeof(ItemPointerData) * rows));
        entries.count = 0;
        if (entries.info->ii_Predicate != NIL && entries.info->ii_PredicateState == nullptr) {
            entries.info->ii_PredicateState =
                ExecPrepareQual(entries.info->ii_Predicate, call.estate);
        }
    }
    return indexes;
}

// Notes what the index will hold of the row in `slot`.
void note_entry(Call &call, NewEntries &entries, TupleTableSlot *slot)
{
    if (entries.info->ii_PredicateState != nullptr) {
        ExprContext *expressions = GetPerTupleExprContext(call.estate);
        expressions->ecxt_scantuple = slot;
        if (!ExecQual(entries.info->ii_PredicateState, expressions)) {
            return;
        }
    }
    const auto at = static_cast<Size>(entries.count) * static_cast<Size>(entries.column_count);
    Datum *values = entries.values + at;
    FormIndexDatum(entries.info, slot, call.estate, values, entries.nulls + at);
    // An index of the owner's on text or an expression: its value dies with the slot.
    for (int column = 0; column < entries.column_count; ++column) {
        const FormData_pg_attribute *attribute =
            TupleDescAttr(RelationGetDescr(entries.index), column);
        if (!attribute->attbyval && !entries.nulls[at + static_cast<Size>(column)]) {
            values[column] = datumCopy(values[column], false, attribute->attlen);
        }
    }
    entries.tids[entries.count++] = slot->tts_tid;
}

// The table's part of insert_rows: fills whole pages under one WAL record each.
void insert_into_pages(Call &call, TableId id, const void *rows, int count, FillRow fill,
                       NewEntries *indexes)
{
    Table &table = table_of(call, id);
    ResultRelInfo *result = table.result;
    TupleTableSlot *slots[rows_per_write];
    const int slot_count = Min(count, rows_per_write);
    for (int i = 0; i < slot_count; ++i) {
        slots[i] =
            ExecInitExtraTupleSlot(call.estate, RelationGetDescr(table.relation), &TTSOpsVirtual);
    }
    for (int done = 0; done < count; done += slot_count) {
        CHECK_FOR_INTERRUPTS();
        const int chunk = Min(slot_count, count - done);
        for (int i = 0; i < chunk; ++i) {
            Columns columns;
            fill(rows, done + i, columns);
            store_new_row(table, id, slots[i], columns.values, columns.nulls);
            slots[i]->tts_tableOid = RelationGetRelid(table.relation);
            ExecConstraints(result, slots[i], call.estate);
        }
        // The heap's copies of the rows are of no use once they are on the page.
        const MemoryContext caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(call.estate));
        table_multi_insert(table.relation, slots, chunk, call.estate->es_output_cid, 0, nullptr);
        MemoryContextSwitchTo(caller);
        for (int i = 0; i < chunk; ++i) {
            for (int index = 0; index < result->ri_NumIndices; ++index) {
                note_entry(call, indexes[index], slots[i]);
            }
        }
        ResetPerTupleExprContext(call.estate);
    }
}

struct EntryOrder {
    std::int64_t first_column;
    int entry;
};

// Puts entries of an index on bigint in the order of their first column, so that
// neighbours meet on one leaf; others stay in the order of the rows.
EntryOrder *order_of(const NewEntries &entries)
{
    auto *order = static_cast<EntryOrder *>(
        palloc(sizeof(EntryOrder) * static_cast<Size>(Max(entries.count, 1))));
    const bool sortable = TupleDescAttr(RelationGetDescr(entries.index), 0)->atttypid == INT8OID;
    for (int i = 0; i < entries.count; ++i) {
        const auto at = static_cast<Size>(i) * static_cast<Size>(entries.column_count);
        order[i] = {sortable && !entries.nulls[at] ? DatumGetInt64(entries.values[at]) : 0, i};
    }
    std::sort(order, order + entries.count, [](const EntryOrder &a, const EntryOrder &b) {
        return a.first_column != b.first_column ? a.first_column < b.first_column
                                                : a.entry < b.entry;
    });
    return order;
}

// One index's part of insert_rows.
void insert_into_index(Call &call, Relation table, const NewEntries &entries)
{
    EntryOrder *order = order_of(entries);
    const IndexUniqueCheck check =
        entries.index->rd_index->indisunique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO;
    // What the index allocates for an entry is of no use after it.
    const MemoryContext caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(call.estate));
    for (int i = 0; i < entries.count; ++i) {
        CHECK_FOR_INTERRUPTS();
        const int entry = order[i].entry;
        const auto at = static_cast<Size>(entry) * static_cast<Size>(entries.column_count);
        index_insert(entries.index, entries.values + at, entries.nulls + at, &entries.tids[entry],
                     table, check, false, entries.info);
        if (i % rows_per_write == 0) {
            ResetPerTupleExprContext(call.estate);
        }
    }
    MemoryContextSwitchTo(caller);
    ResetPerTupleExprContext(call.estate);
    pfree(order);
}

} // namespace

void insert_rows(Call &call, TableId id, const void *rows, int count, FillRow fill)
{
    Table &table = table_of(call, id);
    ResultRelInfo *result = writable_with_indexes(call, table);
    if (count == 1 || has_before_triggers(result) ||
        (result->ri_TrigDesc != nullptr && result->ri_TrigDesc->trig_insert_after_row)) {
        for (int i = 0; i < count; ++i) {
            Columns columns;
            fill(rows, i, columns);
            insert_row(call, id, columns.values, columns.nulls);
        }
        return;
    }
    NewEntries *indexes = new_entries(call, result, count);
    insert_into_pages(call, id, rows, count, fill, indexes);
    for (int i = 0; i < result->ri_NumIndices; ++i) {
        insert_into_index(call, table.relation, indexes[i]);
    }
}

void update_row(Call &call, TableId id, HeapTuple row, const ColumnChange *changes,
                int change_count)
{
    Table &table = table_of(call, id);
    ResultRelInfo *result = writable(call, table);
    TupleTableSlot *next = write_slot(call, id);
    ExecClearTuple(next);
    heap_deform_tuple(row, RelationGetDescr(table.relation), next->tts_values, next->tts_isnull);
    for (int i = 0; i < change_count; ++i) {
        const AttrNumber attribute = table.attributes[changes[i].column - 1];
        Assert(attribute > 0);
        next->tts_values[attribute - 1] = changes[i].value;
        next->tts_isnull[attribute - 1] = changes[i].is_null;
    }
    ExecStoreVirtualTuple(next);
    next->tts_tableOid = RelationGetRelid(table.relation);

    if (has_before_triggers(result)) {
        TupleTableSlot *old = read_slot(call, id);
        ExecForceStoreHeapTuple(row, old, false);
        old->tts_tid = row->t_self;
        writable_with_indexes(call, table);
        ExecSimpleRelationUpdate(result, call.estate, &call.recheck, old, next);
        require_written(next, table.relation);
        return;
    }

    ExecConstraints(result, next, call.estate);
    TM_FailureData failure;
    pg::IndexesToUpdate indexes;
    const TM_Result outcome = pg::update_tuple(table.relation, &row->t_self, next,
                                               call.estate->es_output_cid, &failure, &indexes);
    if (outcome != TM_Ok) {
        // The row is locked, so only a trigger of the owner's can have changed it under us.
        ereport(ERROR,
                (errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
                 errmsg("row of \"%s.%s\" was changed by a trigger while the market was writing it",
                        schema_name, RelationGetRelationName(table.relation))));
    }
    List *recheck = NIL;
    if (indexes.any) {
        writable_with_indexes(call, table);
        recheck =
            pg::insert_index_entries_of_update(result, next, call.estate, indexes.only_summarizing);
    }
    if (fires_after_update(result, row)) {
        ExecARUpdateTriggers(call.estate, result, nullptr, nullptr, &row->t_self, nullptr, next,
                             recheck, nullptr, false);
    }
    list_free(recheck);
}

void delete_row(Call &call, TableId id, HeapTuple row)
{
    simple_table_tuple_delete(table_of(call, id).relation, &row->t_self, GetActiveSnapshot());
}

bool has_rows(Call &call, TableId id)
{
    TableScanDesc scan =
        table_beginscan(table_of(call, id).relation, GetActiveSnapshot(), 0, nullptr);
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
    Assert(!is_null);
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
