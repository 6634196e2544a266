// Rows of mvm.user_account.
#pragma once

#include "storage/row.hpp"

namespace mvm::storage {

struct UserAccount {
    std::int64_t id;
    std::int32_t universe_id; // home
    std::int64_t version;
    Datum username; // text, in row
    HeapTuple row;  // of lock_user; null otherwise
};

[[nodiscard]] bool find_user(Call &call, std::int64_t id, UserAccount &user);

// Finds and locks; see lock_row.
[[nodiscard]] bool lock_user(Call &call, std::int64_t id, UserAccount &user);

// Writes a locked user's new home and the next version.
void update_home(Call &call, UserAccount &user, std::int32_t universe_id);

[[nodiscard]] bool username_is_taken(Call &call, Datum username);

// Inserts a user; false when the username is taken.
[[nodiscard]] bool insert_user(Call &call, const UserAccount &user, Datum username);

} // namespace mvm::storage
