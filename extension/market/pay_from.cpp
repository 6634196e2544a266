#include "market/pay_from.hpp"

#include "domain/assert.hpp"
#include "market/expiry.hpp"
#include "market/keys.hpp"
#include "market/requirements.hpp"
#include "pg/numeric.hpp"

namespace mvm::market {

namespace {

using domain::ErrorCode;
using domain::Settlement;
using storage::Call;
using storage::JournalRow;
using storage::Universe;
using storage::UniverseSet;
using storage::WalletKey;

// One of the buyer's wallets to pay from.
struct PayingWallet {
    WalletKey key;
    int universe; // index in the set
    int index;    // of the locked row
};

// What has come of the attempt to pay from one of the wallets.
struct Attempt {
    Settlement terms;  // of the purchase, or of the exchange that is refused
    Obstacle obstacle; // to posting it
    int payer;         // index of the wallet that pays the price
    int exchange;      // index of the wallet whose exchange is refused; -1: none
    JournalRow *purchase;

    bool made() const { return terms.error == ErrorCode::ok && !obstacle.exists(); }
    bool lacks_stock() const
    {
        return exchange < 0 && terms.error == ErrorCode::insufficient_stock;
    }
    bool lacks_money() const
    {
        return exchange < 0 && obstacle.error == ErrorCode::insufficient_balance;
    }
};

struct Deal {
    UniverseSet &universes;
    const Order &order;
    std::uint64_t limit_minor; // where there is a limit
    const KeyedCall &keyed;
    Expiry &expiry; // its desk has the item at index 0
    int item_universe;
    pg::Array<PayingWallet> wallets; // the buyer's, in the order of paying
    int seller;                      // index of its locked wallet; -1: a treasury

    Desk &desk() const { return expiry.desk; }
    const storage::Item &item() const { return desk().items.data[0].item; }
    const Universe &universe(int index) const { return universes.universes.data[index]; }
    const Universe &universe_of(int wallet) const
    {
        return universe(wallets.data[wallet].universe);
    }
};

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

domain::RouteRules route_of(const Deal &deal, int from, int to)
{
    return storage::route_in(deal.universes, storage::known_route(deal.universes, from, to));
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

int require_universe_in(Call &call, UniverseSet &universes, std::int32_t universe_id)
{
    const int index = storage::universe_in(call, universes, universe_id);
    if (index < 0) {
        raise(no_universe(universe_id));
    }
    return index;
}

// The buyer's limit is compared with what the purchase costs in the last wallet's currency,
// whichever wallet pays. A price beyond 64 bits is refused later, by the attempts.
void require_within_limit(const Deal &deal)
{
    if (!deal.order.limit || deal.limit_minor >= PG_INT64_MAX ||
        !domain::multiply_price(deal.item().price_minor, deal.order.quantity).ok()) {
        return;
    }
    const int last = deal.wallets.data[deal.wallets.count - 1].universe;
    domain::PurchaseTerms terms;
    terms.quantity = deal.order.quantity;
    terms.price_minor = deal.item().price_minor;
    terms.stock = PG_INT64_MAX;
    terms.same_currency = last == deal.item_universe;
    terms.buyer_currency = deal.universes.currencies[last];
    terms.item_currency = deal.universes.currencies[deal.item_universe];
    terms.tariff = route_of(deal, last, deal.item_universe).tariff;
    const auto plan = domain::plan_purchase(terms);
    const std::uint64_t cost_minor = plan.ok() ? static_cast<std::uint64_t>(plan.value.paid_minor)
                                               : PG_UINT64_MAX; // beyond the largest amount
    if (cost_minor > deal.limit_minor) {
        raise(costs_too_much(cost_minor, deal.limit_minor, deal.universe(last)));
    }
}

// A buyer whose home is closed for trade may not pay from other wallets either.
void require_open_home(const Deal &deal, int home)
{
    if (!deal.universe(home).rules.trade_open) {
        Settlement closed;
        closed.rule = domain::BrokenRule::payer_universe_closed;
        raise(broken_rule(closed, deal.order.quantity, deal.universe(home),
                          deal.universe(deal.item_universe)));
    }
}

// The attempt of the first wallet that can pay, with what is in the ones before it.
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

// Locks the buyer's wallets and the seller's. Those that are missing are made.
void lock_deal_wallets(Call &call, Deal &deal, const pg::Array<std::int32_t> &universe_ids)
{
    pg::Array<WantedWallet> wanted{};
    for (int i = 0; i < universe_ids.count; ++i) {
        const WalletKey key{deal.order.user_id, universe_ids.data[i]};
        deal.wallets.push({key, require_universe_in(call, deal.universes, key.universe_id), -1});
        wanted.push({key, true});
    }
    const WalletKey seller{deal.item().seller_id.value_or(0), deal.item().universe_id};
    if (deal.item().seller_id) {
        wanted.push({seller, true});
    }
    lock_wallets(deal.desk(), wanted);
    for (PayingWallet &wallet : deal.wallets) {
        wallet.index = index_of_wallet(deal.desk(), wallet.key);
    }
    deal.seller = deal.item().seller_id ? index_of_wallet(deal.desk(), seller) : -1;
}

// Reads rates, rules, routes and the home as they are once all is locked; after that only the table
// of holds is read. The home's index.
int read_terms(Call &call, Deal &deal)
{
    if (storage::go_on_from_now(call)) {
        storage::read_universes_again(call, deal.universes);
    }
    const int home = require_universe_in(call, deal.universes,
                                         require_user(call, deal.order.user_id).universe_id);
    for (int i = 0; i < deal.wallets.count; ++i) {
        const int from = deal.wallets[i].universe;
        storage::route_between(call, deal.universes, from, deal.item_universe);
        for (int payer = i + 1; payer < deal.wallets.count; ++payer) {
            storage::route_between(call, deal.universes, from, deal.wallets[payer].universe);
        }
    }
    return home;
}

const char *canonical_request(const Order &order, std::uint64_t limit_minor,
                              const pg::Array<std::int32_t> &universe_ids)
{
    const char *request = psprintf(
        "purchase item_id=" INT64_FORMAT " quantity=" INT64_FORMAT " pay_from=", order.item_id,
        order.quantity);
    for (int i = 0; i < universe_ids.count; ++i) {
        request = psprintf("%s%s%d", request, i == 0 ? "" : ",", universe_ids.data[i]);
    }
    if (order.limit) {
        request = psprintf("%s max_amount_minor=" UINT64_FORMAT, request, limit_minor);
    }
    return with_client_fields(request, order.client);
}

// Locks the item, which gets index 0 at the desk.
void lock_for_sale(Desk &desk, const Order &order)
{
    if (lock_item(desk, order.item_id) < 0) {
        raise(no_item(order.item_id));
    }
    const storage::Item &item = desk.items[0].item;
    if (item.seller_id == order.user_id) {
        raise(own_item(item.id, order.user_id));
    }
    if (!item.listed) {
        raise(not_listed(item.id));
    }
}

} // namespace

JournalRow buy_from_wallets(Call &call, UniverseSet &universes, const Order &order,
                            const pg::Array<std::int32_t> &universe_ids)
{
    MVM_ASSERT(universe_ids.count >= 1 && universe_ids.count <= paying_wallets_max);
    require_user(call, order.user_id);
    int last = -1;
    for (int i = 0; i < universe_ids.count; ++i) {
        last = require_universe_in(call, universes, universe_ids.data[i]);
    }
    std::uint64_t limit_minor = 0;
    if (order.limit) {
        limit_minor = domain::limit_from_decimal(pg::text_of_numeric(*order.limit),
                                                 universes.universes[last].currency_scale, false);
    }
    const KeyedCall keyed = begin_keyed_call(call, order.user_id, order.client.key,
                                             canonical_request(order, limit_minor, universe_ids));
    if (keyed.answered) {
        return keyed.first_answer;
    }

    Desk desk{call};
    lock_for_sale(desk, order);
    Expiry expiry{desk};
    Deal deal{universes, order, limit_minor, keyed, expiry, -1, {}, -1};
    deal.item_universe = require_universe_in(call, universes, deal.item().universe_id);
    lock_deal_wallets(call, deal, universe_ids);
    require_open_home(deal, read_terms(call, deal));
    require_within_limit(deal);
    const Attempt attempt = require_payer(deal);

    write(expiry);
    end_keyed_call(call, keyed, *attempt.purchase);
    return *attempt.purchase;
}

} // namespace mvm::market
