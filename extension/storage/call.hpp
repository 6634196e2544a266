// The frame of one SQL call: its snapshot, its open tables and the executor
// state that writing rows needs.
#pragma once

#include "pg/array.hpp"
#include "pg/postgres.hpp"
#include "storage/schema.hpp"

namespace mvm::storage {

// What a call inserts into a table, or updates, or deletes: one statement to the executor.
struct Writing {
    CmdType operation;
    ResultRelInfo *result;            // null until the first row is written
    TransitionCaptureState *captured; // rows for transition tables; null when no trigger has one
    bool indexes_open;
    bool fires_after_each_row; // of an update: whichever row it is
};

// A column of the owner's, and what a new row gets there.
struct OwnerDefault {
    AttrNumber attribute;
    ExprState *value;
};

// A row that was inserted as long as it may be taken back: AFTER triggers have not heard of it.
struct Arrival {
    ItemPointerData location;
    List *recheck; // deferrable constraints that it may violate
};

struct Table {
    Relation relation;
    AttrNumber attributes[columns_max]; // of each column; 0: the market's version has none
    bool plain;                         // every column is there, at its own number, and no other
    Relation primary_key;               // opened with the table
    IndexScanDesc scan;                 // of primary_key under the call's snapshot; null until used
    IndexFetchTableData *fetch;         // of rows whose location is remembered; null until used
    BlockNumber block_count;            // the table's length when fetch was begun
    Writing inserting;
    Writing updating;
    Writing deleting;
    pg::Array<OwnerDefault> owner_defaults; // known once rows are inserted
    pg::Array<Arrival> arrivals;
    int next_arrival;      // where the search for one begins
    TupleTableSlot *found; // the row read last
    TupleTableSlot *next;  // the row being written
};

// What journal rows move on the house's accounts of one universe, in minor units.
struct HouseMovement {
    std::int32_t universe_id;
    std::int64_t treasury_minor;
    std::int64_t fees_minor;
};

// Trivially destructible: an error leaves it behind, and the transaction's
// abort closes tables, slots and snapshot.
struct Call {
    EState *estate;
    EPQState recheck;
    MemoryContext caller_context; // results go here; everything else dies with the call
    bool writes;
    int pushed_snapshots;  // of its own, above the caller's
    bool inserted_early;   // a row inserted by this command is to be updated by it
    bool moment_passed;    // see go_on_from_now
    bool owner_intervened; // triggers of the owner's ran between reads and writes
    pg::Array<HouseMovement> house_movements; // of its journal rows, to be written at its end
    pg::Array<Writing *> writings;            // in the order in which they began
    Table tables[table_count];
};

// Opens a call that only reads, under the caller's snapshot, or a newer one: see table_of.
void begin_read(Call &call);

// Opens a call that writes. Sees everything the transaction did before, also
// earlier in the same statement. Raises 25006 in a read-only transaction;
// `name` is the function's, for the message.
void begin_write(Call &call, const char *name);

// Writes what the call's journal rows move on the house's accounts, the last rows that a call
// locks, and closes what begin_* opened; row locks stay until the transaction ends. Fires AFTER
// triggers: foreign keys, and those of the owner's.
void end_call(Call &call);

// At READ COMMITTED: goes on with a snapshot that sees what committed until
// now. At the higher levels the transaction's snapshot stays.
void refresh_snapshot(Call &call);

// For a call that has taken its locks. Locked rows are at their latest versions, what was
// read without a lock is of the call's snapshot. These are one moment unless a lock was
// waited for, or found a version that the snapshot does not see. Then, at READ COMMITTED,
// refreshes the snapshot and returns true: what was read without a lock is to be read again.
bool go_on_from_now(Call &call);

// Goes on as a new command: sees what this call has written so far, and may write
// it again.
void begin_next_command(Call &call);

// Makes rows inserted so far updatable by this call.
void advance_command(Call &call);

// Whether the market has the table: one of an earlier version may not.
[[nodiscard]] bool has_table(TableId id);

// The open table; opened at first use, closed by end_call. A call that writes goes on with a
// refreshed snapshot when it had to wait for the table, and any call when the table was changed
// after its snapshot, to which a rewritten table is empty (table_moment.hpp). 40001 at the higher
// levels, and where a reading call has read what the table's rows belong to under the older one.
// Wallets are opened before the journal, whichever a call comes to first: so mvm_relink_journal(),
// which locks both against everybody, and calls wait for each other in one order.
Table &table_of(Call &call, TableId id);

// The table's scan of its primary key, to be restarted with index_rescan: one for
// all look-ups of a call, as starting a scan costs as much as a descent.
IndexScanDesc key_scan(Call &call, TableId id, int key_count);

// Opens an index of schema mvm for reading; the caller closes it with index_close. 55000
// when it is not valid, or not the one that the scripts create.
Relation open_index(const char *index_name);

// The table's slot for reading: one row at a time, so that a call of thousands
// of rows pins one buffer a table.
TupleTableSlot *read_slot(Call &call, TableId id);

// The table's slot for the row that is being written.
TupleTableSlot *write_slot(Call &call, TableId id);

// A slot of its own for a cursor, released by end_call.
TupleTableSlot *make_slot(Call &call, TableId id);

// The oid of a relation in schema mvm; 42P01 when it is not there.
Oid relation_oid(const char *name);

// The next number of a sequence in schema mvm. Not transactional: a rollback leaves a gap.
// 55000 when the sequence hands out numbers in another order than that of the calls.
std::int64_t next_id(const char *sequence_name);

} // namespace mvm::storage
