// Rows of mvm.user_account.
#pragma once

#include "storage/row.hpp"

namespace mvm::storage {

struct UserAccount {
    std::int64_t id;
    std::int32_t universe_id; // home
};

[[nodiscard]] bool find_user(Call &call, std::int64_t id, UserAccount &user);

[[nodiscard]] bool username_is_taken(Call &call, Datum username);

// Inserts a user; false when the username is taken.
[[nodiscard]] bool insert_user(Call &call, const UserAccount &user, Datum username);

} // namespace mvm::storage
