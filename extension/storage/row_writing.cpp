// Inserting, updating and deleting a row, with all that a plain statement would do for it.
#include "domain/assert.hpp"

#include "pg/compat.hpp"
#include "storage/row.hpp"
#include "storage/unique_indexes.hpp"
#include "storage/writing.hpp"

namespace mvm::storage {

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

} // namespace mvm::storage
