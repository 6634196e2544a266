// Whether a snapshot is too old for a table. To a snapshot from before, a table that was rewritten
// is empty: its rows are those of whoever rewrote it. PostgreSQL leaves that to whoever locks a
// table after having taken a snapshot; a statement locks its tables first.
#pragma once

#include "pg/postgres.hpp"

namespace mvm::storage {

enum class TableMoment {
    seen,             // the table is what it was at the snapshot
    changed,          // another transaction has changed it since
    changed_by_itself // this transaction has, in a command that the snapshot does not see
};

// Of a table that the transaction has locked. Whatever writes the table's row in pg_class counts
// as a change: a rewrite, but also a GRANT.
[[nodiscard]] TableMoment moment_of(Oid table, Snapshot snapshot);

// Locks all tables of the market in ACCESS SHARE mode, in the order in which most calls come to
// them.
void lock_all_tables();

// Raises 40001 when the active snapshot is too old for one of them. They must be locked.
void require_all_tables_seen();

} // namespace mvm::storage
