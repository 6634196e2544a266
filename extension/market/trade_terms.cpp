#include "market/trade_terms.hpp"

namespace mvm::market {

namespace {

using domain::ErrorCode;

Refusal refusal_of_exchange(const domain::Settlement &settlement, std::int64_t amount_minor,
                            std::uint64_t limit_minor, const storage::Universe &payer_universe,
                            const storage::Universe &receiver_universe)
{
    switch (settlement.error) {
    case ErrorCode::rule_violation:
        return broken_rule(settlement, 0, payer_universe, receiver_universe);
    case ErrorCode::limit_exceeded:
        return credits_too_little(settlement.received_minor, limit_minor, receiver_universe);
    default:
        return unusable_conversion(settlement.error, amount_minor, payer_universe,
                                   receiver_universe);
    }
}

Refusal refusal_of_purchase(const domain::Settlement &settlement, std::int64_t quantity,
                            std::uint64_t limit_minor, const LockedItem &item,
                            const storage::Universe &payer_universe,
                            const storage::Universe &receiver_universe)
{
    switch (settlement.error) {
    case ErrorCode::insufficient_stock:
        return short_of_stock(item.id, static_cast<std::int64_t>(item.stock), quantity);
    case ErrorCode::rule_violation:
        return broken_rule(settlement, quantity, payer_universe, receiver_universe);
    case ErrorCode::limit_exceeded:
        return costs_too_much(settlement.paid_minor, limit_minor, payer_universe);
    case ErrorCode::invalid_amount:
        return fee_takes_all(quantity, item.item.price_minor, receiver_universe.rules.sale_fee,
                             receiver_universe);
    default:
        return price_out_of_range(quantity, item.item.price_minor, receiver_universe);
    }
}

} // namespace

domain::Settlement settle(const Orders &orders, Desk &desk, int i)
{
    const Order &order = orders.orders[i];
    const OrderState &state = orders.states[i];
    storage::UniverseSet &universes = orders.universes;
    const domain::Currency &payer_currency = universes.currencies[state.payer_universe];
    const domain::Currency &receiver_currency = universes.currencies[state.receiver_universe];
    const domain::UniverseRules &payer_rules = universes.universes[state.payer_universe].rules;
    const domain::UniverseRules &receiver_rules =
        universes.universes[state.receiver_universe].rules;
    const domain::RouteRules route = storage::route_in(universes, state.route);
    if (!takes_stock(order)) {
        return domain::settle_exchange({*orders.answers[i].row.paid_minor, payer_currency,
                                        receiver_currency, payer_rules, receiver_rules, route,
                                        order.limit ? state.limit_minor : 0});
    }
    const LockedItem &item = desk.items[state.item];
    return domain::settle_purchase(
        {order.quantity, item.item.price_minor, static_cast<std::int64_t>(item.stock),
         payer_currency, receiver_currency, state.payer_universe == state.receiver_universe,
         payer_rules, receiver_rules, route, order.limit ? state.limit_minor : PG_UINT64_MAX});
}

void fill_row(const Orders &orders, int i, const domain::Settlement &terms)
{
    const OrderState &state = orders.states[i];
    storage::JournalRow &row = orders.answers[i].row;
    row.paid_minor = terms.paid_minor;
    row.from_rate = orders.universes.universes[state.payer_universe].exchange_rate;
    if (row.kind == domain::JournalKind::hold) {
        // Set aside in the buyer's currency; price, fee and tariff are settled at the capture.
        row.received_minor = terms.paid_minor;
        row.to_universe_id = row.from_universe_id;
        row.to_rate = row.from_rate;
        return;
    }
    row.received_minor = terms.received_minor;
    row.fee_minor = storage::unless_zero(terms.fee_minor);
    row.tariff_minor = storage::unless_zero(terms.tariff_minor);
    row.to_rate = orders.universes.universes[state.receiver_universe].exchange_rate;
}

Refusal refusal_of_terms(const Orders &orders, Desk &desk, int i,
                         const domain::Settlement &settlement)
{
    const Order &order = orders.orders[i];
    const OrderState &state = orders.states[i];
    const storage::Universe &payer_universe = orders.universes.universes[state.payer_universe];
    const storage::Universe &receiver_universe =
        orders.universes.universes[state.receiver_universe];
    return takes_stock(order)
               ? refusal_of_purchase(settlement, order.quantity, state.limit_minor,
                                     desk.items[state.item], payer_universe, receiver_universe)
               : refusal_of_exchange(settlement, *orders.answers[i].row.paid_minor,
                                     state.limit_minor, payer_universe, receiver_universe);
}

Refusal refusal_of_obstacle(const Orders &orders, Desk &desk, int i, const Obstacle &obstacle)
{
    const std::int64_t user_id = desk.wallets[obstacle.wallet].key.user_id;
    if (obstacle.error == ErrorCode::insufficient_balance) {
        return short_of_money(user_id, orders.universes.universes[orders.states[i].payer_universe],
                              static_cast<std::int64_t>(obstacle.available), obstacle.needed);
    }
    return balance_out_of_range(user_id);
}

} // namespace mvm::market
