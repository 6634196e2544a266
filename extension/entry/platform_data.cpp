// mvm_find_user, mvm_find_item, mvm_set_user_data, mvm_set_item_data
#include "entry/platform_data.hpp"

#include "entry/arguments.hpp"
#include "entry/item.hpp"
#include "entry/user.hpp"
#include "market/requirements.hpp"
#include "pg/guard.hpp"
#include "pg/jsonb.hpp"
#include "pg/refusal.hpp"
#include "storage/taken_key.hpp"

namespace mvm::entry {

namespace {

using domain::ErrorCode;

// ---------------------------------------------------------------------------
// Finding
// ---------------------------------------------------------------------------

Datum find_user_function(FunctionCallInfo fcinfo)
{
    const bool by_username = !PG_ARGISNULL(0);
    if (by_username == !PG_ARGISNULL(1)) {
        pg::raise(ErrorCode::invalid_argument, "One of username and external_id must be given.");
    }
    const Datum key = PointerGetDatum(PG_GETARG_TEXT_PP(by_username ? 0 : 1));
    RowWriter rows = result_set(fcinfo);

    storage::Call call;
    storage::begin_read(call);
    storage::UserAccount user{};
    if (by_username ? storage::find_user_by_username(call, key, user)
                    : storage::find_user_by_external_id(call, key, user)) {
        write_shown_user(rows, call, user);
        put_row(rows);
    }
    storage::end_call(call);
    return Datum{0};
}

Datum find_item_function(FunctionCallInfo fcinfo)
{
    if (PG_ARGISNULL(0)) {
        market::raise(market::null_argument("external_id"));
    }
    const Datum key = PointerGetDatum(PG_GETARG_TEXT_PP(0));
    RowWriter rows = result_set(fcinfo);

    storage::Call call;
    storage::begin_read(call);
    storage::Item item;
    if (storage::find_item_by_external_id(call, key, item)) {
        item.stock = storage::stock_with_expired(call, item);
        write_item(rows, item, market::require_universe(call, item.universe_id));
        put_row(rows);
    }
    storage::end_call(call);
    return Datum{0};
}

// ---------------------------------------------------------------------------
// Changing
// ---------------------------------------------------------------------------

// The new values. Null in the call keeps the old one; an empty key and JSON's null remove it.
struct DataChange {
    bool changes_external_id;
    bool changes_metadata;
    PlatformData data;
};

DataChange change_arguments(FunctionCallInfo fcinfo)
{
    DataChange change{};
    change.changes_external_id = !PG_ARGISNULL(1);
    if (change.changes_external_id && length_of(PointerGetDatum(PG_GETARG_TEXT_PP(1))) > 0) {
        change.data.external_id = external_id_argument(fcinfo, 1);
    }
    change.changes_metadata = !PG_ARGISNULL(2);
    if (change.changes_metadata && !pg::is_json_null(PG_GETARG_JSONB_P(2))) {
        change.data.metadata = metadata_argument(fcinfo, 2);
    }
    return change;
}

// Puts the new values into a user or an item; false if nothing changes.
template <typename Row> bool apply_change(const DataChange &change, Row &row)
{
    if (change.changes_external_id) {
        row.external_id = change.data.external_id;
    }
    if (change.changes_metadata) {
        row.metadata = change.data.metadata;
    }
    return change.changes_external_id || change.changes_metadata;
}

void write_user_data(storage::Call &call, storage::UserAccount &user, const DataChange &change)
{
    const storage::UniqueKey key = {storage::user_external_id_index,
                                    taken_external_id("A user", change.data.external_id)};
    storage::UserAccount other{};
    if (change.data.external_id &&
        storage::find_user_by_external_id(call, *change.data.external_id, other) &&
        other.id != user.id) {
        pg::raise(ErrorCode::already_exists, key.refusal);
    }
    if (apply_change(change, user)) {
        storage::write_unless_taken(&key, 1, [&] { storage::update_user_data(call, user); });
    }
}

Datum set_user_data_function(FunctionCallInfo fcinfo)
{
    const std::int64_t user_id = int8_argument(fcinfo, 0, "user_id");
    const DataChange change = change_arguments(fcinfo);

    storage::Call call;
    storage::begin_write(call, "mvm_set_user_data()");
    storage::UserAccount user{};
    if (!storage::lock_user(call, user_id, user)) {
        market::raise(market::no_user(user_id));
    }
    storage::refresh_snapshot(call); // to see who has the key by now
    write_user_data(call, user, change);
    const Datum result = shown_user_result(fcinfo, call, user);
    storage::end_call(call);
    return result;
}

void write_item_data(storage::Call &call, storage::Item &item, const DataChange &change)
{
    const storage::UniqueKey key = {storage::item_external_id_index,
                                    taken_external_id("An item", change.data.external_id)};
    storage::Item other;
    if (change.data.external_id &&
        storage::find_item_by_external_id(call, *change.data.external_id, other) &&
        other.id != item.id) {
        pg::raise(ErrorCode::already_exists, key.refusal);
    }
    if (apply_change(change, item)) {
        storage::write_unless_taken(&key, 1, [&] { storage::update_item_data(call, item); });
    }
}

Datum set_item_data_function(FunctionCallInfo fcinfo)
{
    const std::int64_t item_id = int8_argument(fcinfo, 0, "item_id");
    const DataChange change = change_arguments(fcinfo);

    storage::Call call;
    storage::begin_write(call, "mvm_set_item_data()");
    storage::Item item;
    if (!storage::lock_item(call, item_id, item)) {
        market::raise(market::no_item(item_id));
    }
    storage::refresh_snapshot(call); // to see which has the key by now
    write_item_data(call, item, change);
    const Datum result =
        shown_item_result(fcinfo, call, item, market::require_universe(call, item.universe_id));
    storage::end_call(call);
    return result;
}

} // namespace

PlatformData platform_data_arguments(FunctionCallInfo fcinfo, int position)
{
    return {external_id_argument(fcinfo, position), metadata_argument(fcinfo, position + 1)};
}

const char *taken_external_id(const char *who, const std::optional<Datum> &external_id)
{
    return external_id
               ? psprintf("%s has the external_id \"%s\".", who, TextDatumGetCString(*external_id))
               : nullptr;
}

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_find_user, mvm::entry::find_user_function)
MVM_SQL_FUNCTION(mvm_find_item, mvm::entry::find_item_function)
MVM_SQL_FUNCTION(mvm_set_user_data, mvm::entry::set_user_data_function)
MVM_SQL_FUNCTION(mvm_set_item_data, mvm::entry::set_item_data_function)
