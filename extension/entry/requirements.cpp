#include "entry/requirements.hpp"

#include "pg/numeric.hpp"
#include "pg/refusal.hpp"

namespace mvm::entry {

using domain::ErrorCode;

storage::UserAccount require_user(storage::Call &call, std::int64_t user_id)
{
    storage::UserAccount user;
    if (!storage::find_user(call, user_id, user)) {
        pg::refuse(ErrorCode::user_not_found,
                   psprintf("There is no user " INT64_FORMAT ".", user_id));
    }
    return user;
}

storage::Universe require_universe(storage::Call &call, std::int32_t universe_id)
{
    storage::Universe universe;
    if (!storage::find_universe(call, universe_id, universe)) {
        pg::refuse(ErrorCode::universe_not_found,
                   psprintf("There is no universe %d.", universe_id));
    }
    return universe;
}

storage::Item require_item(storage::Call &call, std::int64_t item_id)
{
    storage::Item item;
    if (!storage::lock_item(call, item_id, item)) {
        pg::refuse(ErrorCode::item_not_found,
                   psprintf("There is no item " INT64_FORMAT ".", item_id));
    }
    return item;
}

void require_different_universes(std::int32_t from_universe_id, std::int32_t to_universe_id)
{
    if (from_universe_id == to_universe_id) {
        pg::refuse(ErrorCode::same_universe, psprintf("Both are universe %d.", from_universe_id));
    }
}

void require_positive(Datum amount, const char *name)
{
    if (domain::sign_of_decimal(pg::text_of_numeric(amount)) != domain::Sign::positive) {
        pg::refuse(ErrorCode::invalid_amount, psprintf("%s is %s, it must be above zero.", name,
                                                       pg::brief_text_of_numeric(amount)));
    }
}

std::int64_t require_amount(Datum amount, const storage::Universe &universe, const char *name)
{
    const auto minor =
        domain::amount_from_decimal(pg::text_of_numeric(amount), universe.currency_scale);
    if (minor.error == ErrorCode::invalid_amount) {
        pg::refuse(minor.error,
                   psprintf("%s is %s, which rounds to zero in units of %s of universe %d.", name,
                            pg::brief_text_of_numeric(amount),
                            pg::text_of_minor(1, universe.currency_scale), universe.id));
    }
    if (!minor.ok()) {
        pg::refuse(minor.error,
                   psprintf("%s is above %s, the largest amount of universe %d.", name,
                            pg::text_of_minor(PG_INT64_MAX, universe.currency_scale), universe.id));
    }
    return minor.value;
}

void refuse_balance(std::int64_t user_id, const storage::Universe &universe,
                    std::int64_t balance_minor, std::int64_t needed_minor)
{
    pg::refuse(ErrorCode::insufficient_balance,
               psprintf("User " INT64_FORMAT " has %s in universe %d, %s is needed.", user_id,
                        pg::text_of_minor(balance_minor, universe.currency_scale), universe.id,
                        pg::text_of_minor(needed_minor, universe.currency_scale)));
}

void refuse_transfer(ErrorCode code, std::int64_t payer_id, const storage::Universe &payer_universe,
                     std::int64_t payer_balance_minor, std::int64_t paid_minor,
                     std::int64_t receiver_id)
{
    if (code == ErrorCode::insufficient_balance) {
        refuse_balance(payer_id, payer_universe, payer_balance_minor, paid_minor);
    }
    pg::refuse(code, psprintf("The balance of user " INT64_FORMAT
                              " would pass the largest amount of its currency.",
                              receiver_id));
}

} // namespace mvm::entry
