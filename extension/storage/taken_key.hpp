// Writing a row under a unique key that another session may be writing at the same time.
#pragma once

#include "pg/postgres.hpp"

namespace mvm::storage {

struct UniqueKey {
    const char *index_name; // in schema mvm
    const char *refusal;    // what exists, where the key is taken; null: no key is written
};

// Runs `write`. Where one of the keys is taken, also by a transaction that it had to wait for,
// raises already_exists; a conflict of any other index stays 23505.
void write_unless_taken(const UniqueKey *keys, int count, void (*write)(void *), void *argument);

template <typename Write> void write_unless_taken(const UniqueKey *keys, int count, Write write)
{
    write_unless_taken(
        keys, count, [](void *argument) { (*static_cast<Write *>(argument))(); }, &write);
}

} // namespace mvm::storage
