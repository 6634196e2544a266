// A session's memory of where rows were found last, by primary key: saves the
// descent of the index. Only a hint: rows move and places are used again, so
// whoever asks must look whether the row there is the one. Never a wrong answer,
// at worst a wasted look.
#pragma once

#include "pg/postgres.hpp"
#include "storage/schema.hpp"

namespace mvm::storage {

// Where the row with this key began its chain of versions; false when unknown.
[[nodiscard]] bool recall_location(TableId id, std::int64_t first, std::int32_t second,
                                   ItemPointer location);

// Takes the place of what was remembered under a key of the same hash.
void remember_location(TableId id, std::int64_t first, std::int32_t second,
                       const ItemPointerData &location);

} // namespace mvm::storage
