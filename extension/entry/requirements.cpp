#include "entry/requirements.hpp"

#include "pg/numeric.hpp"

namespace mvm::entry {

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

void require_room_for(storage::Call &call, const storage::Item &item, std::int64_t quantity)
{
    if (!domain::add_amounts(storage::stock_with_held(call, item), quantity).ok()) {
        raise(stock_out_of_range(item.id));
    }
}

} // namespace mvm::entry
