#include "storage/user_account.hpp"

namespace mvm::storage {

bool find_user(Call &call, std::int64_t id, UserAccount &user)
{
    TupleTableSlot *slot = find_row(call, TableId::user_account, key_of_int8(id));
    if (slot == nullptr) {
        return false;
    }
    user = {};
    user.id = id;
    user.universe_id = DatumGetInt32(
        column_of(table_of(call, TableId::user_account), slot, user_account_column::universe_id));
    return true;
}

bool lock_user(Call &call, std::int64_t id, UserAccount &user)
{
    HeapTuple row = lock_row(call, TableId::user_account, key_of_int8(id));
    if (row == nullptr) {
        return false;
    }
    const Columns columns = columns_of(call, TableId::user_account, row);
    user.id = id;
    user.universe_id = columns.int4(user_account_column::universe_id);
    user.version = columns.int8(user_account_column::version);
    user.username = columns.value(user_account_column::username);
    user.row = row;
    return true;
}

void update_home(Call &call, UserAccount &user, std::int32_t universe_id)
{
    user.universe_id = universe_id;
    user.version += 1;
    const ColumnChange changes[] = {
        {user_account_column::universe_id, Int32GetDatum(user.universe_id)},
        {user_account_column::version, Int64GetDatum(user.version)},
    };
    update_row(call, TableId::user_account, user.row, changes, lengthof(changes));
}

bool username_is_taken(Call &call, Datum username)
{
    return has_row(call, TableId::user_account, "user_account_username_key", key_of_text(username));
}

bool insert_user(Call &call, const UserAccount &user, Datum username)
{
    Columns columns;
    columns.put(user_account_column::id, Int64GetDatum(user.id));
    columns.put(user_account_column::version, Int64GetDatum(1));
    columns.put(user_account_column::universe_id, Int32GetDatum(user.universe_id));
    columns.put(user_account_column::username, username);
    return insert_row_if_absent(call, TableId::user_account, columns.values, columns.nulls,
                                user_account_column::username) != nullptr;
}

} // namespace mvm::storage
