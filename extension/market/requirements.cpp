#include "market/requirements.hpp"

#include "pg/numeric.hpp"

namespace mvm::market {

storage::UserAccount require_user(storage::Call &call, std::int64_t user_id)
{
    storage::UserAccount user;
    if (!storage::find_user(call, user_id, user)) {
        raise(no_user(user_id));
    }
    return user;
}

storage::Universe require_universe(storage::Call &call, std::int32_t universe_id)
{
    storage::Universe universe;
    if (!storage::find_universe(call, universe_id, universe)) {
        raise(no_universe(universe_id));
    }
    return universe;
}

bool is_positive(Datum amount)
{
    return domain::sign_of_decimal(pg::text_of_numeric(amount)) == domain::Sign::positive;
}

void require_positive(Datum amount, const char *name)
{
    if (!is_positive(amount)) {
        raise(not_positive(name, amount));
    }
}

std::int64_t require_amount(Datum amount, const storage::Universe &universe, const char *name)
{
    const auto minor =
        domain::amount_from_decimal(pg::text_of_numeric(amount), universe.currency_scale);
    if (!minor.ok()) {
        raise(unusable_amount(minor.error, name, amount, universe));
    }
    return minor.value;
}

namespace {

void require_account_has(storage::Call &call, std::int32_t universe_id,
                         storage::HouseAccount account, const storage::HouseBalance &balance,
                         std::int64_t needed_minor)
{
    const Datum needed = pg::numeric_of_minor(needed_minor, 0);
    if (DatumGetBool(DirectFunctionCall2(numeric_lt, balance.of(account), needed))) {
        raise(house_short_of_money(storage::name_of(account), require_universe(call, universe_id),
                                   balance.of(account), needed_minor));
    }
}

} // namespace

void require_house_has(storage::Call &call, const storage::JournalRow &row)
{
    if (!storage::has_house_accounts()) {
        return;
    }
    storage::HouseMovement movements[2];
    const int count = storage::house_movements_of(row, movements);
    for (int i = 0; i < count; ++i) {
        const auto &[universe_id, treasury_minor, fees_minor] = movements[i];
        const storage::HouseBalance balance = storage::lock_house_balance(call, universe_id);
        require_account_has(call, universe_id, storage::HouseAccount::treasury, balance,
                            -treasury_minor);
        require_account_has(call, universe_id, storage::HouseAccount::fees, balance, -fees_minor);
    }
}

void require_room_for(storage::Call &call, const storage::Item &item, std::int64_t quantity)
{
    if (!domain::add_amounts(storage::stock_with_held(call, item), quantity).ok()) {
        raise(stock_out_of_range(item.id));
    }
}

} // namespace mvm::market
