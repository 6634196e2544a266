#include "entry/pay_from.hpp"

#include <algorithm>

#include "entry/keyed_call.hpp"
#include "entry/requirements.hpp"
#include "pg/numeric.hpp"
#include "pg/refusal.hpp"

namespace mvm::entry {

namespace {

using domain::ErrorCode;
using domain::RunningBalance;
using domain::Settlement;
using storage::Call;
using storage::JournalRow;
using storage::UniverseSet;
using storage::WalletKey;

// A wallet that takes part: one of the buyer's in the order of paying, or the seller's.
struct PartWallet {
    WalletKey key;
    int universe; // index in the set
    bool created;
    storage::Wallet wallet;
    RunningBalance running;
};

// What a purchase paid in the currency of one of the wallets comes to.
struct Attempt {
    Settlement exchanges[paying_wallets_max]; // of the wallets before it; error ok: made
    Settlement purchase;
    int payer;  // the wallet that pays what is left
    int failed; // the wallet whose exchange is refused, with `purchase` as its terms; -1: none
    domain::RunningStock stock;
    RunningBalance balances[paying_wallets_max];
    RunningBalance seller;
};

struct Deal {
    UniverseSet &universes;
    std::int64_t quantity;
    storage::Item item;
    int item_universe;
    bool has_seller;
    pg::Array<PartWallet> wallets; // the buyer's, in the order of paying
    PartWallet seller;
};

const domain::UniverseRules &rules_of(const Deal &deal, int universe)
{
    return deal.universes.universes.data[universe].rules;
}

const domain::Currency &currency_of(const Deal &deal, int universe)
{
    return deal.universes.currencies.data[universe];
}

// Exchanges all that is in the wallets before `payer` into its currency. What is
// worth less than its smallest unit stays where it is.
bool gather(Call &call, const Deal &deal, int payer, Attempt &attempt)
{
    const int to = deal.wallets.data[payer].universe;
    for (int i = 0; i < payer; ++i) {
        attempt.exchanges[i].error = ErrorCode::invalid_amount;
        if (attempt.balances[i].balance_minor == 0) {
            continue;
        }
        const int from = deal.wallets.data[i].universe;
        domain::ExchangeOrder order;
        order.amount_minor = attempt.balances[i].balance_minor;
        order.payer_currency = currency_of(deal, from);
        order.receiver_currency = currency_of(deal, to);
        order.payer_rules = rules_of(deal, from);
        order.receiver_rules = rules_of(deal, to);
        order.route = storage::route_in(call, deal.universes, from, to);
        attempt.exchanges[i] =
            domain::settle_exchange(order, attempt.balances[i], attempt.balances[payer]);
        if (attempt.exchanges[i].error != ErrorCode::ok &&
            attempt.exchanges[i].error != ErrorCode::invalid_amount) {
            attempt.failed = i;
            attempt.purchase = attempt.exchanges[i];
            return false;
        }
    }
    return true;
}

Attempt try_payer(Call &call, const Deal &deal, int payer)
{
    Attempt attempt{};
    attempt.payer = payer;
    attempt.failed = -1;
    attempt.stock = {deal.item.price_minor, deal.item.stock, false};
    for (int i = 0; i < deal.wallets.count; ++i) {
        attempt.balances[i] = deal.wallets.data[i].running;
    }
    attempt.seller = deal.seller.running;
    if (!gather(call, deal, payer, attempt)) {
        return attempt;
    }
    domain::PurchaseOrder order;
    order.quantity = deal.quantity;
    const int from = deal.wallets.data[payer].universe;
    order.payer_currency = currency_of(deal, from);
    order.item_currency = currency_of(deal, deal.item_universe);
    order.same_currency = from == deal.item_universe;
    order.payer_rules = rules_of(deal, from);
    order.item_rules = rules_of(deal, deal.item_universe);
    order.route = storage::route_in(call, deal.universes, from, deal.item_universe);
    attempt.purchase = domain::settle_purchase(order, attempt.stock, attempt.balances[payer],
                                               deal.has_seller ? &attempt.seller : nullptr);
    return attempt;
}

// An exchange into the payer's wallet that is refused: by a rule, or because it
// would pass the largest amount.
[[noreturn]] void refuse_exchange(const Deal &deal, const Order &order, const Attempt &attempt)
{
    const PartWallet &from = deal.wallets.data[attempt.failed];
    const storage::Universe &payer = deal.universes.universes.data[from.universe];
    const storage::Universe &receiver =
        deal.universes.universes.data[deal.wallets.data[attempt.payer].universe];
    if (attempt.purchase.error == ErrorCode::rule_violation) {
        raise(broken_rule(attempt.purchase, 0, payer, receiver));
    }
    if (attempt.purchase.received_minor > 0) {
        raise(balance_out_of_range(*order.row.user_id));
    }
    raise(unusable_conversion(attempt.purchase.error, from.running.balance_minor, payer, receiver));
}

[[noreturn]] void refuse(const Deal &deal, const Order &order, const Attempt &attempt)
{
    if (attempt.failed >= 0) {
        refuse_exchange(deal, order, attempt);
    }
    const storage::Universe &payer =
        deal.universes.universes.data[deal.wallets.data[attempt.payer].universe];
    const storage::Universe &item_universe = deal.universes.universes.data[deal.item_universe];
    const Settlement &terms = attempt.purchase;
    switch (terms.error) {
    case ErrorCode::insufficient_balance:
        raise(short_of_money(*order.row.user_id, payer, terms.available_minor, terms.paid_minor));
    case ErrorCode::insufficient_stock:
        raise(short_of_stock(deal.item.id, deal.item.stock, deal.quantity));
    case ErrorCode::rule_violation:
        raise(broken_rule(terms, deal.quantity, payer, item_universe));
    default:
        if (terms.received_minor > 0) {
            raise(balance_out_of_range(order.seller_id.value_or(*order.row.user_id)));
        }
        raise(price_out_of_range(deal.quantity, deal.item.price_minor, item_universe));
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

// The buyer's limit is on what the purchase costs in the last wallet's currency, whichever
// wallet pays, and also where the last one may not or cannot. A price beyond 64 bits is for
// the attempts to refuse.
void require_within_limit(Call &call, const Deal &deal, const Order &order)
{
    if (!order.limit || order.limit_minor >= PG_INT64_MAX ||
        !domain::multiply_price(deal.item.price_minor, deal.quantity).ok()) {
        return;
    }
    const int last = deal.wallets.data[deal.wallets.count - 1].universe;
    domain::PurchaseTerms terms;
    terms.quantity = deal.quantity;
    terms.price_minor = deal.item.price_minor;
    terms.stock = PG_INT64_MAX;
    terms.same_currency = last == deal.item_universe;
    terms.buyer_currency = currency_of(deal, last);
    terms.item_currency = currency_of(deal, deal.item_universe);
    terms.tariff = storage::route_in(call, deal.universes, last, deal.item_universe).tariff;
    const auto plan = domain::plan_purchase(terms);
    const std::uint64_t cost_minor = plan.ok() ? static_cast<std::uint64_t>(plan.value.paid_minor)
                                               : PG_UINT64_MAX; // beyond the largest amount
    if (cost_minor > order.limit_minor) {
        raise(costs_too_much(cost_minor, order.limit_minor, deal.universes.universes.data[last]));
    }
}

// Whose people may not buy may not do so from other wallets either.
void require_open_home(Call &call, const Deal &deal, std::int32_t home_id)
{
    const int home = require_universe_in(call, deal.universes, home_id);
    if (!rules_of(deal, home).trade_open) {
        Settlement closed;
        closed.rule = domain::BrokenRule::payer_universe_closed;
        raise(broken_rule(closed, deal.quantity, deal.universes.universes.data[home],
                          deal.universes.universes.data[deal.item_universe]));
    }
}

// The first wallet that can pay with what the ones before it have.
Attempt require_payer(Call &call, const Deal &deal, const Order &order)
{
    Attempt attempt{};
    for (int payer = 0; payer < deal.wallets.count; ++payer) {
        attempt = try_payer(call, deal, payer);
        if (attempt.purchase.error == ErrorCode::ok) {
            return attempt;
        }
    }
    refuse(deal, order, attempt);
}

// The wallets of the buyer in the order of paying, and the seller's; none is locked yet.
void name_wallets(Deal &deal, const Order &order, const pg::Array<std::int32_t> &universe_ids)
{
    for (int i = 0; i < universe_ids.count; ++i) {
        PartWallet wallet{};
        wallet.key = {*order.row.user_id, universe_ids.data[i]};
        deal.wallets.push(wallet);
    }
    deal.has_seller = deal.item.seller_id.has_value();
    deal.seller.key = {deal.item.seller_id.value_or(0), deal.item.universe_id};
}

// Made in this transaction, as by the release of holds just before, and never credited.
bool is_unused(const storage::Wallet &wallet)
{
    return wallet.version == 1 && wallet.balance_minor == 0 &&
           TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(wallet.row->t_data));
}

// Locks all of them in the global order; those that are missing are made.
void lock_all(Call &call, Deal &deal, std::int32_t home_id)
{
    pg::Array<PartWallet *> order{};
    for (PartWallet &wallet : deal.wallets) {
        order.push(&wallet);
    }
    if (deal.has_seller) {
        order.push(&deal.seller);
    }
    std::sort(order.begin(), order.end(),
              [](const PartWallet *a, const PartWallet *b) { return a->key < b->key; });
    for (PartWallet *wallet : order) {
        CHECK_FOR_INTERRUPTS();
        wallet->wallet = storage::lock_or_create_wallet(call, wallet->key.user_id,
                                                        wallet->key.universe_id, wallet->created);
        wallet->running = {wallet->wallet.balance_minor, false};
    }
    for (PartWallet &wallet : deal.wallets) {
        wallet.created |= wallet.key.universe_id != home_id && is_unused(wallet.wallet);
    }
}

void take_back_unused(Call &call, const PartWallet &wallet, const RunningBalance &balance)
{
    if (wallet.created && !balance.changed) {
        storage::delete_wallet(call, wallet.wallet);
    }
}

void write_wallet(Call &call, PartWallet &wallet, const RunningBalance &balance)
{
    if (balance.changed) {
        storage::update_balance(call, wallet.wallet, balance.balance_minor);
    }
}

JournalRow row_of(const Deal &deal, domain::JournalKind kind, const Settlement &terms, int from,
                  int to)
{
    JournalRow row{};
    row.kind = kind;
    row.user_id = deal.wallets.data[0].key.user_id;
    row.paid_minor = terms.paid_minor;
    row.received_minor = terms.received_minor;
    row.fee_minor = storage::unless_zero(terms.fee_minor);
    row.tariff_minor = storage::unless_zero(terms.tariff_minor);
    row.from_universe_id = deal.universes.universes.data[from].id;
    row.to_universe_id = deal.universes.universes.data[to].id;
    row.from_rate = deal.universes.universes.data[from].exchange_rate;
    row.to_rate = deal.universes.universes.data[to].exchange_rate;
    return row;
}

JournalRow write_deal(Call &call, Deal &deal, const Attempt &attempt, KeyedCall &keyed)
{
    storage::advance_command(call);
    storage::update_stock(call, deal.item, attempt.stock.stock);
    // First what goes again: nobody has heard of it yet.
    for (int i = 0; i < deal.wallets.count; ++i) {
        take_back_unused(call, deal.wallets[i], attempt.balances[i]);
    }
    if (deal.has_seller) {
        take_back_unused(call, deal.seller, attempt.seller);
    }
    for (int i = 0; i < deal.wallets.count; ++i) {
        write_wallet(call, deal.wallets[i], attempt.balances[i]);
    }
    if (deal.has_seller) {
        write_wallet(call, deal.seller, attempt.seller);
    }
    const int payer_universe = deal.wallets[attempt.payer].universe;
    for (int i = 0; i < attempt.payer; ++i) {
        if (attempt.exchanges[i].error == ErrorCode::ok) {
            JournalRow exchange = row_of(deal, domain::JournalKind::exchange, attempt.exchanges[i],
                                         deal.wallets[i].universe, payer_universe);
            storage::append_journal(call, exchange);
        }
    }
    JournalRow purchase = row_of(deal, domain::JournalKind::purchase, attempt.purchase,
                                 payer_universe, deal.item_universe);
    purchase.counterparty_id = deal.item.seller_id;
    purchase.item_id = deal.item.id;
    purchase.quantity = deal.quantity;
    journal_keyed_call(call, keyed, purchase);
    return purchase;
}

const char *canonical_request(const Order &order, const pg::Array<std::int32_t> &universe_ids)
{
    const char *request = psprintf(
        "purchase item_id=" INT64_FORMAT " quantity=" INT64_FORMAT " pay_from=", *order.row.item_id,
        *order.row.quantity);
    for (int i = 0; i < universe_ids.count; ++i) {
        request = psprintf("%s%s%d", request, i == 0 ? "" : ",", universe_ids.data[i]);
    }
    return order.limit ? psprintf("%s max_amount_minor=" UINT64_FORMAT, request, order.limit_minor)
                       : request;
}

void require_for_sale(const Order &order, const storage::Item &item)
{
    if (item.seller_id == order.row.user_id) {
        raise(own_item(item.id, *order.row.user_id));
    }
    if (!item.listed) {
        raise(not_listed(item.id));
    }
}

// Releases holds past their time that keep money from any of the wallets.
void release_expired(Call &call, const Deal &deal)
{
    pg::Array<WalletKey> all{};
    for (int i = 0; i < deal.wallets.count; ++i) {
        all.push(deal.wallets.data[i].key);
    }
    if (deal.has_seller) {
        all.push(deal.seller.key);
    }
    release_expired_of(call, all[0].user_id, std::nullopt, deal.item.id, true, all);
}

} // namespace

JournalRow buy_from_wallets(Call &call, UniverseSet &universes, const Order &order_asked,
                            const pg::Array<std::int32_t> &universe_ids)
{
    Order order = order_asked;
    const std::int32_t home_id = require_user(call, *order.row.user_id).universe_id;
    Deal deal{universes, *order.row.quantity, {}, 0, false, {}, {}};
    for (int i = 0; i < universe_ids.count; ++i) {
        require_universe_in(call, universes, universe_ids.data[i]);
    }
    if (order.limit) {
        const int last =
            require_universe_in(call, universes, universe_ids.data[universe_ids.count - 1]);
        order.limit_minor = domain::limit_from_decimal(
            pg::text_of_numeric(*order.limit), universes.universes[last].currency_scale, false);
    }
    KeyedCall keyed = begin_keyed_call(call, *order.row.user_id, order.key,
                                       canonical_request(order, universe_ids));
    if (keyed.answered) {
        return keyed.first_answer;
    }

    // Seen first: whose wallet is to be locked with the holds that stand in the way.
    if (!storage::find_item(call, *order.row.item_id, deal.item)) {
        raise(no_item(*order.row.item_id));
    }
    name_wallets(deal, order, universe_ids);
    release_expired(call, deal);
    if (!storage::lock_item(call, *order.row.item_id, deal.item)) {
        raise(no_item(*order.row.item_id));
    }
    require_for_sale(order, deal.item);
    order.seller_id = deal.item.seller_id;
    deal.item_universe = require_universe_in(call, universes, deal.item.universe_id);
    lock_all(call, deal, home_id);
    for (PartWallet &wallet : deal.wallets) {
        wallet.universe = require_universe_in(call, universes, wallet.key.universe_id);
    }
    require_open_home(call, deal, home_id);
    require_within_limit(call, deal, order);
    const Attempt attempt = require_payer(call, deal, order);
    // From here only I/O can fail.
    return write_deal(call, deal, attempt, keyed);
}

} // namespace mvm::entry
