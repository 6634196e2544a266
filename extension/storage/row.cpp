#include "storage/row.hpp"

#include "domain/assert.hpp"

#include "pg/compat.hpp"
#include "pg/refusal.hpp"
#include "storage/definition.hpp"
#include "storage/row_locations.hpp"
#include "storage/writing.hpp"

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

namespace {

// A trigger of the owner's may swallow a row; half a trade must not go through.
[[noreturn]] void refuse_swallowed_row(Relation table)
{
    ereport(ERROR, (errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
                    errmsg("a trigger kept the market from writing a row of \"%s.%s\"", schema_name,
                           RelationGetRelationName(table))));
}

// The columns of a row's primary key, by value or copied.
struct KeyValues {
    Datum values[lengthof(TableShape::primary_key)];
};

KeyValues key_in(const Table &table, TupleTableSlot *slot)
{
    KeyValues key{};
    const auto *columns = table.primary_key->rd_index;
    for (int i = 0; i < columns->indnkeyatts; ++i) {
        const AttrNumber attribute = columns->indkey.values[i];
        const FormData_pg_attribute *type = TupleDescAttr(slot->tts_tupleDescriptor, attribute - 1);
        bool is_null = false;
        key.values[i] =
            datumCopy(slot_getattr(slot, attribute, &is_null), type->attbyval, type->attlen);
    }
    return key;
}

// The market finds its rows again by their keys.
void require_key(const Table &table, TupleTableSlot *slot, const KeyValues &key)
{
    const auto *columns = table.primary_key->rd_index;
    for (int i = 0; i < columns->indnkeyatts; ++i) {
        const AttrNumber attribute = columns->indkey.values[i];
        const FormData_pg_attribute *type = TupleDescAttr(slot->tts_tupleDescriptor, attribute - 1);
        bool is_null = false;
        const Datum value = slot_getattr(slot, attribute, &is_null);
        if (is_null || !datum_image_eq(value, key.values[i], type->attbyval, type->attlen)) {
            ereport(ERROR, (errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
                            errmsg("a trigger changed the key of a row of \"%s.%s\"", schema_name,
                                   RelationGetRelationName(table.relation))));
        }
    }
}

void fire_before_insert(Call &call, const Table &table, const Writing &writing,
                        TupleTableSlot *slot)
{
    const TriggerDesc *triggers = writing.result->ri_TrigDesc;
    if (triggers == nullptr || !triggers->trig_insert_before_row) {
        return;
    }
    call.owner_intervened = true;
    const KeyValues key = key_in(table, slot);
    if (!ExecBRInsertTriggers(call.estate, writing.result, slot)) {
        refuse_swallowed_row(table.relation);
    }
    require_key(table, slot, key);
}

// The new row, as triggers, defaults and generated columns have it, and fit for its constraints.
TupleTableSlot *new_row(Call &call, TableId id, Writing &writing, const Datum *values,
                        const bool *nulls)
{
    ResetPerTupleExprContext(call.estate);
    TupleTableSlot *slot = write_slot(call, id);
    store_new_row(call, id, slot, values, nulls);
    fire_before_insert(call, table_of(call, id), writing, slot);
    check_row(call, writing, slot);
    return slot;
}

} // namespace

void insert_row(Call &call, TableId id, const Datum *values, const bool *nulls)
{
    Writing &writing = inserting(call, id);
    TupleTableSlot *slot = new_row(call, id, writing, values, nulls);
    table_tuple_insert(table_of(call, id).relation, slot, call.estate->es_output_cid, 0, nullptr);
    List *recheck = pg::insert_index_entries(writing.result, slot, call.estate);
    ExecARInsertTriggers(call.estate, writing.result, slot, recheck, writing.captured);
    list_free(recheck);
}

namespace {

// As INSERT ... ON CONFLICT DO NOTHING does: inserts provisionally, then lets the arbiters tell
// whether another transaction came first. False when it did. `recheck` is for AFTER triggers.
bool insert_unless_conflict(Call &call, const Writing &writing, TupleTableSlot *slot,
                            List *arbiters, List **recheck)
{
    Relation table = writing.result->ri_RelationDesc;
    while (pg::unique_keys_are_free(writing.result, slot, call.estate, arbiters)) {
        CHECK_FOR_INTERRUPTS();
        const TransactionId xid = GetCurrentTransactionId();
        const uint32 token = SpeculativeInsertionLockAcquire(xid);
        table_tuple_insert_speculative(table, slot, call.estate->es_output_cid, 0, nullptr, token);
        bool conflict = false;
        *recheck = pg::insert_index_entries_speculatively(writing.result, slot, call.estate,
                                                          &conflict, arbiters);
        table_tuple_complete_speculative(table, slot, token, !conflict);
        SpeculativeInsertionLockRelease(xid);
        if (!conflict) {
            return true;
        }
        list_free(*recheck);
    }
    return false;
}

// A copy of a row that was just inserted from the slot.
HeapTuple inserted_row(Call &call, TupleTableSlot *slot)
{
    call.inserted_early = true;
    HeapTuple row = ExecCopySlotHeapTuple(slot);
    row->t_self = slot->tts_tid;
    HeapTupleHeaderSetXmin(row->t_data, GetCurrentTransactionId());
    return row;
}

} // namespace

HeapTuple insert_row_if_absent(Call &call, TableId id, const Datum *values, const bool *nulls,
                               int unique_column)
{
    Writing &writing = inserting(call, id);
    const Table &table = table_of(call, id);
    List *arbiters = unique_column == 0
                         ? indexes_on_primary_key(writing, table)
                         : indexes_on_column(writing, table.attributes[unique_column - 1]);
    TupleTableSlot *slot = new_row(call, id, writing, values, nulls);
    List *recheck = NIL;
    if (!insert_unless_conflict(call, writing, slot, arbiters, &recheck)) {
        return nullptr;
    }
    ExecARInsertTriggers(call.estate, writing.result, slot, recheck, writing.captured);
    list_free(recheck);
    return inserted_row(call, slot);
}

HeapTuple insert_row_for_now(Call &call, TableId id, const Datum *values, const bool *nulls)
{
    Writing &writing = inserting(call, id);
    Table &table = table_of(call, id);
    TupleTableSlot *slot = new_row(call, id, writing, values, nulls);
    List *recheck = NIL;
    if (!insert_unless_conflict(call, writing, slot, indexes_on_primary_key(writing, table),
                                &recheck)) {
        return nullptr;
    }
    table.arrivals.push({slot->tts_tid, recheck});
    return inserted_row(call, slot);
}

HeapTuple own_row_at(Call &call, TableId id, ItemPointerData location)
{
    TupleTableSlot *slot = read_slot(call, id);
    Relation table = table_of(call, id).relation;
    if (!table_tuple_fetch_row_version(table, &location, SnapshotSelf, slot)) {
        refuse_changed_row(table);
    }
    return ExecCopySlotHeapTuple(slot);
}

namespace {

// The next version of a row, in the table's slot for writing.
TupleTableSlot *next_version(Call &call, TableId id, HeapTuple row, const ColumnChange *changes,
                             int change_count)
{
    const Table &table = table_of(call, id);
    TupleTableSlot *next = write_slot(call, id);
    ExecClearTuple(next);
    heap_deform_tuple(row, RelationGetDescr(table.relation), next->tts_values, next->tts_isnull);
    for (int i = 0; i < change_count; ++i) {
        const AttrNumber attribute = table.attributes[changes[i].column - 1];
        MVM_ASSERT(attribute > 0);
        next->tts_values[attribute - 1] = changes[i].value;
        next->tts_isnull[attribute - 1] = changes[i].is_null;
    }
    ExecStoreVirtualTuple(next);
    next->tts_tableOid = RelationGetRelid(table.relation);
    return next;
}

// Refuses a row that a trigger has changed since this call locked it: what is to be written comes
// from the version before.
void require_untouched(Call &call, TableId id, HeapTuple row)
{
    if (!call.owner_intervened) {
        return;
    }
    Relation table = table_of(call, id).relation;
    ItemPointerData tid = row->t_self;
    TM_FailureData failure;
    if (table_tuple_lock(table, &tid, GetActiveSnapshot(), read_slot(call, id),
                         call.estate->es_output_cid, LockTupleNoKeyExclusive, LockWaitBlock, 0,
                         &failure) != TM_Ok) {
        refuse_changed_row(table);
    }
}

void fire_before_update(Call &call, TableId id, const Writing &writing, HeapTuple row,
                        TupleTableSlot *next)
{
    const TriggerDesc *triggers = writing.result->ri_TrigDesc;
    if (triggers == nullptr || !triggers->trig_update_before_row) {
        return;
    }
    call.owner_intervened = true;
    const Table &table = table_of(call, id);
    const KeyValues key = key_in(table, next);
    if (!pg::fire_before_update(call.estate, &call.recheck, writing.result, &row->t_self, next)) {
        refuse_swallowed_row(table.relation);
    }
    require_key(table, next, key);
}

} // namespace

void update_row(Call &call, TableId id, HeapTuple row, const ColumnChange *changes,
                int change_count)
{
    Table &table = table_of(call, id);
    announce_arrivals(call, table);
    Writing &writing = updating(call, id, changes, change_count);
    ResetPerTupleExprContext(call.estate);
    require_untouched(call, id, row);
    TupleTableSlot *next = next_version(call, id, row, changes, change_count);
    fire_before_update(call, id, writing, row, next);
    check_row(call, writing, next);

    TM_FailureData failure;
    pg::IndexesToUpdate indexes;
    const TM_Result outcome = pg::update_tuple(table.relation, &row->t_self, next,
                                               call.estate->es_output_cid, &failure, &indexes);
    if (outcome != TM_Ok) {
        refuse_changed_row(table.relation);
    }
    List *recheck = NIL;
    if (indexes.any) {
        open_indexes(writing);
        recheck = pg::insert_index_entries_of_update(writing.result, next, call.estate,
                                                     indexes.only_summarizing);
    }
    if (fires_after_update(writing, row)) {
        ExecARUpdateTriggers(call.estate, writing.result, nullptr, nullptr, &row->t_self, nullptr,
                             next, recheck, writing.captured, false);
    }
    list_free(recheck);
}

namespace {

void delete_version(Call &call, Relation table, HeapTuple row)
{
    TM_FailureData failure;
    if (table_tuple_delete(table, &row->t_self, call.estate->es_output_cid, GetActiveSnapshot(),
                           InvalidSnapshot, true, &failure, false) != TM_Ok) {
        refuse_changed_row(table);
    }
}

// Forgets a row that AFTER triggers have not heard of; false when they have. Rows go in the order
// in which they came, so the search goes on from where the last one was.
bool forget_arrival(Table &table, HeapTuple row)
{
    for (int i = 0; i < table.arrivals.count; ++i) {
        const int at = (table.next_arrival + i) % table.arrivals.count;
        Arrival &arrival = table.arrivals[at];
        if (ItemPointerEquals(&arrival.location, &row->t_self)) {
            ItemPointerSetInvalid(&arrival.location);
            table.next_arrival = at + 1;
            return true;
        }
    }
    return false;
}

} // namespace

void delete_row(Call &call, TableId id, HeapTuple row)
{
    Table &table = table_of(call, id);
    if (forget_arrival(table, row)) {
        require_untouched(call, id, row);
        return delete_version(call, table.relation, row);
    }
    Writing &writing = deleting(call, id);
    ResetPerTupleExprContext(call.estate);
    require_untouched(call, id, row);
    const TriggerDesc *triggers = writing.result->ri_TrigDesc;
    if (triggers != nullptr && triggers->trig_delete_before_row) {
        call.owner_intervened = true;
        if (!pg::fire_before_delete(call.estate, &call.recheck, writing.result, &row->t_self)) {
            refuse_swallowed_row(table.relation);
        }
    }
    delete_version(call, table.relation, row);
    ExecARDeleteTriggers(call.estate, writing.result, &row->t_self, nullptr, writing.captured,
                         false);
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
