#include "market/pay_from_attempt.hpp"

namespace mvm::market {

namespace {

using domain::ErrorCode;
using domain::Settlement;
using storage::JournalRow;
using storage::Universe;

JournalRow *new_row(const Deal &deal, domain::JournalKind kind, const Settlement &terms, int from,
                    int to)
{
    auto *row = pg::zeroed<JournalRow>(1);
    row->kind = kind;
    row->user_id = deal.order.user_id;
    put_client_fields(deal.order.client, *row);
    row->paid_minor = terms.paid_minor;
    row->received_minor = terms.received_minor;
    row->fee_minor = storage::unless_zero(terms.fee_minor);
    row->tariff_minor = storage::unless_zero(terms.tariff_minor);
    row->from_universe_id = deal.universe(from).id;
    row->to_universe_id = deal.universe(to).id;
    row->from_rate = deal.universe(from).exchange_rate;
    row->to_rate = deal.universe(to).exchange_rate;
    return row;
}

std::int64_t balance_of(const Deal &deal, int wallet)
{
    return static_cast<std::int64_t>(
        deal.desk().wallets[deal.wallets.data[wallet].index].balance_minor);
}

Settlement settle_exchange(const Deal &deal, int from, int to, std::int64_t amount_minor)
{
    domain::ExchangeOrder order;
    order.amount_minor = amount_minor;
    order.payer_currency = deal.universes.currencies[from];
    order.receiver_currency = deal.universes.currencies[to];
    order.payer_rules = deal.universe(from).rules;
    order.receiver_rules = deal.universe(to).rules;
    order.route = route_of(deal, from, to);
    return domain::settle_exchange(order);
}

// Exchanges all that is in the wallets before the payer's into its currency. What is worth less
// than the smallest unit of that, or not more than the fee, stays where it is.
bool gather(const Deal &deal, Attempt &attempt)
{
    const PayingWallet &payer = deal.wallets.data[attempt.payer];
    for (int i = 0; i < attempt.payer; ++i) {
        const PayingWallet &wallet = deal.wallets.data[i];
        const std::int64_t amount_minor = balance_of(deal, i);
        if (amount_minor == 0) {
            continue;
        }
        attempt.terms = settle_exchange(deal, wallet.universe, payer.universe, amount_minor);
        if (attempt.terms.error == ErrorCode::invalid_amount) {
            continue;
        }
        if (attempt.terms.error == ErrorCode::ok) {
            JournalRow *row = new_row(deal, domain::JournalKind::exchange, attempt.terms,
                                      wallet.universe, payer.universe);
            attempt.obstacle = post(deal.desk(), {row, -1, wallet.index, payer.index});
        }
        if (!attempt.made()) {
            attempt.terms.paid_minor = amount_minor;
            attempt.exchange = i;
            return false;
        }
    }
    return true;
}

Settlement settle_purchase(const Deal &deal, int payer)
{
    const int from = deal.wallets.data[payer].universe;
    domain::PurchaseOrder order;
    order.quantity = deal.order.quantity;
    order.price_minor = deal.item().price_minor;
    order.stock = static_cast<std::int64_t>(deal.desk().items[0].stock);
    order.payer_currency = deal.universes.currencies[from];
    order.item_currency = deal.universes.currencies[deal.item_universe];
    order.same_currency = from == deal.item_universe;
    order.payer_rules = deal.universe(from).rules;
    order.item_rules = deal.universe(deal.item_universe).rules;
    order.route = route_of(deal, from, deal.item_universe);
    return domain::settle_purchase(order);
}

// Posts the exchanges and the purchase, or nothing.
Attempt try_payer(const Deal &deal, int payer)
{
    Attempt attempt{};
    attempt.payer = payer;
    attempt.exchange = -1;
    const Mark mark = mark_of(deal.expiry);
    if (gather(deal, attempt)) {
        attempt.terms = settle_purchase(deal, payer);
        if (attempt.terms.error == ErrorCode::ok) {
            const PayingWallet &wallet = deal.wallets.data[payer];
            attempt.purchase = new_row(deal, domain::JournalKind::purchase, attempt.terms,
                                       wallet.universe, deal.item_universe);
            attempt.purchase->counterparty_id = deal.item().seller_id;
            attempt.purchase->item_id = deal.item().id;
            attempt.purchase->quantity = deal.order.quantity;
            put_key(deal.keyed, *attempt.purchase);
            attempt.obstacle = post(deal.desk(), {attempt.purchase, 0, wallet.index, deal.seller});
        }
    }
    if (!attempt.made()) {
        take_back(deal.expiry, mark);
    }
    return attempt;
}

// Releases holds past their time of all wallets before the payer's: what they kept is exchanged,
// too.
bool release_before(const Deal &deal, int payer)
{
    bool any = false;
    for (int i = 0; i < payer; ++i) {
        any |= release_all_money(deal.expiry, deal.wallets.data[i].index);
    }
    return any;
}

// The same, but if stock or money is missing, holds past their time are released for it: those of
// the payer's own wallet before those of the others. If the attempt fails, none is released.
Attempt try_payer_releasing(const Deal &deal, int payer)
{
    const Mark mark = mark_of(deal.expiry);
    Attempt attempt = try_payer(deal, payer);
    const auto release_own = [&] {
        return release_money(deal.expiry, deal.wallets.data[payer].index,
                             attempt.obstacle.needed -
                                 static_cast<std::int64_t>(attempt.obstacle.available));
    };
    if (attempt.lacks_stock() &&
        release_pieces(deal.expiry, 0,
                       deal.order.quantity -
                           static_cast<std::int64_t>(deal.desk().items[0].stock))) {
        attempt = try_payer(deal, payer);
    }
    if (attempt.lacks_money() && (release_own() || release_before(deal, payer))) {
        attempt = try_payer(deal, payer);
    }
    if (attempt.lacks_money() && release_own()) {
        attempt = try_payer(deal, payer);
    }
    if (!attempt.made()) {
        take_back(deal.expiry, mark);
    }
    return attempt;
}

// Raises why an exchange into the payer's wallet is refused: by a rule, or because a balance would
// pass the largest amount.
[[noreturn]] void raise_refused_exchange(const Deal &deal, const Attempt &attempt)
{
    const Universe &payer = deal.universe_of(attempt.exchange);
    const Universe &receiver = deal.universe_of(attempt.payer);
    if (attempt.obstacle.exists()) {
        raise(balance_out_of_range(deal.order.user_id));
    }
    if (attempt.terms.error == ErrorCode::rule_violation) {
        raise(broken_rule(attempt.terms, 0, payer, receiver));
    }
    raise(unusable_conversion(attempt.terms.error, attempt.terms.paid_minor, payer, receiver));
}

[[noreturn]] void raise_refused(const Deal &deal, const Attempt &attempt)
{
    if (attempt.exchange >= 0) {
        raise_refused_exchange(deal, attempt);
    }
    const std::int64_t quantity = deal.order.quantity;
    const storage::Item &item = deal.item();
    const Universe &payer = deal.universe_of(attempt.payer);
    const Universe &item_universe = deal.universe(deal.item_universe);
    const Obstacle &obstacle = attempt.obstacle;
    if (obstacle.error == ErrorCode::insufficient_balance) {
        raise(short_of_money(deal.order.user_id, payer,
                             static_cast<std::int64_t>(obstacle.available), obstacle.needed));
    }
    if (obstacle.exists()) {
        raise(balance_out_of_range(item.seller_id.value_or(deal.order.user_id)));
    }
    switch (attempt.terms.error) {
    case ErrorCode::insufficient_stock:
        raise(short_of_stock(item.id, item.stock, quantity));
    case ErrorCode::rule_violation:
        raise(broken_rule(attempt.terms, quantity, payer, item_universe));
    case ErrorCode::invalid_amount:
        raise(
            fee_takes_all(quantity, item.price_minor, item_universe.rules.sale_fee, item_universe));
    default:
        raise(price_out_of_range(quantity, item.price_minor, item_universe));
    }
}

} // namespace

domain::RouteRules route_of(const Deal &deal, int from, int to)
{
    return storage::route_in(deal.universes, storage::known_route(deal.universes, from, to));
}

Attempt require_payer(const Deal &deal)
{
    Attempt attempt{};
    for (int payer = 0; payer < deal.wallets.count; ++payer) {
        attempt = try_payer_releasing(deal, payer);
        if (attempt.made()) {
            return attempt;
        }
    }
    raise_refused(deal, attempt);
}

} // namespace mvm::market
