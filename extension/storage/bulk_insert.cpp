#include <algorithm>

#include "domain/assert.hpp"

#include "pg/compat.hpp"
#include "storage/definition.hpp"
#include "storage/writing.hpp"

namespace mvm::storage {

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

// Whether the entries may be put into the index by themselves, in bulk: it is one of the market's
// own, and takes them as they are, without a look at other rows or at what is left for later.
bool takes_bulk(const Table &table, Relation index, const IndexInfo *info)
{
    const auto *form = index->rd_index;
    if ((form->indexrelid != RelationGetRelid(table.primary_key) && !is_own_index(index)) ||
        !info->ii_ReadyForInserts || !form->indisvalid || !form->indislive || !form->indimmediate ||
        info->ii_ExclusionOps != nullptr || info->ii_Expressions != NIL) {
        return false;
    }
    for (int i = 0; i < info->ii_NumIndexAttrs; ++i) {
        if (!TupleDescAttr(RelationGetDescr(index), i)->attbyval) {
            return false; // such a value would have to be copied
        }
    }
    return true;
}

// The indexes of a table, each written in one of two ways.
struct Indexes {
    NewEntries *in_bulk;
    int in_bulk_count;
    ResultRelInfo by_executor; // the table with only the others
    int by_executor_count;
};

void prepare_entries(Call &call, NewEntries &entries, Relation index, IndexInfo *info,
                     int row_count)
{
    const auto rows = static_cast<Size>(row_count);
    const auto columns = static_cast<Size>(info->ii_NumIndexAttrs);
    entries.index = index;
    entries.info = info;
    entries.column_count = info->ii_NumIndexAttrs;
    entries.values = static_cast<Datum *>(palloc(sizeof(Datum) * columns * rows));
    entries.nulls = static_cast<bool *>(palloc(sizeof(bool) * columns * rows));
    entries.tids = static_cast<ItemPointerData *>(palloc(sizeof(ItemPointerData) * rows));
    entries.count = 0;
    if (info->ii_Predicate != NIL && info->ii_PredicateState == nullptr) {
        info->ii_PredicateState = ExecPrepareQual(info->ii_Predicate, call.estate);
    }
}

Indexes sort_indexes(Call &call, const Table &table, const ResultRelInfo *result, int row_count)
{
    const int count = result->ri_NumIndices;
    Indexes indexes{};
    indexes.in_bulk = pg::zeroed<NewEntries>(count);
    indexes.by_executor = *result;
    indexes.by_executor.ri_IndexRelationDescs = pg::zeroed<Relation>(count);
    for (int i = 0; i < count; ++i) {
        Relation index = result->ri_IndexRelationDescs[i];
        IndexInfo *info = result->ri_IndexRelationInfo[i];
        if (takes_bulk(table, index, info)) {
            prepare_entries(call, indexes.in_bulk[indexes.in_bulk_count++], index, info, row_count);
        } else {
            indexes.by_executor.ri_IndexRelationDescs[i] = index; // it passes over the null ones
            ++indexes.by_executor_count;
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
    FormIndexDatum(entries.info, slot, call.estate, entries.values + at, entries.nulls + at);
    entries.tids[entries.count++] = slot->tts_tid;
}

// Enters a row that is on its page into the indexes, or notes it for them.
void enter_row(Call &call, Indexes &indexes, TupleTableSlot *slot)
{
    for (int i = 0; i < indexes.in_bulk_count; ++i) {
        note_entry(call, indexes.in_bulk[i], slot);
    }
    if (indexes.by_executor_count > 0) {
        CHECK_FOR_INTERRUPTS();
        // What is left for later has a trigger, and rows with triggers are written one by one.
        List *recheck = pg::insert_index_entries(&indexes.by_executor, slot, call.estate);
        MVM_ASSERT(recheck == NIL);
        list_free(recheck);
    }
}

// The table's part of insert_rows: fills whole pages under one WAL record each.
void insert_into_pages(Call &call, TableId id, const void *rows, int count, FillRow fill,
                       Writing &writing, Indexes &indexes)
{
    Relation table = writing.result->ri_RelationDesc;
    TupleTableSlot *slots[rows_per_write];
    const int slot_count = Min(count, rows_per_write);
    for (int i = 0; i < slot_count; ++i) {
        slots[i] = ExecInitExtraTupleSlot(call.estate, RelationGetDescr(table), &TTSOpsVirtual);
    }
    for (int done = 0; done < count; done += slot_count) {
        CHECK_FOR_INTERRUPTS();
        const int chunk = Min(slot_count, count - done);
        for (int i = 0; i < chunk; ++i) {
            Columns columns;
            fill(rows, done + i, columns);
            store_new_row(call, id, slots[i], columns.values, columns.nulls);
            check_row(call, writing, slots[i]);
        }
        // The heap's copies of the rows are of no use once they are on the page.
        const MemoryContext caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(call.estate));
        table_multi_insert(table, slots, chunk, call.estate->es_output_cid, 0, nullptr);
        for (int i = 0; i < chunk; ++i) {
            enter_row(call, indexes, slots[i]);
        }
        MemoryContextSwitchTo(caller);
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

namespace {

// Whether something of the owner's must see each row before the next is written.
bool goes_row_by_row(const Writing &writing)
{
    const TriggerDesc *triggers = writing.result->ri_TrigDesc;
    return writing.captured != nullptr ||
           (triggers != nullptr &&
            (triggers->trig_insert_before_row || triggers->trig_insert_after_row));
}

} // namespace

void insert_rows(Call &call, TableId id, const void *rows, int count, FillRow fill)
{
    Writing &writing = inserting(call, id);
    if (count == 1 || goes_row_by_row(writing)) {
        for (int i = 0; i < count; ++i) {
            CHECK_FOR_INTERRUPTS();
            Columns columns;
            fill(rows, i, columns);
            insert_row(call, id, columns.values, columns.nulls);
        }
        return;
    }
    const Table &table = table_of(call, id);
    Indexes indexes = sort_indexes(call, table, writing.result, count);
    insert_into_pages(call, id, rows, count, fill, writing, indexes);
    for (int i = 0; i < indexes.in_bulk_count; ++i) {
        insert_into_index(call, table.relation, indexes.in_bulk[i]);
    }
}

} // namespace mvm::storage
