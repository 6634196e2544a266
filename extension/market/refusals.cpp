#include "market/refusals.hpp"

#include "pg/numeric.hpp"
#include "pg/refusal.hpp"

namespace mvm::market {

using domain::ErrorCode;

namespace {

const char *text_of_any(std::uint64_t minor, int currency_scale)
{
    return minor > PG_INT64_MAX
               ? "more than the largest amount"
               : pg::text_of_minor(static_cast<std::int64_t>(minor), currency_scale);
}

} // namespace

Refusal no_user(std::int64_t user_id)
{
    return {ErrorCode::user_not_found, psprintf("There is no user " INT64_FORMAT ".", user_id),
            nullptr};
}

Refusal no_universe(std::int32_t universe_id)
{
    return {ErrorCode::universe_not_found, psprintf("There is no universe %d.", universe_id),
            nullptr};
}

Refusal no_item(std::int64_t item_id)
{
    return {ErrorCode::item_not_found, psprintf("There is no item " INT64_FORMAT ".", item_id),
            nullptr};
}

Refusal no_transaction(std::int64_t transaction_id)
{
    return {
        ErrorCode::transaction_not_found,
        psprintf("There is no transaction " INT64_FORMAT ", which the key names.", transaction_id),
        nullptr};
}

Refusal same_universe(std::int32_t universe_id)
{
    return {ErrorCode::same_universe, psprintf("Both are universe %d.", universe_id), nullptr};
}

Refusal own_item(std::int64_t item_id, std::int64_t seller_id)
{
    return {ErrorCode::own_item,
            psprintf("Item " INT64_FORMAT " is sold by user " INT64_FORMAT ".", item_id, seller_id),
            nullptr};
}

Refusal not_listed(std::int64_t item_id)
{
    return {ErrorCode::item_not_listed,
            psprintf("Item " INT64_FORMAT " is not for sale at present.", item_id), nullptr};
}

Refusal not_positive(const char *name, Datum amount)
{
    return {ErrorCode::invalid_amount,
            psprintf("%s is %s, it must be above zero.", name, pg::brief_text_of_numeric(amount)),
            nullptr};
}

Refusal quantity_below_one(std::int64_t quantity)
{
    return {ErrorCode::invalid_quantity,
            psprintf("quantity is " INT64_FORMAT ", it must be 1 or more.", quantity), nullptr};
}

Refusal null_argument(const char *name)
{
    return {ErrorCode::invalid_argument, psprintf("%s must not be null.", name), nullptr};
}

Refusal key_mismatch(const char *first_request, const char *request)
{
    return {ErrorCode::idempotency_mismatch,
            psprintf("The key was used for \"%s\", this is \"%s\".", first_request, request),
            "Use a new key for a new request."};
}

Refusal unusable_amount(ErrorCode code, const char *name, Datum amount,
                        const storage::Universe &universe)
{
    if (code == ErrorCode::invalid_amount) {
        const int decimals = universe.currency_scale;
        return {code,
                psprintf("%s is %s, which is no multiple of %s, the smallest unit of universe %d.",
                         name, pg::brief_text_of_numeric(amount), pg::text_of_minor(1, decimals),
                         universe.id),
                decimals == 0
                    ? psprintf("The currency of universe %d has no decimals.", universe.id)
                    : psprintf("The currency of universe %d has %d decimal%s.", universe.id,
                               decimals, decimals == 1 ? "" : "s")};
    }
    return {code,
            psprintf("%s is above %s, the largest amount of universe %d.", name,
                     pg::text_of_minor(PG_INT64_MAX, universe.currency_scale), universe.id),
            nullptr};
}

Refusal short_of_stock(std::int64_t item_id, std::int64_t stock, std::int64_t quantity)
{
    return {ErrorCode::insufficient_stock,
            psprintf("Item " INT64_FORMAT " has " INT64_FORMAT " left, " INT64_FORMAT
                     " are asked for.",
                     item_id, stock, quantity),
            nullptr};
}

Refusal short_of_money(std::int64_t user_id, const storage::Universe &universe,
                       std::int64_t balance_minor, std::int64_t needed_minor)
{
    return {ErrorCode::insufficient_balance,
            psprintf("User " INT64_FORMAT " has %s in universe %d, %s is needed.", user_id,
                     pg::text_of_minor(balance_minor, universe.currency_scale), universe.id,
                     pg::text_of_minor(needed_minor, universe.currency_scale)),
            nullptr};
}

Refusal house_short_of_money(const char *account, const storage::Universe &universe,
                             Datum balance_minor, std::int64_t needed_minor)
{
    const Datum balance = DirectFunctionCall2(numeric_mul, balance_minor,
                                              pg::numeric_of_minor(1, universe.currency_scale));
    return {ErrorCode::insufficient_balance,
            psprintf("Account %s of universe %d has %s, %s is needed.", account, universe.id,
                     pg::text_of_numeric(balance).data(),
                     pg::text_of_minor(needed_minor, universe.currency_scale)),
            nullptr};
}

Refusal balance_out_of_range(std::int64_t user_id)
{
    return {ErrorCode::amount_out_of_range,
            psprintf("The balance of user " INT64_FORMAT
                     " would pass the largest amount of its currency.",
                     user_id),
            nullptr};
}

Refusal stock_out_of_range(std::int64_t item_id)
{
    return {ErrorCode::amount_out_of_range,
            psprintf("The stock of item " INT64_FORMAT " would pass the largest number.", item_id),
            nullptr};
}

Refusal price_out_of_range(std::int64_t quantity, std::int64_t price_minor,
                           const storage::Universe &universe)
{
    return {ErrorCode::amount_out_of_range,
            psprintf(INT64_FORMAT " at %s is above the largest amount.", quantity,
                     pg::text_of_minor(price_minor, universe.currency_scale)),
            nullptr};
}

Refusal fee_takes_all(std::int64_t quantity, std::int64_t price_minor,
                      const domain::Share &sale_fee, const storage::Universe &universe)
{
    return {ErrorCode::invalid_amount,
            psprintf("The sale fee of universe %d, %s of " INT64_FORMAT
                     " at %s and rounded up, leaves the seller nothing.",
                     universe.id, pg::text_of_minor(sale_fee.mantissa, sale_fee.scale), quantity,
                     pg::text_of_minor(price_minor, universe.currency_scale)),
            "More pieces at once, or a higher price, leave something."};
}

Refusal unusable_conversion(ErrorCode code, std::int64_t amount_minor,
                            const storage::Universe &from, const storage::Universe &to)
{
    const bool too_little = code == ErrorCode::invalid_amount;
    const auto converted =
        domain::plan_conversion(amount_minor, storage::currency_of(from), storage::currency_of(to));
    if (too_little && converted.ok()) {
        const domain::Share &fee = to.rules.exchange_fee;
        return {code,
                psprintf("%s of universe %d is %s in universe %d, and its exchange fee, %s of that "
                         "and rounded up, leaves nothing.",
                         pg::text_of_minor(amount_minor, from.currency_scale), from.id,
                         pg::text_of_minor(converted.value, to.currency_scale), to.id,
                         pg::text_of_minor(fee.mantissa, fee.scale)),
                "A larger amount leaves something."};
    }
    return {code,
            psprintf("%s of universe %d is %s in universe %d.",
                     pg::text_of_minor(amount_minor, from.currency_scale), from.id,
                     too_little ? "less than the smallest unit" : "above the largest amount",
                     to.id),
            nullptr};
}

Refusal no_rate_yet(std::int32_t universe_id, TimestampTz at)
{
    return {ErrorCode::invalid_argument,
            psprintf("at is %s, before the first known exchange rate of universe %d.",
                     timestamptz_to_str(at), universe_id),
            "mvm.exchange_rates tells since when its rates are known."};
}

Refusal broken_rule(const domain::Settlement &settlement, std::int64_t quantity,
                    const storage::Universe &payer_universe,
                    const storage::Universe &receiver_universe)
{
    using domain::BrokenRule;
    const bool sells = quantity > 0;
    const storage::Universe &ruling = sells ? receiver_universe : payer_universe;
    const std::int64_t amount_minor =
        sells ? settlement.received_minor + settlement.fee_minor : settlement.paid_minor;
    const char *open = sells ? "trade_open" : "exchange_open";
    const char *detail = "";
    switch (settlement.rule) {
    case BrokenRule::none:
        break;
    case BrokenRule::payer_universe_closed:
        detail = psprintf("%s of universe %d is false.", open, payer_universe.id);
        break;
    case BrokenRule::receiver_universe_closed:
        detail = psprintf("%s of universe %d is false.", open, receiver_universe.id);
        break;
    case BrokenRule::route_closed:
        detail = psprintf("allowed of the route from universe %d to universe %d is false.",
                          payer_universe.id, receiver_universe.id);
        break;
    case BrokenRule::above_max_quantity:
        detail = psprintf("max_quantity of universe %d is " INT64_FORMAT ", " INT64_FORMAT
                          " are asked for.",
                          ruling.id, ruling.rules.max_quantity, quantity);
        break;
    case BrokenRule::below_min_amount:
        detail = psprintf("min_amount of universe %d is %s, the amount is %s.", ruling.id,
                          pg::text_of_minor(ruling.rules.min_amount_minor, ruling.currency_scale),
                          pg::text_of_minor(amount_minor, ruling.currency_scale));
        break;
    case BrokenRule::above_max_amount:
        detail = psprintf("max_amount of universe %d is %s, the amount is %s.", ruling.id,
                          pg::text_of_minor(ruling.rules.max_amount_minor, ruling.currency_scale),
                          pg::text_of_minor(amount_minor, ruling.currency_scale));
        break;
    }
    return {ErrorCode::rule_violation, detail, nullptr};
}

Refusal costs_too_much(std::uint64_t paid_minor, std::uint64_t limit_minor,
                       const storage::Universe &universe)
{
    return {ErrorCode::limit_exceeded,
            psprintf("The purchase costs %s, max_amount is %s.",
                     text_of_any(paid_minor, universe.currency_scale),
                     text_of_any(limit_minor, universe.currency_scale)),
            nullptr};
}

Refusal credits_too_little(std::int64_t received_minor, std::uint64_t limit_minor,
                           const storage::Universe &universe)
{
    return {ErrorCode::limit_exceeded,
            psprintf("The exchange credits %s, min_converted is %s.",
                     pg::text_of_minor(received_minor, universe.currency_scale),
                     text_of_any(limit_minor, universe.currency_scale)),
            nullptr};
}

void raise(const Refusal &refusal)
{
    pg::refuse(refusal.code, refusal.detail, refusal.hint);
}

} // namespace mvm::market
