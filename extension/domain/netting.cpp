#include "domain/netting.hpp"

namespace mvm::domain {

namespace {

Settlement refused(ErrorCode error, const RunningBalance &payer, std::int64_t paid_minor) noexcept
{
    return {error, paid_minor, 0, payer.balance_minor};
}

// Moves the money of an order whose terms are settled.
Settlement move_money(std::int64_t paid_minor, std::int64_t received_minor, RunningBalance &payer,
                      RunningBalance *receiver) noexcept
{
    const auto plan = plan_transfer(payer.balance_minor, paid_minor,
                                    receiver == nullptr ? 0 : receiver->balance_minor,
                                    receiver == nullptr ? 0 : received_minor);
    if (!plan.ok()) {
        return refused(plan.error, payer, paid_minor);
    }
    payer = {plan.value.payer_balance_minor, true};
    if (receiver != nullptr) {
        *receiver = {plan.value.receiver_balance_minor, true};
    }
    return {ErrorCode::ok, paid_minor, received_minor, 0};
}

} // namespace

Settlement settle_purchase(std::int64_t quantity, const Currency &payer_currency,
                           const Currency &item_currency, bool same_currency, RunningStock &item,
                           RunningBalance &payer, RunningBalance *receiver) noexcept
{
    const auto plan = plan_purchase(
        {quantity, item.price_minor, item.stock, same_currency, payer_currency, item_currency});
    if (!plan.ok()) {
        return refused(plan.error, payer, 0);
    }
    const Settlement settlement =
        move_money(plan.value.paid_minor, plan.value.received_minor, payer, receiver);
    if (settlement.error == ErrorCode::ok) {
        item.stock = plan.value.stock_left;
        item.changed = true;
    }
    return settlement;
}

Settlement settle_exchange(std::int64_t amount_minor, const Currency &payer_currency,
                           const Currency &receiver_currency, RunningBalance &payer,
                           RunningBalance &receiver) noexcept
{
    const auto converted = plan_conversion(amount_minor, payer_currency, receiver_currency);
    if (!converted.ok()) {
        return refused(converted.error, payer, amount_minor);
    }
    return move_money(amount_minor, converted.value, payer, &receiver);
}

} // namespace mvm::domain
