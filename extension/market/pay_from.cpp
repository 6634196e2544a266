#include "market/pay_from.hpp"

#include "entry/expired_holds.hpp"
#include "entry/keyed_call.hpp"
#include "market/requirements.hpp"
#include "pg/numeric.hpp"
#include "pg/refusal.hpp"

namespace mvm::market {

namespace {

using domain::ErrorCode;
using domain::RunningBalance;
using domain::Settlement;
using storage::Call;
using storage::JournalRow;
using storage::UniverseSet;
using storage::WalletKey;

// A wallet of the buyer's that takes part.
struct PartWallet {
    WalletKey key;
    int universe; // index in the set
    int index;    // of the locked row
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
    storage::Item item; // the first of the locked rows
    int item_universe;
    pg::Array<PartWallet> wallets; // the buyer's, in the order of paying
    int seller;                    // index of its locked wallet; -1: a treasury
    LockedRows rows;
    ExpiredHolds expired;
    std::optional<Datum> memo; // of the purchase and its exchanges
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
// worth less than its smallest unit, or no more than the fee, stays where it is.
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

const RunningBalance &running_of(const Deal &deal, int wallet)
{
    return deal.rows.wallets.data[wallet].running;
}

Attempt try_payer(Call &call, const Deal &deal, int payer)
{
    Attempt attempt{};
    attempt.payer = payer;
    attempt.failed = -1;
    attempt.stock = deal.rows.items.data[0].running;
    for (int i = 0; i < deal.wallets.count; ++i) {
        attempt.balances[i] = running_of(deal, deal.wallets.data[i].index);
    }
    if (deal.seller >= 0) {
        attempt.seller = running_of(deal, deal.seller);
    }
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
                                               deal.seller >= 0 ? &attempt.seller : nullptr);
    return attempt;
}

// Releases holds past their time of all wallets before the payer's, as all that is there
// is exchanged.
bool release_before(Call &call, Deal &deal, int payer)
{
    bool any = false;
    for (int i = 0; i < payer; ++i) {
        any |= release_all_money(call, deal.rows, deal.expired, deal.wallets[i].index);
    }
    return any;
}

bool lacks(const Attempt &attempt, ErrorCode error)
{
    return attempt.failed < 0 && attempt.purchase.error == error;
}

// The same, where holds past their time make up for stock or money that is missing: those of
// the payer's own wallet before those of the others. An attempt that fails leaves them.
Attempt try_payer_releasing(Call &call, Deal &deal, int payer)
{
    const int released = deal.expired.released.count;
    Attempt attempt = try_payer(call, deal, payer);
    const auto release_own = [&] {
        return release_money(call, deal.rows, deal.expired, deal.wallets[payer].index,
                             attempt.purchase.paid_minor - attempt.purchase.available_minor);
    };
    if (lacks(attempt, ErrorCode::insufficient_stock) &&
        release_pieces(call, deal.rows, deal.expired, 0,
                       deal.quantity - deal.rows.items[0].running.stock)) {
        attempt = try_payer(call, deal, payer);
    }
    if (lacks(attempt, ErrorCode::insufficient_balance) &&
        (release_own() || release_before(call, deal, payer))) {
        attempt = try_payer(call, deal, payer);
    }
    if (lacks(attempt, ErrorCode::insufficient_balance) && release_own()) {
        attempt = try_payer(call, deal, payer);
    }
    if (attempt.purchase.error != ErrorCode::ok) {
        undo_releases(deal.rows, deal.expired, released);
    }
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
    raise(unusable_conversion(attempt.purchase.error,
                              attempt.balances[attempt.failed].balance_minor, payer, receiver));
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
    case ErrorCode::invalid_amount:
        raise(fee_takes_all(deal.quantity, deal.item.price_minor, item_universe.rules.sale_fee,
                            item_universe));
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
Attempt require_payer(Call &call, Deal &deal, const Order &order)
{
    Attempt attempt{};
    for (int payer = 0; payer < deal.wallets.count; ++payer) {
        attempt = try_payer_releasing(call, deal, payer);
        if (attempt.purchase.error == ErrorCode::ok) {
            return attempt;
        }
    }
    refuse(deal, order, attempt);
}

// Locks the item, the buyer's wallets and the seller's; those that are missing are made.
void lock_all(Call &call, Deal &deal, const Order &order,
              const pg::Array<std::int32_t> &universe_ids)
{
    pg::Array<WantedWallet> wanted{};
    for (int i = 0; i < universe_ids.count; ++i) {
        const WalletKey key{*order.row.user_id, universe_ids.data[i]};
        const int universe = require_universe_in(call, deal.universes, key.universe_id);
        deal.wallets.push({key, universe, -1});
        wanted.push({key, true});
    }
    const WalletKey seller{deal.item.seller_id.value_or(0), deal.item.universe_id};
    if (deal.item.seller_id) {
        wanted.push({seller, true});
    }
    lock_wallets(call, deal.rows, wanted);
    for (PartWallet &wallet : deal.wallets) {
        wallet.index = index_of_wallet(deal.rows, wallet.key);
    }
    deal.seller = deal.item.seller_id ? index_of_wallet(deal.rows, seller) : -1;
}

JournalRow row_of(const Deal &deal, domain::JournalKind kind, const Settlement &terms, int from,
                  int to)
{
    JournalRow row{};
    row.kind = kind;
    row.user_id = deal.wallets.data[0].key.user_id;
    row.memo = deal.memo;
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

// The journal rows of the deal, with the balances that they find.
JournalRow *journal_deal(Deal &deal, const Attempt &attempt, PendingJournal &journal)
{
    journal_releases(deal.rows, deal.expired, 0, journal);
    std::int64_t held_minor[paying_wallets_max];
    for (int i = 0; i < deal.wallets.count; ++i) {
        held_minor[i] = running_of(deal, deal.wallets[i].index).balance_minor;
    }
    const auto append = [&](const JournalRow &values) {
        auto *row = static_cast<JournalRow *>(palloc(sizeof(JournalRow)));
        *row = values;
        journal.rows.push(row);
        return row;
    };
    const PartWallet &payer = deal.wallets[attempt.payer];
    for (int i = 0; i < attempt.payer; ++i) {
        const Settlement &terms = attempt.exchanges[i];
        if (terms.error == ErrorCode::ok) {
            const JournalRow *row = append(row_of(deal, domain::JournalKind::exchange, terms,
                                                  deal.wallets[i].universe, payer.universe));
            count_movement(deal.rows, journal, deal.wallets[i].index, row, held_minor[i]);
            count_movement(deal.rows, journal, payer.index, row, held_minor[attempt.payer]);
            held_minor[attempt.payer] += terms.received_minor;
        }
    }
    JournalRow *row = append(row_of(deal, domain::JournalKind::purchase, attempt.purchase,
                                    payer.universe, deal.item_universe));
    row->counterparty_id = deal.item.seller_id;
    row->item_id = deal.item.id;
    row->quantity = deal.quantity;
    count_movement(deal.rows, journal, payer.index, row, held_minor[attempt.payer]);
    if (deal.seller >= 0) {
        count_movement(deal.rows, journal, deal.seller, row,
                       running_of(deal, deal.seller).balance_minor);
    }
    return row;
}

JournalRow write_deal(Call &call, Deal &deal, const Attempt &attempt, KeyedCall &keyed)
{
    PendingJournal journal{};
    const JournalRow *row = journal_deal(deal, attempt, journal);
    deal.rows.items[0].running = attempt.stock;
    for (int i = 0; i < deal.wallets.count; ++i) {
        deal.rows.wallets[deal.wallets[i].index].running = attempt.balances[i];
    }
    if (deal.seller >= 0) {
        deal.rows.wallets[deal.seller].running = attempt.seller;
    }
    // From here only I/O can fail.
    storage::advance_command(call);
    write_rows(call, deal.rows);
    write_releases(call, deal.expired);
    journal_keyed_call(call, keyed, deal.rows, journal);
    return *row;
}

const char *canonical_request(const Order &order, const pg::Array<std::int32_t> &universe_ids)
{
    const char *request = psprintf(
        "purchase item_id=" INT64_FORMAT " quantity=" INT64_FORMAT " pay_from=", *order.row.item_id,
        *order.row.quantity);
    for (int i = 0; i < universe_ids.count; ++i) {
        request = psprintf("%s%s%d", request, i == 0 ? "" : ",", universe_ids.data[i]);
    }
    if (order.limit) {
        request = psprintf("%s max_amount_minor=" UINT64_FORMAT, request, order.limit_minor);
    }
    return with_memo(request, order.row.memo);
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

// The item as it is when it is locked.
storage::Item require_locked_item(Call &call, LockedRows &rows, std::int64_t item_id)
{
    pg::Array<std::int64_t> items{};
    items.push(item_id);
    lock_items(call, rows, items);
    if (!rows.items[0].found) {
        raise(no_item(item_id));
    }
    return rows.items[0].item;
}

} // namespace

JournalRow buy_from_wallets(Call &call, UniverseSet &universes, const Order &order_asked,
                            const pg::Array<std::int32_t> &universe_ids)
{
    Order order = order_asked;
    std::int32_t home_id = require_user(call, *order.row.user_id).universe_id;
    Deal deal{universes, *order.row.quantity, {}, 0, {}, -1, {}, {}, order.row.memo};
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

    deal.item = require_locked_item(call, deal.rows, *order.row.item_id);
    require_for_sale(order, deal.item);
    order.seller_id = deal.item.seller_id;
    deal.item_universe = require_universe_in(call, universes, deal.item.universe_id);
    lock_all(call, deal, order, universe_ids);
    // Rates, rules, routes and the home are of the moment at which all is locked.
    if (storage::go_on_from_now(call)) {
        storage::read_universes_again(call, universes);
        home_id = require_user(call, *order.row.user_id).universe_id;
    }
    require_open_home(call, deal, home_id);
    require_within_limit(call, deal, order);
    const Attempt attempt = require_payer(call, deal, order);
    return write_deal(call, deal, attempt, keyed);
}

} // namespace mvm::market
