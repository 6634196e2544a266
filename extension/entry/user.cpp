// mvm_create_user, mvm_move_user
#include "entry/user.hpp"

#include "entry/arguments.hpp"
#include "market/cash.hpp"
#include "market/requirements.hpp"
#include "pg/guard.hpp"
#include "pg/numeric.hpp"
#include "pg/refusal.hpp"
#include "storage/hold.hpp"
#include "storage/taken_key.hpp"

namespace mvm::entry {

namespace {

using domain::ErrorCode;

void write_user(RowWriter &writer, const storage::UserAccount &user, std::int64_t balance_minor,
                const storage::Universe &home)
{
    writer.add_int8(user.id);
    writer.add(user.username);
    writer.add_int4(user.universe_id);
    writer.add_amount(balance_minor, home.currency_scale);
    writer.add(user.external_id);
    writer.add(user.metadata);
}

Datum create_user_function(FunctionCallInfo fcinfo)
{
    const std::int32_t universe_id = int4_argument(fcinfo, 1, "universe_id");
    const Datum balance = numeric_argument(fcinfo, 2, "balance");
    const Datum username = name_argument(fcinfo, 0, "username", name_length_max);
    const PlatformData data = platform_data_arguments(fcinfo, 3);

    storage::Call call;
    storage::begin_write(call, "mvm_create_user()");
    const NewUser user = create_user(call, username, universe_id, balance, data);
    RowWriter writer = single_row(fcinfo);
    write_user(writer, user.account, user.balance_minor, user.home);
    const Datum result = row_result(call, writer);
    storage::end_call(call);
    return result;
}

Datum move_user_function(FunctionCallInfo fcinfo)
{
    const std::int64_t user_id = int8_argument(fcinfo, 0, "user_id");
    const std::int32_t universe_id = int4_argument(fcinfo, 1, "universe_id");

    storage::Call call;
    storage::begin_write(call, "mvm_move_user()");
    storage::UserAccount user{};
    if (!storage::lock_user(call, user_id, user)) {
        market::raise(market::no_user(user_id));
    }
    storage::go_on_from_now(call); // so that the balance in the answer is of this moment, too
    market::require_universe(call, universe_id);
    if (user.universe_id != universe_id) {
        storage::update_home(call, user, universe_id);
    }
    const Datum result = shown_user_result(fcinfo, call, user);
    storage::end_call(call);
    return result;
}

// Zero is allowed here, unlike in a deposit of its own.
void require_not_negative(domain::Sign sign, Datum balance)
{
    if (sign != domain::Sign::positive && sign != domain::Sign::zero) {
        pg::raise(ErrorCode::invalid_amount, psprintf("balance is %s, it must be zero or above.",
                                                      pg::brief_text_of_numeric(balance)));
    }
}

// Looks for taken names before it draws an id, so that a refusal leaves no gap in the ids.
void write_new_user(storage::Call &call, storage::UserAccount &user)
{
    const storage::UniqueKey keys[] = {
        {storage::username_index,
         psprintf("A user has the name \"%s\".", TextDatumGetCString(user.username))},
        {storage::user_external_id_index, taken_external_id("A user", user.external_id)},
    };
    storage::UserAccount other{};
    if (storage::find_user_by_username(call, user.username, other)) {
        pg::raise(ErrorCode::already_exists, keys[0].refusal);
    }
    if (user.external_id && storage::find_user_by_external_id(call, *user.external_id, other)) {
        pg::raise(ErrorCode::already_exists, keys[1].refusal);
    }
    user.id = storage::next_id("user_account_id_seq");
    storage::write_unless_taken(keys, lengthof(keys), [&] { storage::insert_user(call, user); });
}

} // namespace

void write_shown_user(RowWriter &writer, storage::Call &call, const storage::UserAccount &user)
{
    const storage::Wallet wallet = storage::read_wallet(call, user.id, user.universe_id);
    write_user(writer, user, storage::balance_with_expired(call, wallet),
               market::require_universe(call, user.universe_id));
}

Datum shown_user_result(FunctionCallInfo fcinfo, storage::Call &call,
                        const storage::UserAccount &user)
{
    RowWriter writer = single_row(fcinfo);
    write_shown_user(writer, call, user);
    return row_result(call, writer);
}

NewUser create_user(storage::Call &call, Datum username, std::int32_t universe_id, Datum balance,
                    const PlatformData &data)
{
    const domain::Sign sign = domain::sign_of_decimal(pg::text_of_numeric(balance));
    require_not_negative(sign, balance);

    NewUser user{};
    user.home = market::require_universe(call, universe_id);
    user.balance_minor =
        sign == domain::Sign::zero ? 0 : market::require_amount(balance, user.home, "balance");
    user.account.universe_id = universe_id;
    user.account.version = 1;
    user.account.username = username;
    user.account.external_id = data.external_id;
    user.account.metadata = data.metadata;
    write_new_user(call, user.account);
    if (user.balance_minor > 0) {
        market::deposit_opening_balance(call, user.account.id, user.home, user.balance_minor);
    }
    return user;
}

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_create_user, mvm::entry::create_user_function)
MVM_SQL_FUNCTION(mvm_move_user, mvm::entry::move_user_function)
