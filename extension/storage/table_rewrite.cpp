#include "storage/table_rewrite.hpp"

namespace mvm::storage {

namespace {

constexpr int insert_options = TABLE_INSERT_SKIP_FSM;

void write_rows(TableRewrite &rewrite)
{
    if (rewrite.row_count == 0) {
        return;
    }
    const MemoryContext caller = MemoryContextSwitchTo(rewrite.context);
    table_multi_insert(rewrite.new_storage, rewrite.rows, rewrite.row_count, rewrite.command,
                       insert_options, rewrite.bulk);
    MemoryContextSwitchTo(caller);
    MemoryContextReset(rewrite.context);
    for (int i = 0; i < rewrite.row_count; ++i) {
        ExecClearTuple(rewrite.rows[i]);
    }
    rewrite.row_count = 0;
}

} // namespace

void begin_rewrite(TableRewrite &rewrite, Relation table)
{
    const Oid storage =
        make_new_heap(RelationGetRelid(table), table->rd_rel->reltablespace, table->rd_rel->relam,
                      table->rd_rel->relpersistence, AccessExclusiveLock);
    // What serializable transactions have read stands elsewhere from now on.
    TransferPredicateLocksToHeapRelation(table);
    rewrite = {};
    rewrite.table = table;
    rewrite.new_storage = table_open(storage, NoLock);
    rewrite.bulk = GetBulkInsertState();
    // Logical decoding leaves out rows of a storage that it knows, by the catalogue as of their
    // command, for that of a rewrite: it is made in commands before them, and swapped in one after.
    CommandCounterIncrement();
    rewrite.command = GetCurrentCommandId(true);
    rewrite.context =
        AllocSetContextCreate(CurrentMemoryContext, "rewritten rows", ALLOCSET_DEFAULT_SIZES);
    for (TupleTableSlot *&row : rewrite.rows) {
        row = MakeSingleTupleTableSlot(RelationGetDescr(table), &TTSOpsVirtual);
    }
}

void rewrite_row(TableRewrite &rewrite, TupleTableSlot *row, const RewrittenColumn *changes,
                 int change_count)
{
    const TupleDesc descriptor = RelationGetDescr(rewrite.table);
    const auto count = static_cast<std::size_t>(descriptor->natts);
    TupleTableSlot *next = rewrite.rows[rewrite.row_count];
    slot_getallattrs(row);
    memcpy(next->tts_values, row->tts_values, count * sizeof(Datum));
    memcpy(next->tts_isnull, row->tts_isnull, count * sizeof(bool));
    for (int i = 0; i < descriptor->natts; ++i) {
        next->tts_isnull[i] |= TupleDescAttr(descriptor, i)->attisdropped;
    }
    for (int i = 0; i < change_count; ++i) {
        const RewrittenColumn &change = changes[i];
        next->tts_values[change.attribute - 1] = Int64GetDatum(change.value);
        next->tts_isnull[change.attribute - 1] = change.is_null;
    }
    ExecStoreVirtualTuple(next);
    ExecMaterializeSlot(next); // the old row's page is let go
    if (++rewrite.row_count == rewrite_rows) {
        CHECK_FOR_INTERRUPTS();
        write_rows(rewrite);
    }
}

void finish_rewrite(TableRewrite &rewrite)
{
    write_rows(rewrite);
    for (TupleTableSlot *row : rewrite.rows) {
        ExecDropSingleTupleTableSlot(row);
    }
    FreeBulkInsertState(rewrite.bulk);
    table_finish_bulk_insert(rewrite.new_storage, insert_options);
    const Oid table = RelationGetRelid(rewrite.table);
    const Oid storage = RelationGetRelid(rewrite.new_storage);
    const char persistence = rewrite.table->rd_rel->relpersistence;
    table_close(rewrite.new_storage, NoLock);
    table_close(rewrite.table, NoLock);
    finish_heap_swap(table, storage, false, false, true, true, RecentXmin, ReadNextMultiXactId(),
                     persistence);
    MemoryContextDelete(rewrite.context);
    CommandCounterIncrement(); // of another rewrite, rows may follow
}

} // namespace mvm::storage
