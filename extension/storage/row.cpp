#include "storage/row.hpp"

#include "pg/compat.hpp"
#include "pg/refusal.hpp"
#include "storage/compiled_checks.hpp"

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

bool find_through(Relation table, Relation index, Key &key, TupleTableSlot *slot)
{
    IndexScanDesc scan = pg::begin_index_scan(table, index, GetActiveSnapshot(), key.column_count);
    index_rescan(scan, key.columns, key.column_count, nullptr, 0);
    const bool found = index_getnext_slot(scan, ForwardScanDirection, slot);
    index_endscan(scan); // the slot keeps its own pin
    return found;
}

void store_new_row(TupleTableSlot *slot, const Datum *values, const bool *nulls)
{
    const auto count = static_cast<std::size_t>(slot->tts_tupleDescriptor->natts);
    ExecClearTuple(slot);
    memcpy(slot->tts_values, values, count * sizeof(Datum));
    memcpy(slot->tts_isnull, nulls, count * sizeof(bool));
    ExecStoreVirtualTuple(slot);
}

} // namespace

Key key_of_int4(std::int32_t value)
{
    Key key;
    ScanKeyInit(&key.columns[0], 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(value));
    key.column_count = 1;
    return key;
}

Key key_of_text(Datum value)
{
    Key key;
    ScanKeyEntryInitialize(&key.columns[0], 0, 1, BTEqualStrategyNumber, InvalidOid,
                           C_COLLATION_OID, F_TEXTEQ, value);
    key.column_count = 1;
    return key;
}

Key key_of_int8(std::int64_t value)
{
    Key key;
    ScanKeyInit(&key.columns[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(value));
    key.column_count = 1;
    return key;
}

Key key_of_int8_int4(std::int64_t first, std::int32_t second)
{
    Key key = key_of_int8(first);
    ScanKeyInit(&key.columns[1], 2, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(second));
    key.column_count = 2;
    return key;
}

Key key_of_int8_text(std::int64_t first, Datum second)
{
    Key key = key_of_int8(first);
    ScanKeyEntryInitialize(&key.columns[1], 0, 2, BTEqualStrategyNumber, InvalidOid,
                           C_COLLATION_OID, F_TEXTEQ, second);
    key.column_count = 2;
    return key;
}

bool find_row(Call &call, TableId id, Key key, TupleTableSlot *slot)
{
    const Table &table = table_of(call, id);
    return find_through(table.relation, table.primary_key, key, slot);
}

bool find_row_by_index(Call &call, TableId id, const char *index_name, Key key,
                       TupleTableSlot *slot)
{
    const Table &table = table_of(call, id);
    Relation index = open_index(index_name);
    const bool found = find_through(table.relation, index, key, slot);
    index_close(index, NoLock);
    return found;
}

bool lock_row(Call &call, TableId id, TupleTableSlot *slot)
{
    Table &table = table_of(call, id);
    ItemPointerData tid = slot->tts_tid;
    ExecClearTuple(slot);

    TM_FailureData failure;
    const int flags = IsolationUsesXactSnapshot() ? 0 : TUPLE_LOCK_FLAG_FIND_LAST_VERSION;
    const TM_Result result = table_tuple_lock(table.relation, &tid, GetActiveSnapshot(), slot,
                                              call.estate->es_output_cid, LockTupleNoKeyExclusive,
                                              LockWaitBlock, static_cast<uint8>(flags), &failure);
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
                        schema_name, RelationGetRelationName(table.relation))));
    }
}

TupleTableSlot *make_new_row_slot(Call &call, TableId id)
{
    Relation relation = table_of(call, id).relation;
    return ExecInitExtraTupleSlot(call.estate, RelationGetDescr(relation), &TTSOpsVirtual);
}

void insert_row(Call &call, TableId id, const Datum *values, const bool *nulls)
{
    ResultRelInfo *result = writable_with_indexes(call, table_of(call, id));
    TupleTableSlot *slot = make_new_row_slot(call, id);
    store_new_row(slot, values, nulls);
    ExecSimpleRelationInsert(result, call.estate, slot);
}

bool insert_row_if_absent(Call &call, TableId id, const Datum *values, const bool *nulls,
                          TupleTableSlot *slot)
{
    Table &table = table_of(call, id);
    ResultRelInfo *result = writable_with_indexes(call, table);
    store_new_row(slot, values, nulls);
    slot->tts_tableOid = RelationGetRelid(table.relation);
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
            return true;
        }
        list_free(recheck);
    }
    return false;
}

void update_row(Call &call, TableId id, TupleTableSlot *slot, const ColumnChange *changes,
                int change_count)
{
    ResultRelInfo *result = writable_with_indexes(call, table_of(call, id));
    TupleTableSlot *next = make_new_row_slot(call, id);
    slot_getallattrs(slot);
    store_new_row(next, slot->tts_values, slot->tts_isnull);
    for (int i = 0; i < change_count; ++i) {
        next->tts_values[changes[i].column - 1] = changes[i].value;
        next->tts_isnull[changes[i].column - 1] = false;
    }
    ExecSimpleRelationUpdate(result, call.estate, &call.recheck, slot, next);
}

bool has_rows(Call &call, TableId id)
{
    TupleTableSlot *slot = make_slot(call, id);
    TableScanDesc scan =
        table_beginscan(table_of(call, id).relation, GetActiveSnapshot(), 0, nullptr);
    const bool found = table_scan_getnextslot(scan, ForwardScanDirection, slot);
    table_endscan(scan);
    return found;
}

Datum column_of(TupleTableSlot *slot, int column)
{
    bool is_null = false;
    const Datum value = slot_getattr(slot, column, &is_null);
    Assert(!is_null);
    return value;
}

Datum nullable_column_of(TupleTableSlot *slot, int column, bool &is_null)
{
    return slot_getattr(slot, column, &is_null);
}

} // namespace mvm::storage
