#include "entry/orders.hpp"

#include <algorithm>

#include "domain/netting.hpp"
#include "entry/arguments.hpp"
#include "pg/numeric.hpp"
#include "storage/balance_snapshot.hpp"
#include "storage/user_account.hpp"

namespace mvm::entry {

namespace {

using domain::ErrorCode;
using domain::JournalKind;
using storage::Call;
using storage::UniverseSet;
using storage::WalletKey;

// ---------------------------------------------------------------------------
// Who acts
// ---------------------------------------------------------------------------

struct Home {
    std::int64_t user_id;
    std::int32_t universe_id; // 0: there is no such user
};

bool by_user(const Home &a, const Home &b)
{
    return a.user_id < b.user_id;
}

bool same_user(const Home &a, const Home &b)
{
    return a.user_id == b.user_id;
}

// Each user once, in the order of their ids.
pg::Array<Home> find_homes(Call &call, Order *orders, int count)
{
    pg::Array<Home> homes{};
    for (int i = 0; i < count; ++i) {
        if (!orders[i].answered) {
            homes.push({*orders[i].row.user_id, 0});
        }
    }
    std::sort(homes.begin(), homes.end(), by_user);
    homes.count =
        static_cast<int>(std::unique(homes.begin(), homes.end(), same_user) - homes.begin());
    for (Home &home : homes) {
        CHECK_FOR_INTERRUPTS();
        storage::UserAccount user;
        if (storage::find_user(call, home.user_id, user)) {
            home.universe_id = user.universe_id;
        }
    }
    return homes;
}

std::int32_t home_of(pg::Array<Home> &homes, std::int64_t user_id)
{
    return std::lower_bound(homes.begin(), homes.end(), Home{user_id, 0}, by_user)->universe_id;
}

// ---------------------------------------------------------------------------
// What they ask for
// ---------------------------------------------------------------------------

// The universes and the amount of an exchange, in the order of docs/rules.md.
void resolve_exchange(Call &call, UniverseSet &universes, Order &order)
{
    const std::int32_t from_id = order.row.from_universe_id;
    const std::int32_t to_id = order.row.to_universe_id;
    order.payer_universe = storage::universe_in(call, universes, from_id);
    order.receiver_universe = storage::universe_in(call, universes, to_id);
    if (order.payer_universe < 0) {
        return refuse_order(order, no_universe(from_id));
    }
    if (order.receiver_universe < 0) {
        return refuse_order(order, no_universe(to_id));
    }
    if (from_id == to_id) {
        return refuse_order(order, same_universe(from_id));
    }
    const storage::Universe &from = universes.universes[order.payer_universe];
    const auto amount_minor =
        domain::amount_from_decimal(pg::text_of_numeric(order.amount), from.currency_scale);
    if (!amount_minor.ok()) {
        return refuse_order(order,
                            unusable_amount(amount_minor.error, "amount", order.amount, from));
    }
    order.row.paid_minor = amount_minor.value;
    if (order.limit) {
        order.limit_minor = domain::limit_from_decimal(
            pg::text_of_numeric(*order.limit),
            universes.universes[order.receiver_universe].currency_scale, true);
    }
}

// A purchase is paid from home, and limited in that currency.
void resolve_purchase_at_home(Call &call, UniverseSet &universes, Order &order, std::int32_t home)
{
    order.row.from_universe_id = home;
    if (order.limit) {
        const int index = storage::universe_in(call, universes, home);
        if (index < 0) {
            return refuse_order(order, no_universe(home));
        }
        order.limit_minor = domain::limit_from_decimal(
            pg::text_of_numeric(*order.limit), universes.universes[index].currency_scale, false);
    }
}

void resolve_requests(Call &call, UniverseSet &universes, pg::Array<Home> &homes, Order *orders,
                      int count)
{
    for (int i = 0; i < count; ++i) {
        CHECK_FOR_INTERRUPTS();
        Order &order = orders[i];
        if (order.answered) {
            continue;
        }
        const std::int32_t home = home_of(homes, *order.row.user_id);
        if (home == 0) {
            refuse_order(order, no_user(*order.row.user_id));
        } else if (order.row.kind == JournalKind::exchange) {
            resolve_exchange(call, universes, order);
        } else {
            resolve_purchase_at_home(call, universes, order, home);
        }
    }
}

// ---------------------------------------------------------------------------
// Idempotency keys
// ---------------------------------------------------------------------------

const char *canonical_request(const Order &order)
{
    const storage::JournalRow &row = order.row;
    const bool exchanges = row.kind == JournalKind::exchange;
    const char *limit = "";
    if (order.limit) {
        limit = psprintf(" %s=" UINT64_FORMAT,
                         exchanges ? "min_converted_minor" : "max_amount_minor", order.limit_minor);
    }
    if (exchanges) {
        return psprintf("exchange amount_minor=" INT64_FORMAT
                        " from_universe_id=%d to_universe_id=%d%s",
                        *row.paid_minor, row.from_universe_id, row.to_universe_id, limit);
    }
    return psprintf("%s item_id=" INT64_FORMAT " quantity=" INT64_FORMAT "%s",
                    domain::name_of(row.kind), *row.item_id, *row.quantity, limit);
}

// Answers an order whose key an earlier call has used.
void replay(Call &call, Order &order, const storage::IdempotencyKey &used)
{
    const char *first_request = TextDatumGetCString(used.request);
    if (strcmp(first_request, order.request) != 0) {
        refuse_order(order, key_mismatch(first_request, order.request));
    } else if (used.refusal != nullptr) {
        refuse_order(order,
                     {domain::find_error_by_name(used.refusal), used.refusal_detail, nullptr});
        order.replayed = true;
    } else if (storage::find_journal(call, *used.transaction_id, order.row)) {
        order.answered = true;
        order.replayed = true;
    } else {
        refuse_order(order, no_transaction(*used.transaction_id));
    }
}

struct KeyedOrder {
    std::int64_t user_id;
    std::string_view key; // in the argument: keys may be large
    int order;
};

int compare_keys(const KeyedOrder &a, const KeyedOrder &b)
{
    if (a.user_id != b.user_id) {
        return a.user_id < b.user_id ? -1 : 1;
    }
    return a.key.compare(b.key);
}

// Claims every key once, in the order (user, key). A new key that stands twice in
// the batch belongs to its first order; the others are answered when that one is.
// Of a used key every order is a repeat.
void claim_keys(Call &call, Order *orders, int count, pg::Array<storage::IdempotencyKey> &claims)
{
    pg::Array<KeyedOrder> keyed{};
    for (int i = 0; i < count; ++i) {
        if (!orders[i].answered && orders[i].key) {
            CHECK_FOR_INTERRUPTS();
            orders[i].request = canonical_request(orders[i]);
            keyed.push({*orders[i].row.user_id, view_of(*orders[i].key), i});
        }
    }
    std::sort(keyed.begin(), keyed.end(), [](const KeyedOrder &a, const KeyedOrder &b) {
        const int order = compare_keys(a, b);
        return order != 0 ? order < 0 : a.order < b.order;
    });
    storage::IdempotencyKey claim{};
    bool claimed = false;
    int first = -1;
    for (int i = 0; i < keyed.count; ++i) {
        CHECK_FOR_INTERRUPTS();
        Order &order = orders[keyed[i].order];
        if (i == 0 || compare_keys(keyed[i - 1], keyed[i]) != 0) {
            first = keyed[i].order;
            claim = {};
            claim.user_id = keyed[i].user_id;
            claim.key = *order.key;
            claim.request = CStringGetTextDatum(order.request);
            claimed = storage::claim_key(call, claim);
            if (claimed) {
                order.row.idempotency_key = order.key;
                order.claim = claims.push(claim);
            }
        }
        if (!claimed) {
            replay(call, order, claim);
        } else if (keyed[i].order != first) {
            order.first_with_key = first;
        }
    }
}

// Answers an order by the earlier one under the same key.
void repeat_first_answer(Order &order, const Order &first)
{
    if (strcmp(order.request, first.request) != 0) {
        refuse_order(order, key_mismatch(first.request, order.request));
    } else {
        order.row = first.row;
        order.refusal = first.refusal;
        order.answered = true;
        order.replayed = true;
    }
}

bool runs(const Order &order)
{
    return !order.answered && order.first_with_key < 0;
}

// Whether the order takes from an item's stock.
bool takes_stock(const Order &order)
{
    return order.row.kind != JournalKind::exchange;
}

// ---------------------------------------------------------------------------
// Items
// ---------------------------------------------------------------------------

struct OrderedItem {
    std::int64_t id;
    bool found;
    std::int64_t expired; // pieces in holds past their time
    storage::Item item;
    domain::RunningStock running;
};

bool by_id(const OrderedItem &a, const OrderedItem &b)
{
    return a.id < b.id;
}

OrderedItem &item_with(pg::Array<OrderedItem> &items, std::int64_t id)
{
    OrderedItem wanted{};
    wanted.id = id;
    return *std::lower_bound(items.begin(), items.end(), wanted, by_id);
}

// Locks each item once, in the order of their ids.
pg::Array<OrderedItem> lock_items(Call &call, Order *orders, int count,
                                  pg::Array<storage::Hold> &expired,
                                  const std::optional<std::int64_t> &another = std::nullopt)
{
    pg::Array<std::int64_t> ids{};
    if (another) {
        ids.push(*another);
    }
    for (int i = 0; i < count; ++i) {
        if (runs(orders[i]) && takes_stock(orders[i])) {
            ids.push(*orders[i].row.item_id);
        }
    }
    for (const storage::Hold &hold : expired) {
        ids.push(hold.item_id);
    }
    std::sort(ids.begin(), ids.end());
    pg::Array<OrderedItem> items{};
    for (int i = 0; i < ids.count; ++i) {
        if (i > 0 && ids[i] == ids[i - 1]) {
            continue;
        }
        CHECK_FOR_INTERRUPTS();
        OrderedItem ordered{};
        ordered.id = ids[i];
        ordered.found = storage::lock_item(call, ordered.id, ordered.item);
        ordered.running = {ordered.item.price_minor, ordered.item.stock, false};
        items.push(ordered);
    }
    for (const storage::Hold &hold : expired) {
        item_with(items, hold.item_id).expired += hold.quantity;
    }
    return items;
}

// The seller and both universes of a purchase.
void resolve_purchase(Call &call, UniverseSet &universes, pg::Array<OrderedItem> &items,
                      Order &order)
{
    const OrderedItem *found = &item_with(items, *order.row.item_id);
    order.item = static_cast<int>(found - items.begin());
    if (!found->found) {
        return refuse_order(order, no_item(found->id));
    }
    if (found->item.seller_id == order.row.user_id) {
        return refuse_order(order, own_item(found->id, *order.row.user_id));
    }
    if (!found->item.listed) {
        return refuse_order(order, not_listed(found->id));
    }
    order.seller_id = found->item.seller_id;
    order.price_minor = found->item.price_minor;
    if (order.row.kind == JournalKind::purchase) {
        order.row.counterparty_id = found->item.seller_id; // a hold pays nobody yet
    }
    order.row.to_universe_id = found->item.universe_id;
    order.payer_universe = storage::universe_in(call, universes, order.row.from_universe_id);
    order.receiver_universe = storage::universe_in(call, universes, order.row.to_universe_id);
    if (order.payer_universe < 0 || order.receiver_universe < 0) {
        refuse_order(order, no_universe(order.payer_universe < 0 ? order.row.from_universe_id
                                                                 : order.row.to_universe_id));
    }
}

// ---------------------------------------------------------------------------
// Wallets
// ---------------------------------------------------------------------------

struct OrderedWallet {
    WalletKey key;
    bool receives;
    bool created;
    int movements; // journal rows of the call that change it
    storage::Wallet wallet;
    domain::RunningBalance running;
};

bool by_key(const OrderedWallet &a, const OrderedWallet &b)
{
    return a.key < b.key;
}

OrderedWallet wanted_wallet(const WalletKey &key, bool receives)
{
    OrderedWallet wallet{};
    wallet.key = key;
    wallet.receives = receives;
    return wallet;
}

// Who is credited by the order; none for a treasury.
std::optional<std::int64_t> receiver_of(const Order &order)
{
    return order.row.kind == JournalKind::exchange ? order.row.user_id : order.row.counterparty_id;
}

// Stock only shrinks within a batch, but for holds past their time: such an order
// will be refused whatever the orders before it do, and needs no wallet.
bool exceeds_stock(const Order &order, pg::Array<OrderedItem> &items)
{
    return takes_stock(order) &&
           *order.row.quantity - items[order.item].expired > items[order.item].item.stock;
}

// Locks each wallet once, in the order (user, universe). One that may be
// credited is created when it is missing, at its place in that order.
pg::Array<OrderedWallet> lock_wallets(Call &call, Order *orders, int count,
                                      pg::Array<OrderedItem> &items,
                                      pg::Array<storage::Hold> &expired,
                                      const pg::Array<WalletKey> &others = {})
{
    pg::Array<OrderedWallet> wanted{};
    for (int i = 0; i < others.count; ++i) {
        wanted.push(wanted_wallet(others.data[i], true));
    }
    for (int i = 0; i < count; ++i) {
        const Order &order = orders[i];
        if (!runs(order) || exceeds_stock(order, items)) {
            continue;
        }
        wanted.push(wanted_wallet({*order.row.user_id, order.row.from_universe_id}, false));
        if (const auto receiver = receiver_of(order)) {
            wanted.push(wanted_wallet({*receiver, order.row.to_universe_id}, true));
        }
    }
    for (const storage::Hold &hold : expired) {
        wanted.push(wanted_wallet({hold.buyer_id, hold.from_universe_id}, false));
    }
    std::sort(wanted.begin(), wanted.end(), by_key);
    pg::Array<OrderedWallet> wallets{};
    for (const OrderedWallet &wallet : wanted) {
        if (wallets.count > 0 && wallets[wallets.count - 1].key == wallet.key) {
            wallets[wallets.count - 1].receives |= wallet.receives;
        } else {
            wallets.push(wallet);
        }
    }
    for (OrderedWallet &ordered : wallets) {
        CHECK_FOR_INTERRUPTS();
        const WalletKey &key = ordered.key;
        ordered.wallet = ordered.receives
                             ? storage::lock_or_create_wallet(call, key.user_id, key.universe_id,
                                                              ordered.created)
                             : storage::lock_wallet(call, key.user_id, key.universe_id);
        ordered.running = {ordered.wallet.balance_minor, false};
    }
    return wallets;
}

int wallet_index(pg::Array<OrderedWallet> &wallets, const WalletKey &key)
{
    return static_cast<int>(
        std::lower_bound(wallets.begin(), wallets.end(), wanted_wallet(key, false), by_key) -
        wallets.begin());
}

// ---------------------------------------------------------------------------
// Settling
// ---------------------------------------------------------------------------

Refusal refusal_of(const domain::Settlement &settlement, const Order &order,
                   const OrderedItem *item, UniverseSet &universes)
{
    const storage::Universe &payer_universe = universes.universes[order.payer_universe];
    const storage::Universe &receiver_universe = universes.universes[order.receiver_universe];
    switch (settlement.error) {
    case ErrorCode::insufficient_balance:
        return short_of_money(*order.row.user_id, payer_universe, settlement.available_minor,
                              settlement.paid_minor);
    case ErrorCode::insufficient_stock:
        return short_of_stock(item->id, item->running.stock, *order.row.quantity);
    case ErrorCode::rule_violation:
        return broken_rule(settlement, item == nullptr ? 0 : *order.row.quantity, payer_universe,
                           receiver_universe);
    case ErrorCode::limit_exceeded:
        return item == nullptr
                   ? credits_too_little(settlement.received_minor, order.limit_minor,
                                        receiver_universe)
                   : costs_too_much(settlement.paid_minor, order.limit_minor, payer_universe);
    default:
        break;
    }
    if (settlement.received_minor > 0) {
        return balance_out_of_range(*receiver_of(order));
    }
    if (item == nullptr) {
        return unusable_conversion(settlement.error, *order.row.paid_minor, payer_universe,
                                   receiver_universe);
    }
    return price_out_of_range(*order.row.quantity, item->running.price_minor, receiver_universe);
}

domain::Settlement settle(const Order &order, OrderedItem *item, UniverseSet &universes,
                          const domain::RouteRules &route, pg::Array<OrderedWallet> &wallets)
{
    const domain::Currency &payer_currency = universes.currencies[order.payer_universe];
    const domain::Currency &receiver_currency = universes.currencies[order.receiver_universe];
    const domain::UniverseRules &payer_rules = universes.universes[order.payer_universe].rules;
    const domain::UniverseRules &receiver_rules =
        universes.universes[order.receiver_universe].rules;
    domain::RunningBalance none{};
    domain::RunningBalance &payer = order.payer < 0 ? none : wallets[order.payer].running;
    domain::RunningBalance *receiver =
        order.receiver < 0 ? nullptr : &wallets[order.receiver].running;
    if (item == nullptr) {
        return domain::settle_exchange({*order.row.paid_minor, payer_currency, receiver_currency,
                                        payer_rules, receiver_rules, route,
                                        order.limit ? order.limit_minor : 0},
                                       payer, *receiver);
    }
    return domain::settle_purchase({*order.row.quantity, payer_currency, receiver_currency,
                                    order.payer_universe == order.receiver_universe, payer_rules,
                                    receiver_rules, route,
                                    order.limit ? order.limit_minor : PG_UINT64_MAX},
                                   item->running, payer, receiver);
}

// What a wallet that moves often in one call held before one of the orders.
struct Milestone {
    int wallet;
    int order;
    std::int64_t balance_minor;
};

void count_movement(pg::Array<Milestone> &milestones, pg::Array<OrderedWallet> &wallets, int wallet,
                    int order, std::int64_t balance_minor)
{
    int &movements = wallets[wallet].movements;
    if (movements > 0 && movements % storage::movements_per_snapshot == 0) {
        milestones.push({wallet, order, balance_minor});
    }
    ++movements;
}

pg::Array<Milestone> settle_orders(Call &call, Order *orders, int count, UniverseSet &universes,
                                   pg::Array<OrderedItem> &items, pg::Array<OrderedWallet> &wallets)
{
    pg::Array<Milestone> milestones{};
    for (int i = 0; i < count; ++i) {
        CHECK_FOR_INTERRUPTS();
        Order &order = orders[i];
        if (order.first_with_key >= 0) {
            repeat_first_answer(order, orders[order.first_with_key]);
            continue;
        }
        if (!runs(order)) {
            continue;
        }
        OrderedItem *item = takes_stock(order) ? &items[order.item] : nullptr;
        if (!exceeds_stock(order, items)) {
            order.payer = wallet_index(wallets, {*order.row.user_id, order.row.from_universe_id});
            if (const auto receiver = receiver_of(order)) {
                order.receiver = wallet_index(wallets, {*receiver, order.row.to_universe_id});
            }
        }
        const domain::RouteRules route =
            storage::route_in(call, universes, order.payer_universe, order.receiver_universe);
        const auto balance_of = [&](int wallet) {
            return wallet < 0 ? 0 : wallets[wallet].running.balance_minor;
        };
        const std::int64_t payer_minor = balance_of(order.payer);
        const std::int64_t receiver_minor = balance_of(order.receiver);
        const domain::Settlement settlement = settle(order, item, universes, route, wallets);
        if (settlement.error != ErrorCode::ok) {
            refuse_order(order, refusal_of(settlement, order, item, universes));
            continue;
        }
        count_movement(milestones, wallets, order.payer, i, payer_minor);
        if (order.receiver >= 0) {
            count_movement(milestones, wallets, order.receiver, i, receiver_minor);
        }
        order.row.paid_minor = settlement.paid_minor;
        if (order.row.kind == JournalKind::hold) {
            // Set aside in the buyer's currency; price, fee and tariff are settled at the capture.
            order.row.received_minor = settlement.paid_minor;
            order.row.to_universe_id = order.row.from_universe_id;
            order.row.from_rate = universes.universes[order.payer_universe].exchange_rate;
            order.row.to_rate = order.row.from_rate;
            continue;
        }
        order.row.received_minor = settlement.received_minor;
        order.row.fee_minor = storage::unless_zero(settlement.fee_minor);
        order.row.tariff_minor = storage::unless_zero(settlement.tariff_minor);
        order.row.from_rate = universes.universes[order.payer_universe].exchange_rate;
        order.row.to_rate = universes.universes[order.receiver_universe].exchange_rate;
    }
    return milestones;
}

// ---------------------------------------------------------------------------
// Holds past their time: released by whoever needs what they set aside
// ---------------------------------------------------------------------------

bool by_hold_id(const storage::Hold &a, const storage::Hold &b)
{
    return a.id < b.id;
}

bool same_hold(const storage::Hold &a, const storage::Hold &b)
{
    return a.id == b.id;
}

// Each once, by their ids.
void put_in_order(pg::Array<storage::Hold> &holds)
{
    std::sort(holds.begin(), holds.end(), by_hold_id);
    holds.count =
        static_cast<int>(std::unique(holds.begin(), holds.end(), same_hold) - holds.begin());
}

// Those on the items and of the payers of the orders.
pg::Array<storage::Hold> find_expired_holds(Call &call, const Order *orders, int count)
{
    pg::Array<storage::Hold> expired{};
    const TimestampTz now = GetCurrentTimestamp();
    if (!storage::has_expired_holds(call, now)) {
        return expired;
    }
    for (int i = 0; i < count; ++i) {
        CHECK_FOR_INTERRUPTS();
        if (!runs(orders[i])) {
            continue;
        }
        storage::expired_holds_of_buyer(call, *orders[i].row.user_id, now, expired);
        if (takes_stock(orders[i])) {
            storage::expired_holds_of_item(call, *orders[i].row.item_id, now, expired);
        }
    }
    put_in_order(expired);
    return expired;
}

// Locks the holds, whose items and wallets are locked, and puts back what those set
// aside that nobody has ended meanwhile: they are kept, the others dropped.
void release_expired_holds(Call &call, pg::Array<storage::Hold> &expired,
                           pg::Array<OrderedItem> &items, pg::Array<OrderedWallet> &wallets)
{
    int kept = 0;
    for (storage::Hold &hold : expired) {
        CHECK_FOR_INTERRUPTS();
        if (!storage::lock_hold(call, hold.id, hold) || hold.state != storage::HoldState::active) {
            continue;
        }
        domain::RunningStock &stock = item_with(items, hold.item_id).running;
        OrderedWallet &buyer =
            wallets[wallet_index(wallets, {hold.buyer_id, hold.from_universe_id})];
        domain::RunningBalance &balance = buyer.running;
        const auto new_stock = domain::add_amounts(stock.stock, hold.quantity);
        const auto new_balance = domain::add_amounts(balance.balance_minor, hold.paid_minor);
        if (!new_stock.ok() || !new_balance.ok()) {
            continue; // stays until there is room for it
        }
        stock = {stock.price_minor, new_stock.value, true};
        balance = {new_balance.value, true};
        ++buyer.movements;
        expired[kept++] = hold;
    }
    expired.count = kept;
}

// ---------------------------------------------------------------------------
// Writing: from here only I/O can fail
// ---------------------------------------------------------------------------

void write_expired_holds(Call &call, pg::Array<storage::Hold> &expired)
{
    for (storage::Hold &hold : expired) {
        CHECK_FOR_INTERRUPTS();
        storage::close_hold(call, hold, storage::HoldState::expired, 0);
        storage::JournalRow row = release_row(hold);
        storage::append_journal(call, row);
    }
}

void write_items(Call &call, pg::Array<OrderedItem> &items)
{
    for (OrderedItem &ordered : items) {
        CHECK_FOR_INTERRUPTS();
        if (ordered.running.changed) {
            storage::update_stock(call, ordered.item, ordered.running.stock);
        }
    }
}

void write_wallets(Call &call, pg::Array<OrderedWallet> &wallets)
{
    // First what goes again: nobody has heard of it yet.
    for (OrderedWallet &ordered : wallets) {
        CHECK_FOR_INTERRUPTS();
        if (ordered.created && !ordered.running.changed) {
            storage::delete_wallet(call, ordered.wallet);
        }
    }
    for (OrderedWallet &ordered : wallets) {
        CHECK_FOR_INTERRUPTS();
        if (ordered.running.changed) {
            storage::update_balance(call, ordered.wallet, ordered.running.balance_minor,
                                    ordered.movements);
        }
    }
}

void write_journal(Call &call, Order *orders, int count)
{
    pg::Array<storage::JournalRow *> rows{};
    for (int i = 0; i < count; ++i) {
        if (!orders[i].answered) {
            rows.push(&orders[i].row);
        }
    }
    if (rows.count > 0) {
        storage::append_journal_rows(call, rows.data, rows.count);
    }
}

void write_milestones(Call &call, pg::Array<Milestone> &milestones, const Order *orders,
                      pg::Array<OrderedWallet> &wallets)
{
    for (const Milestone &milestone : milestones) {
        CHECK_FOR_INTERRUPTS();
        const WalletKey &key = wallets[milestone.wallet].key;
        const storage::JournalRow &row = orders[milestone.order].row;
        storage::append_balance_snapshot(call, key.user_id, key.universe_id,
                                         {row.id, milestone.balance_minor}, row.transaction_time);
    }
}

void write_keys(Call &call, Order *orders, int count, pg::Array<storage::IdempotencyKey> &claims)
{
    for (int i = 0; i < count; ++i) {
        const Order &order = orders[i];
        if (order.claim < 0) {
            continue;
        }
        CHECK_FOR_INTERRUPTS();
        if (order.refusal.code == ErrorCode::ok) {
            storage::record_answer(call, claims[order.claim], order.row.id);
        } else {
            storage::record_refusal(call, claims[order.claim],
                                    domain::find_error(order.refusal.code)->name,
                                    order.refusal.detail);
        }
    }
}

} // namespace

void refuse_order(Order &order, const Refusal &refusal)
{
    order.refusal = refusal;
    order.answered = true;
}

void execute_orders(Call &call, UniverseSet &universes, Order *orders, int count)
{
    for (int i = 0; i < count; ++i) {
        orders[i].first_with_key = orders[i].claim = orders[i].payer = orders[i].receiver = -1;
    }
    pg::Array<Home> homes = find_homes(call, orders, count);
    resolve_requests(call, universes, homes, orders, count);

    pg::Array<storage::IdempotencyKey> claims{};
    claim_keys(call, orders, count, claims);

    pg::Array<storage::Hold> expired = find_expired_holds(call, orders, count);
    pg::Array<OrderedItem> items = lock_items(call, orders, count, expired);
    for (int i = 0; i < count; ++i) {
        if (runs(orders[i]) && takes_stock(orders[i])) {
            resolve_purchase(call, universes, items, orders[i]);
        }
    }
    pg::Array<OrderedWallet> wallets = lock_wallets(call, orders, count, items, expired);
    release_expired_holds(call, expired, items, wallets);
    pg::Array<Milestone> milestones = settle_orders(call, orders, count, universes, items, wallets);

    // From here only I/O can fail.
    storage::advance_command(call);
    write_items(call, items);
    write_wallets(call, wallets);
    write_expired_holds(call, expired);
    write_journal(call, orders, count);
    write_milestones(call, milestones, orders, wallets);
    write_keys(call, orders, count, claims);
    for (int i = 0; i < count; ++i) {
        if (orders[i].first_with_key >= 0 && orders[i].refusal.code == ErrorCode::ok) {
            orders[i].row = orders[orders[i].first_with_key].row; // now with its id and time
        }
    }
}

void release_expired_of(Call &call, std::int64_t payer_id,
                        const std::optional<std::int32_t> &universe_id,
                        const std::optional<std::int64_t> &item_id, bool takes_stock,
                        const pg::Array<WalletKey> &others)
{
    const TimestampTz now = GetCurrentTimestamp();
    if (!storage::has_expired_holds(call, now)) {
        return;
    }
    pg::Array<storage::Hold> expired{};
    storage::expired_holds_of_buyer(call, payer_id, now, expired);
    if (universe_id) {
        expired.count =
            static_cast<int>(std::remove_if(expired.begin(), expired.end(),
                                            [universe_id](const storage::Hold &hold) {
                                                return hold.from_universe_id != *universe_id;
                                            }) -
                             expired.begin());
    }
    if (takes_stock) {
        storage::expired_holds_of_item(call, *item_id, now, expired);
    }
    if (expired.count == 0) {
        return;
    }
    put_in_order(expired);
    pg::Array<OrderedItem> items = lock_items(call, nullptr, 0, expired, item_id);
    pg::Array<OrderedWallet> wallets = lock_wallets(call, nullptr, 0, items, expired, others);
    release_expired_holds(call, expired, items, wallets);
    storage::advance_command(call);
    write_items(call, items);
    for (OrderedWallet &wallet : wallets) {
        wallet.created = false; // the caller is about to use it
    }
    write_wallets(call, wallets);
    write_expired_holds(call, expired);
    storage::begin_next_command(call);
}

storage::WalletPair lock_paying_wallet(Call &call, const WalletKey &payer,
                                       const std::optional<WalletKey> &receiver)
{
    pg::Array<WalletKey> others{};
    if (receiver) {
        others.push(*receiver);
    }
    release_expired_of(call, payer.user_id, payer.universe_id, std::nullopt, false, others);
    return storage::lock_wallets(call, payer, receiver);
}

int sweep_holds(storage::Call &call, int count)
{
    pg::Array<storage::Hold> expired{};
    const TimestampTz now = GetCurrentTimestamp();
    if (storage::has_expired_holds(call, now)) {
        storage::first_expired_holds(call, count, now, expired);
    }
    std::sort(expired.begin(), expired.end(), by_hold_id);
    pg::Array<OrderedItem> items = lock_items(call, nullptr, 0, expired);
    pg::Array<OrderedWallet> wallets = lock_wallets(call, nullptr, 0, items, expired);
    release_expired_holds(call, expired, items, wallets);
    // From here only I/O can fail.
    storage::advance_command(call);
    write_items(call, items);
    write_wallets(call, wallets);
    write_expired_holds(call, expired);
    return expired.count;
}

storage::JournalRow release_row(const storage::Hold &hold)
{
    storage::JournalRow row{};
    row.kind = JournalKind::release;
    row.user_id = hold.buyer_id;
    row.item_id = hold.item_id;
    row.quantity = hold.quantity;
    row.paid_minor = row.received_minor = hold.paid_minor;
    row.from_universe_id = row.to_universe_id = hold.from_universe_id;
    row.from_rate = row.to_rate = hold.from_rate;
    row.reference_id = hold.id;
    return row;
}

} // namespace mvm::entry
