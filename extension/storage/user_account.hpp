// Rows of mvm.user_account.
#pragma once

#include <optional>

#include "storage/row.hpp"

namespace mvm::storage {

struct UserAccount {
    std::int64_t id;
    std::int32_t universe_id; // home
    std::int64_t version;
    // In row, or a new user's.
    Datum username;                   // text
    std::optional<Datum> external_id; // text
    std::optional<Datum> metadata;    // jsonb
    HeapTuple row;                    // of lock_user and find_user_by_*; null otherwise
};

// Id and home alone.
[[nodiscard]] bool find_user(Call &call, std::int64_t id, UserAccount &user);

[[nodiscard]] bool find_user_by_username(Call &call, Datum username, UserAccount &user);
[[nodiscard]] bool find_user_by_external_id(Call &call, Datum external_id, UserAccount &user);

// Finds and locks; see lock_row.
[[nodiscard]] bool lock_user(Call &call, std::int64_t id, UserAccount &user);

// Writes a locked user's new home and the next version.
void update_home(Call &call, UserAccount &user, std::int32_t universe_id);

// Writes a locked user's new external id and metadata and the next version.
void update_user_data(Call &call, UserAccount &user);

// Inserts a user under its new id.
void insert_user(Call &call, const UserAccount &user);

// The unique indexes of names and of platforms' keys.
inline constexpr const char *username_index = "user_account_username_key";
inline constexpr const char *user_external_id_index = "user_account_external_id_key";

} // namespace mvm::storage
