#include "domain/netting.hpp"

#include "domain/assert.hpp"

#include <utility>

namespace mvm::domain {

namespace {

Settlement refused(ErrorCode error) noexcept
{
    Settlement settlement;
    settlement.error = error;
    return settlement;
}

Settlement broken(BrokenRule rule, const Settlement &terms) noexcept
{
    Settlement settlement = terms;
    settlement.error = ErrorCode::rule_violation;
    settlement.rule = rule;
    return settlement;
}

Settlement worse_than_limit(const Settlement &terms) noexcept
{
    Settlement settlement = terms;
    settlement.error = ErrorCode::limit_exceeded;
    return settlement;
}

// Moves the money of an order whose terms are settled.
Settlement move_money(const Settlement &terms, RunningBalance &payer,
                      RunningBalance *receiver) noexcept
{
    MVM_ASSERT(payer.balance_minor >= 0 && terms.paid_minor >= 0 && terms.received_minor >= 0);
    MVM_ASSERT(receiver == nullptr || receiver->balance_minor >= 0);
    const auto plan = plan_transfer(payer.balance_minor, terms.paid_minor,
                                    receiver == nullptr ? 0 : receiver->balance_minor,
                                    receiver == nullptr ? 0 : terms.received_minor);
    if (!plan.ok()) {
        Settlement settlement = terms;
        settlement.error = plan.error;
        settlement.available_minor = payer.balance_minor;
        return settlement;
    }
    MVM_ASSERT(plan.value.payer_balance_minor >= 0);
    payer = {plan.value.payer_balance_minor, true};
    if (receiver != nullptr) {
        *receiver = {plan.value.receiver_balance_minor, true};
    }
    return terms;
}

} // namespace

BrokenRule first_closed(bool payer_open, bool receiver_open, const RouteRules &route) noexcept
{
    if (!payer_open) {
        return BrokenRule::payer_universe_closed;
    }
    if (!receiver_open) {
        return BrokenRule::receiver_universe_closed;
    }
    return route.allowed ? BrokenRule::none : BrokenRule::route_closed;
}

Settlement settle_purchase(const PurchaseOrder &order, RunningStock &item, RunningBalance &payer,
                           RunningBalance *receiver) noexcept
{
    const BrokenRule closed =
        first_closed(order.payer_rules.trade_open, order.item_rules.trade_open, order.route);
    if (closed != BrokenRule::none) {
        return broken(closed, {});
    }
    if (order.quantity > order.item_rules.max_quantity) {
        return broken(BrokenRule::above_max_quantity, {});
    }
    const auto plan = plan_purchase({order.quantity, item.price_minor, item.stock,
                                     order.same_currency, order.payer_currency, order.item_currency,
                                     order.item_rules.sale_fee, order.route.tariff});
    if (!plan.ok()) {
        return refused(plan.error);
    }
    Settlement terms;
    terms.paid_minor = plan.value.paid_minor;
    terms.received_minor = plan.value.received_minor;
    terms.fee_minor = plan.value.fee_minor;
    terms.tariff_minor = plan.value.tariff_minor;
    const BrokenRule amount = check_amount(plan.value.price_minor(), order.item_rules);
    if (amount != BrokenRule::none) {
        return broken(amount, terms);
    }
    if (std::cmp_greater(terms.paid_minor, order.max_paid_minor)) {
        return worse_than_limit(terms);
    }
    const Settlement settlement = move_money(terms, payer, receiver);
    if (settlement.error == ErrorCode::ok) {
        MVM_ASSERT(plan.value.stock_left >= 0);
        item.stock = plan.value.stock_left;
        item.changed = true;
    }
    return settlement;
}

Settlement settle_exchange(const ExchangeOrder &order, RunningBalance &payer,
                           RunningBalance &receiver) noexcept
{
    const BrokenRule closed = first_closed(order.payer_rules.exchange_open,
                                           order.receiver_rules.exchange_open, order.route);
    if (closed != BrokenRule::none) {
        return broken(closed, {});
    }
    Settlement terms;
    terms.paid_minor = order.amount_minor;
    const BrokenRule amount = check_amount(order.amount_minor, order.payer_rules);
    if (amount != BrokenRule::none) {
        return broken(amount, terms);
    }
    const auto plan = plan_exchange(order.amount_minor, order.payer_currency,
                                    order.receiver_currency, order.receiver_rules.exchange_fee);
    if (!plan.ok()) {
        return refused(plan.error);
    }
    terms.received_minor = plan.value.received_minor;
    terms.fee_minor = plan.value.fee_minor;
    if (std::cmp_less(terms.received_minor, order.min_received_minor)) {
        return worse_than_limit(terms);
    }
    return move_money(terms, payer, &receiver);
}

} // namespace mvm::domain
