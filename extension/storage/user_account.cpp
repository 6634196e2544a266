#include "storage/user_account.hpp"

namespace mvm::storage {

bool find_user(Call &call, std::int64_t id, UserAccount &user)
{
    TupleTableSlot *slot = find_row(call, TableId::user_account, key_of_int8(id));
    if (slot == nullptr) {
        return false;
    }
    user.id = id;
    user.universe_id = DatumGetInt32(column_of(slot, user_account_column::universe_id));
    return true;
}

bool username_is_taken(Call &call, Datum username)
{
    return has_row(call, TableId::user_account, "user_account_username_key", key_of_text(username));
}

bool insert_user(Call &call, const UserAccount &user, Datum username)
{
    Datum values[user_account_column::last] = {};
    const bool nulls[user_account_column::last] = {};
    values[user_account_column::id - 1] = Int64GetDatum(user.id);
    values[user_account_column::version - 1] = Int64GetDatum(1);
    values[user_account_column::universe_id - 1] = Int32GetDatum(user.universe_id);
    values[user_account_column::username - 1] = username;
    return insert_row_if_absent(call, TableId::user_account, values, nulls) != nullptr;
}

} // namespace mvm::storage
