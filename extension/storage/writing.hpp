// What a call writes to one table, as the executor sees it: at most one INSERT, one UPDATE and one
// DELETE. Begins and ends them as those statements would: with the triggers of the owner's, and
// refusing what a statement would be refused or what the market cannot do.
#pragma once

#include "storage/row.hpp"

namespace mvm::storage {

// 0A000 when tables inherit from the table.
void refuse_children(Relation table);

// The call's INSERT into the table, with its indexes open; begun by the first row.
Writing &inserting(Call &call, TableId id);

// The call's UPDATE of the table; begun by the first row. A call changes the same columns in all
// rows of a table, as one statement does.
Writing &updating(Call &call, TableId id, const ColumnChange *changes, int change_count);

// The call's DELETE from the table; begun by the first row.
Writing &deleting(Call &call, TableId id);

// Opens the table's indexes for a writing that adds entries.
void open_indexes(Writing &writing);

// Puts a new row into the slot: the market's columns, which have an element each, where the table
// has them, and the defaults of the owner's. These live until the next row is written.
void store_new_row(Call &call, TableId id, TupleTableSlot *slot, const Datum *values,
                   const bool *nulls);

// Computes generated columns of the new row in `slot`, and raises when a constraint fails.
void check_row(Call &call, Writing &writing, TupleTableSlot *slot);

// Whether AFTER triggers of an update are to see the row, of which `row` is the old version.
[[nodiscard]] bool fires_after_update(const Writing &writing, HeapTuple row);

// A row that the call has locked or written: only a trigger of the owner's can have changed it
// under us. 27000.
[[noreturn]] void refuse_changed_row(Relation table);

// Queues AFTER triggers for rows that came to stay.
void announce_arrivals(Call &call, Table &table);

// Queues the AFTER STATEMENT triggers of all that the call has written.
void end_writings(Call &call);

} // namespace mvm::storage
