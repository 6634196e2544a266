// The indexes that let a row in only if no other has its key.
#pragma once

#include "storage/call.hpp"

namespace mvm::storage {

// Unique indexes on exactly the primary key's columns, also those that are being built anew. 55000
// when there is none.
List *indexes_on_primary_key(const Writing &writing, const Table &table);

// The same of any other column.
List *indexes_on_column(const Writing &writing, AttrNumber attribute);

} // namespace mvm::storage
