#include "domain/settlement.hpp"

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

Settlement settle_purchase(const PurchaseOrder &order) noexcept
{
    const BrokenRule closed =
        first_closed(order.payer_rules.trade_open, order.item_rules.trade_open, order.route);
    if (closed != BrokenRule::none) {
        return broken(closed, {});
    }
    if (order.quantity > order.item_rules.max_quantity) {
        return broken(BrokenRule::above_max_quantity, {});
    }
    const auto plan = plan_purchase({order.quantity, order.price_minor, order.stock,
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
    return terms;
}

Settlement settle_exchange(const ExchangeOrder &order) noexcept
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
    return terms;
}

} // namespace mvm::domain
