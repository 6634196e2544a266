// Filling a new storage for a table and putting it in the place of the old one, as ALTER TABLE does
// when it rewrites: the table, its triggers, grants, views and dump settings stay, its indexes are
// built anew.
#pragma once

#include "pg/postgres.hpp"

namespace mvm::storage {

inline constexpr int rewrite_rows = 256;

// Trivially destructible: an error leaves it behind, and the abort removes the new storage.
struct TableRewrite {
    Relation table;       // the old storage; locked ACCESS EXCLUSIVE
    Relation new_storage; // looks like a table of its own until it is swapped in
    BulkInsertState bulk;
    CommandId command;
    MemoryContext context; // of what a full page of rows leaves behind
    TupleTableSlot *rows[rewrite_rows];
    int row_count; // that wait to be written
};

// Another value for a column of a row that is rewritten.
struct RewrittenColumn {
    AttrNumber attribute;
    std::int64_t value;
    bool is_null;
};

void begin_rewrite(TableRewrite &rewrite, Relation table);

// Takes over a row of the old storage with other values in some columns of type bigint.
void rewrite_row(TableRewrite &rewrite, TupleTableSlot *row, const RewrittenColumn *changes,
                 int change_count);

// Writes what waits and swaps the storages; closes the table and keeps its lock.
void finish_rewrite(TableRewrite &rewrite);

} // namespace mvm::storage
