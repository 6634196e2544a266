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

namespace {

void read_user(Call &call, HeapTuple row, UserAccount &user)
{
    const Columns columns = columns_of(call, TableId::user_account, row);
    user.id = columns.int8(user_account_column::id);
    user.universe_id = columns.int4(user_account_column::universe_id);
    user.version = columns.int8(user_account_column::version);
    user.username = columns.value(user_account_column::username);
    user.external_id = columns.optional_value(user_account_column::external_id);
    user.metadata = columns.optional_value(user_account_column::metadata);
    user.row = row;
}

bool find_user_in(Call &call, const char *index_name, Datum key, UserAccount &user)
{
    TupleTableSlot *slot = find_row_in(call, TableId::user_account, index_name, key_of_text(key));
    if (slot == nullptr) {
        return false;
    }
    read_user(call, ExecCopySlotHeapTuple(slot), user);
    return true;
}

} // namespace

bool find_user_by_username(Call &call, Datum username, UserAccount &user)
{
    return find_user_in(call, username_index, username, user);
}

bool find_user_by_external_id(Call &call, Datum external_id, UserAccount &user)
{
    return find_user_in(call, user_external_id_index, external_id, user);
}

bool lock_user(Call &call, std::int64_t id, UserAccount &user)
{
    HeapTuple row = lock_row(call, TableId::user_account, key_of_int8(id));
    if (row == nullptr) {
        return false;
    }
    read_user(call, row, user);
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

void update_user_data(Call &call, UserAccount &user)
{
    user.version += 1;
    const ColumnChange changes[] = {
        {user_account_column::external_id, user.external_id.value_or(Datum{0}), !user.external_id},
        {user_account_column::metadata, user.metadata.value_or(Datum{0}), !user.metadata},
        {user_account_column::version, Int64GetDatum(user.version)},
    };
    update_row(call, TableId::user_account, user.row, changes, lengthof(changes));
}

void insert_user(Call &call, const UserAccount &user)
{
    Columns columns;
    columns.put(user_account_column::id, Int64GetDatum(user.id));
    columns.put(user_account_column::version, Int64GetDatum(user.version));
    columns.put(user_account_column::universe_id, Int32GetDatum(user.universe_id));
    columns.put(user_account_column::username, user.username);
    columns.put(user_account_column::external_id, user.external_id);
    columns.put(user_account_column::metadata, user.metadata);
    insert_row(call, TableId::user_account, columns.values, columns.nulls);
}

} // namespace mvm::storage
