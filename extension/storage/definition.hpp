// Whether tables, indexes and sequences are what the library takes them for: their owner may
// change them. What the owner adds is left alone; what would be misread is refused.
#pragma once

#include "storage/call.hpp"

namespace mvm::storage {

// Finds the columns of the open table: those that it was created with at their numbers, the others
// by their names, where the market's version has them. 55000 when one is not what it was, 0A000
// when the table is not a plain one.
void find_columns(TableId id, Table &table);

// Opens the primary key, whatever its name is. 55000 when it is missing, not valid, or on other
// columns.
Relation open_primary_key(TableId id, Relation table, LOCKMODE lock);

// Whether the index is the one of that name that the scripts create, or made anew like it: a
// B-tree on the same columns that is valid and can be written.
[[nodiscard]] bool is_own_index(Relation index);

// 55000 when the sequence hands out numbers in another order than that of the calls.
void require_ids_in_order(Oid sequence);

} // namespace mvm::storage
