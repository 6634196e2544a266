// Rows of one user through the indexes on users that a journal has whose rows are not linked: one
// of version 1.0 or 1.1.
#pragma once

#include "storage/journal.hpp"

namespace mvm::storage {

// Rows of one user in one role, newest first.
struct JournalCursor {
    const Table *table;
    Relation index;
    IndexScanDesc scan;
    TupleTableSlot *slot;
    bool at_row; // `row` is the current one
    JournalRow row;
};

// Both roles of a user, as one list of rows without repeats.
struct IndexedJournal {
    JournalCursor acted;      // rows of the user
    JournalCursor dealt_with; // rows in which they are the counterparty
    std::int64_t read_id;     // of the row read last; 0: none yet
};

// Opens before the newest row with an id below `before_id`.
void open_indexed_journal(Call &call, IndexedJournal &journal, std::int64_t user_id,
                          std::int64_t before_id);

// Reads the next row; false when there is none left.
[[nodiscard]] bool read_indexed_row(IndexedJournal &journal, JournalRow &row);

void close_indexed_journal(IndexedJournal &journal);

} // namespace mvm::storage
