#include "storage/indexed_journal.hpp"

#include "pg/compat.hpp"

namespace mvm::storage {

namespace {

void next_row(JournalCursor &cursor)
{
    CHECK_FOR_INTERRUPTS();
    cursor.at_row = index_getnext_slot(cursor.scan, BackwardScanDirection, cursor.slot);
    if (cursor.at_row) {
        read_journal(*cursor.table, cursor.slot, cursor.row);
    }
}

void open_cursor(Call &call, JournalCursor &cursor, const char *index_name, std::int64_t user_id,
                 std::int64_t before_id)
{
    cursor.table = &table_of(call, TableId::journal);
    cursor.index = open_index(index_name);
    cursor.slot = make_slot(call, TableId::journal);
    cursor.scan =
        pg::begin_index_scan(cursor.table->relation, cursor.index, GetActiveSnapshot(), 2);
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(user_id));
    ScanKeyInit(&keys[1], 2, BTLessStrategyNumber, F_INT8LT, Int64GetDatum(before_id));
    index_rescan(cursor.scan, keys, 2, nullptr, 0);
    cursor.at_row = false;
    next_row(cursor);
}

void close_cursor(JournalCursor &cursor)
{
    index_endscan(cursor.scan);
    index_close(cursor.index, NoLock);
}

} // namespace

void open_indexed_journal(Call &call, IndexedJournal &journal, std::int64_t user_id,
                          std::int64_t before_id)
{
    open_cursor(call, journal.acted, "journal_user_id_idx", user_id, before_id);
    open_cursor(call, journal.dealt_with, "journal_counterparty_id_idx", user_id, before_id);
    journal.read_id = 0;
}

bool read_indexed_row(IndexedJournal &journal, JournalRow &row)
{
    const JournalCursor *newest = nullptr;
    for (JournalCursor *cursor : {&journal.acted, &journal.dealt_with}) {
        if (cursor->at_row && cursor->row.id == journal.read_id) {
            next_row(*cursor); // not before: the row that was read points into its slot
        }
        if (cursor->at_row && (newest == nullptr || cursor->row.id > newest->row.id)) {
            newest = cursor;
        }
    }
    if (newest == nullptr) {
        return false;
    }
    row = newest->row;
    journal.read_id = row.id;
    return true;
}

void close_indexed_journal(IndexedJournal &journal)
{
    close_cursor(journal.dealt_with);
    close_cursor(journal.acted);
}

} // namespace mvm::storage
