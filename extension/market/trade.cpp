#include "entry/orders.hpp"

#include <algorithm>

#include "domain/netting.hpp"
#include "entry/arguments.hpp"
#include "entry/expired_holds.hpp"
#include "entry/keyed_call.hpp"
#include "market/open_limits.hpp"
#include "pg/numeric.hpp"
#include "pg/refusal.hpp"
#include "storage/user_account.hpp"

namespace mvm::market {

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
        return with_memo(psprintf("exchange amount_minor=" INT64_FORMAT
                                  " from_universe_id=%d to_universe_id=%d%s",
                                  *row.paid_minor, row.from_universe_id, row.to_universe_id, limit),
                         row.memo);
    }
    return with_memo(psprintf("%s item_id=" INT64_FORMAT " quantity=" INT64_FORMAT "%s",
                              domain::name_of(row.kind), *row.item_id, *row.quantity, limit),
                     row.memo);
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
    } else if (storage::find_journal(call, used.transaction_id.value_or(0), order.row)) {
        order.answered = true;
        order.replayed = true;
    } else {
        // None yet, where a trigger of the owner's repeats the call that fires it.
        refuse_order(order, no_transaction(used.transaction_id.value_or(0)));
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

void lock_ordered_items(Call &call, LockedRows &rows, Order *orders, int count)
{
    pg::Array<std::int64_t> ids{};
    for (int i = 0; i < count; ++i) {
        if (runs(orders[i]) && takes_stock(orders[i])) {
            ids.push(*orders[i].row.item_id);
        }
    }
    lock_items(call, rows, ids);
}

// The seller and both universes of a purchase.
void resolve_purchase(Call &call, UniverseSet &universes, LockedRows &rows, Order &order)
{
    order.item = index_of_item(rows, *order.row.item_id);
    const LockedItem *found = &rows.items[order.item];
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

// Who is credited by the order; none for a treasury.
std::optional<std::int64_t> receiver_of(const Order &order)
{
    return order.row.kind == JournalKind::exchange ? order.row.user_id : order.row.counterparty_id;
}

// Stock only shrinks within a batch, but for holds past their time: where there are none,
// such an order will be refused whatever the orders before it do, and needs no wallet.
bool exceeds_stock(Call &call, LockedRows &rows, ExpiredHolds &expired, const Order &order)
{
    return takes_stock(order) && *order.row.quantity > rows.items[order.item].item.stock &&
           !has_expired_on_item(call, expired, *order.row.item_id);
}

// Returns whether the call went on from a later moment for it.
bool lock_ordered_wallets(Call &call, LockedRows &rows, ExpiredHolds &expired, Order *orders,
                          int count)
{
    // Sees the holds that were made while the call waited for their items.
    const bool later = storage::go_on_from_now(call);
    pg::Array<WantedWallet> wanted{};
    for (int i = 0; i < count; ++i) {
        Order &order = orders[i];
        order.pays = runs(order) && !exceeds_stock(call, rows, expired, order);
        if (!order.pays) {
            continue;
        }
        wanted.push({{*order.row.user_id, order.row.from_universe_id}, false});
        if (const auto receiver = receiver_of(order)) {
            wanted.push({{*receiver, order.row.to_universe_id}, true});
        }
    }
    lock_wallets(call, rows, wanted);
    return later;
}

// ---------------------------------------------------------------------------
// One moment: what was read before a lock was waited for
// ---------------------------------------------------------------------------

// The home of a buyer who has moved since the order was resolved.
void resolve_anew(Call &call, UniverseSet &universes, LockedRows &rows, Order &order,
                  std::int32_t home)
{
    resolve_purchase_at_home(call, universes, order, home);
    order.payer_universe = storage::universe_in(call, universes, home);
    if (order.payer_universe < 0) {
        refuse_order(order, no_universe(home));
    } else if (order.pays && try_wallet(call, rows, {*order.row.user_id, home}) < 0) {
        pg::refuse_stale_snapshot(); // that wallet's turn in the global order is over
    }
}

// Rates, rules, routes and homes are not locked. When a lock had to be waited for, they are
// read again, so that every order is settled at terms that held at one moment. `later`: a
// lock was waited for before.
void settle_moment(Call &call, UniverseSet &universes, LockedRows &rows, Order *orders, int count,
                   bool later)
{
    for (later |= storage::go_on_from_now(call); later; later = storage::go_on_from_now(call)) {
        storage::read_universes_again(call, universes);
        find_missing_wallets(call, rows);
        pg::Array<Home> homes = find_homes(call, orders, count);
        for (int i = 0; i < count; ++i) {
            Order &order = orders[i];
            if (!runs(order) || !takes_stock(order)) {
                continue;
            }
            const std::int32_t home = home_of(homes, *order.row.user_id);
            if (home != order.row.from_universe_id) {
                resolve_anew(call, universes, rows, order, home);
            }
        }
    }
}

// ---------------------------------------------------------------------------
// Settling
// ---------------------------------------------------------------------------

Refusal refusal_of_exchange(const domain::Settlement &settlement, const Order &order,
                            const storage::Universe &payer_universe,
                            const storage::Universe &receiver_universe)
{
    switch (settlement.error) {
    case ErrorCode::rule_violation:
        return broken_rule(settlement, 0, payer_universe, receiver_universe);
    case ErrorCode::limit_exceeded:
        return credits_too_little(settlement.received_minor, order.limit_minor, receiver_universe);
    default:
        return unusable_conversion(settlement.error, *order.row.paid_minor, payer_universe,
                                   receiver_universe);
    }
}

Refusal refusal_of_purchase(const domain::Settlement &settlement, const Order &order,
                            const LockedItem &item, const storage::Universe &payer_universe,
                            const storage::Universe &receiver_universe)
{
    const std::int64_t quantity = *order.row.quantity;
    switch (settlement.error) {
    case ErrorCode::insufficient_stock:
        return short_of_stock(item.id, item.running.stock, quantity);
    case ErrorCode::rule_violation:
        return broken_rule(settlement, quantity, payer_universe, receiver_universe);
    case ErrorCode::limit_exceeded:
        return costs_too_much(settlement.paid_minor, order.limit_minor, payer_universe);
    case ErrorCode::invalid_amount:
        return fee_takes_all(quantity, item.running.price_minor, receiver_universe.rules.sale_fee,
                             receiver_universe);
    default:
        return price_out_of_range(quantity, item.running.price_minor, receiver_universe);
    }
}

Refusal refusal_of(const domain::Settlement &settlement, const Order &order, LockedRows &rows,
                   UniverseSet &universes)
{
    const storage::Universe &payer_universe = universes.universes[order.payer_universe];
    const storage::Universe &receiver_universe = universes.universes[order.receiver_universe];
    if (settlement.error == ErrorCode::insufficient_balance) {
        return short_of_money(*order.row.user_id, payer_universe, settlement.available_minor,
                              settlement.paid_minor);
    }
    if (settlement.error == ErrorCode::amount_out_of_range && settlement.received_minor > 0) {
        return balance_out_of_range(*receiver_of(order));
    }
    return takes_stock(order)
               ? refusal_of_purchase(settlement, order, rows.items[order.item], payer_universe,
                                     receiver_universe)
               : refusal_of_exchange(settlement, order, payer_universe, receiver_universe);
}

domain::Settlement settle(Call &call, const Order &order, UniverseSet &universes, LockedRows &rows)
{
    const domain::Currency &payer_currency = universes.currencies[order.payer_universe];
    const domain::Currency &receiver_currency = universes.currencies[order.receiver_universe];
    const domain::UniverseRules &payer_rules = universes.universes[order.payer_universe].rules;
    const domain::UniverseRules &receiver_rules =
        universes.universes[order.receiver_universe].rules;
    const domain::RouteRules route =
        storage::route_in(call, universes, order.payer_universe, order.receiver_universe);
    domain::RunningBalance none{};
    domain::RunningBalance &payer = order.payer < 0 ? none : rows.wallets[order.payer].running;
    if (!takes_stock(order)) {
        return domain::settle_exchange({*order.row.paid_minor, payer_currency, receiver_currency,
                                        payer_rules, receiver_rules, route,
                                        order.limit ? order.limit_minor : 0},
                                       payer, rows.wallets[order.receiver].running);
    }
    domain::RunningBalance *receiver =
        order.receiver < 0 ? nullptr : &rows.wallets[order.receiver].running;
    return domain::settle_purchase({*order.row.quantity, payer_currency, receiver_currency,
                                    order.payer_universe == order.receiver_universe, payer_rules,
                                    receiver_rules, route,
                                    order.limit ? order.limit_minor : PG_UINT64_MAX},
                                   rows.items[order.item].running, payer, receiver);
}

// How an order was settled, and what its wallets held just before.
struct SettledOrder {
    domain::Settlement settlement;
    std::int64_t payer_minor;
    std::int64_t receiver_minor;
};

SettledOrder settle_now(Call &call, const Order &order, UniverseSet &universes, LockedRows &rows)
{
    const auto balance_of = [&](int wallet) {
        return wallet < 0 ? 0 : rows.wallets[wallet].running.balance_minor;
    };
    SettledOrder settled{};
    settled.payer_minor = balance_of(order.payer);
    settled.receiver_minor = balance_of(order.receiver);
    settled.settlement = settle(call, order, universes, rows);
    return settled;
}

// Where stock or balance falls short, holds past their time make up for it.
SettledOrder settle_releasing(Call &call, const Order &order, UniverseSet &universes,
                              LockedRows &rows, ExpiredHolds &expired)
{
    SettledOrder settled = settle_now(call, order, universes, rows);
    if (settled.settlement.error == ErrorCode::insufficient_stock && order.pays &&
        release_pieces(call, rows, expired, order.item,
                       *order.row.quantity - rows.items[order.item].running.stock)) {
        settled = settle_now(call, order, universes, rows);
    }
    const domain::Settlement &terms = settled.settlement;
    if (terms.error == ErrorCode::insufficient_balance &&
        release_money(call, rows, expired, order.payer, terms.paid_minor - terms.available_minor)) {
        settled = settle_now(call, order, universes, rows);
    }
    return settled;
}

// Completes the journal row of an order that goes through.
void fill_row(Order &order, const domain::Settlement &settlement, UniverseSet &universes)
{
    order.row.paid_minor = settlement.paid_minor;
    order.row.from_rate = universes.universes[order.payer_universe].exchange_rate;
    if (order.row.kind == JournalKind::hold) {
        // Set aside in the buyer's currency; price, fee and tariff are settled at the capture.
        order.row.received_minor = settlement.paid_minor;
        order.row.to_universe_id = order.row.from_universe_id;
        order.row.to_rate = order.row.from_rate;
        return;
    }
    order.row.received_minor = settlement.received_minor;
    order.row.fee_minor = storage::unless_zero(settlement.fee_minor);
    order.row.tariff_minor = storage::unless_zero(settlement.tariff_minor);
    order.row.to_rate = universes.universes[order.receiver_universe].exchange_rate;
}

// Whether an order that could not but be refused for its stock may go through now: the owner put
// a hold past its time by hand.
bool has_pieces_after_all(LockedRows &rows, const Order &order)
{
    return takes_stock(order) && !order.pays &&
           *order.row.quantity <= rows.items[order.item].running.stock;
}

// A refused order takes back what was released for it.
void settle_order(Call &call, Order &order, UniverseSet &universes, LockedRows &rows,
                  ExpiredHolds &expired, PendingJournal &journal)
{
    if (order.pays) {
        order.payer = index_of_wallet(rows, {*order.row.user_id, order.row.from_universe_id});
        if (const auto receiver = receiver_of(order)) {
            order.receiver = index_of_wallet(rows, {*receiver, order.row.to_universe_id});
        }
    }
    const int released = expired.released.count;
    if (has_pieces_after_all(rows, order)) {
        pg::refuse_stale_snapshot(); // its wallets' turn in the global order is over
    }
    const SettledOrder settled = settle_releasing(call, order, universes, rows, expired);
    if (settled.settlement.error != ErrorCode::ok) {
        refuse_order(order, refusal_of(settled.settlement, order, rows, universes));
        return undo_releases(rows, expired, released);
    }
    fill_row(order, settled.settlement, universes);
    journal_releases(rows, expired, released, journal);
    journal.rows.push(&order.row);
    count_movement(rows, journal, order.payer, &order.row, settled.payer_minor);
    count_movement(rows, journal, order.receiver, &order.row, settled.receiver_minor);
}

void settle_orders(Call &call, Order *orders, int count, UniverseSet &universes, LockedRows &rows,
                   ExpiredHolds &expired, PendingJournal &journal)
{
    for (int i = 0; i < count; ++i) {
        CHECK_FOR_INTERRUPTS();
        Order &order = orders[i];
        if (order.first_with_key >= 0) {
            repeat_first_answer(order, orders[order.first_with_key]);
        } else if (runs(order)) {
            settle_order(call, order, universes, rows, expired, journal);
        }
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

    LockedRows rows{};
    lock_ordered_items(call, rows, orders, count);
    for (int i = 0; i < count; ++i) {
        if (runs(orders[i]) && takes_stock(orders[i])) {
            resolve_purchase(call, universes, rows, orders[i]);
        }
    }
    ExpiredHolds expired{};
    const bool later = lock_ordered_wallets(call, rows, expired, orders, count);
    settle_moment(call, universes, rows, orders, count, later);
    PendingJournal journal{};
    settle_orders(call, orders, count, universes, rows, expired, journal);
    require_room_for_holds(call, universes, orders, count);

    // From here only I/O can fail.
    storage::advance_command(call);
    write_rows(call, rows);
    write_releases(call, expired);
    write_journal(call, rows, journal);
    write_keys(call, orders, count, claims);
    for (int i = 0; i < count; ++i) {
        if (orders[i].first_with_key >= 0 && orders[i].refusal.code == ErrorCode::ok) {
            orders[i].row = orders[orders[i].first_with_key].row; // now with its id and time
        }
    }
}

} // namespace mvm::market
