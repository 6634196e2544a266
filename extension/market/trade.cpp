#include "market/desk.hpp"
#include "market/expiry.hpp"
#include "market/keys.hpp"
#include "market/open_limits.hpp"
#include "market/trade_terms.hpp"
#include "pg/refusal.hpp"

namespace mvm::market {

namespace {

using domain::ErrorCode;
using domain::JournalKind;
using storage::JournalRow;
using Stage = OrderState::Stage;

// ---------------------------------------------------------------------------
// Keys
// ---------------------------------------------------------------------------

void claim_keys_of(Orders &orders, pg::Array<KeyedRequest> &requests)
{
    for (int i = 0; i < orders.count; ++i) {
        const Order &order = orders.orders[i];
        if (orders.states[i].runs() && order.client.key) {
            CHECK_FOR_INTERRUPTS();
            KeyedRequest request{};
            request.order = i;
            request.user_id = order.user_id;
            request.key = *order.client.key;
            request.request = canonical_request(orders, i);
            orders.states[i].request = requests.push(request);
        }
    }
    claim_keys(orders.call, requests);
    for (int i = 0; i < orders.count; ++i) {
        CHECK_FOR_INTERRUPTS();
        OrderState &state = orders.states[i];
        Answer &answer = orders.answers[i];
        if (state.request < 0) {
            continue;
        }
        const KeyedRequest &request = requests[state.request];
        switch (request.state) {
        case KeyedRequest::State::acts:
            answer.row.idempotency_key = orders.orders[i].client.key;
            break;
        case KeyedRequest::State::repeats:
            state.stage = Stage::repeats;
            break;
        case KeyedRequest::State::answered:
            state.stage = Stage::answered;
            answer.refusal =
                answer_of_earlier_call(orders.call, request, answer.row, answer.replayed);
            break;
        }
    }
}

// Answers an order by the earlier one under the same key; its row is copied once it is written.
void repeat_first_answer(Orders &orders, int i, const pg::Array<KeyedRequest> &requests)
{
    const KeyedRequest &request = requests.data[orders.states[i].request];
    const KeyedRequest &first = requests.data[request.first];
    const Refusal mismatch = mismatch_with(first, request);
    if (mismatch.code != ErrorCode::ok) {
        orders.answers[i].refusal = mismatch;
        return;
    }
    orders.answers[i].refusal = orders.answers[first.order].refusal;
    orders.answers[i].replayed = true;
}

void write_keys(Orders &orders, const pg::Array<KeyedRequest> &requests)
{
    for (int i = 0; i < orders.count; ++i) {
        const int place = orders.states[i].request;
        if (place < 0 || requests.data[place].state != KeyedRequest::State::acts) {
            continue;
        }
        CHECK_FOR_INTERRUPTS();
        const Answer &answer = orders.answers[i];
        if (answer.refused()) {
            record_refusal(orders.call, requests.data[place], answer.refusal);
        } else {
            record_answer(orders.call, requests.data[place], answer.row.id);
        }
    }
}

// ---------------------------------------------------------------------------
// Locking
// ---------------------------------------------------------------------------

void lock_ordered_items(Orders &orders, Desk &desk)
{
    pg::Array<std::int64_t> ids{};
    for (int i = 0; i < orders.count; ++i) {
        if (orders.states[i].runs() && takes_stock(orders.orders[i])) {
            ids.push(orders.orders[i].item_id);
        }
    }
    lock_items(desk, ids);
}

// The seller and both universes of a purchase.
void resolve_item(Orders &orders, Desk &desk, int i)
{
    const Order &order = orders.orders[i];
    OrderState &state = orders.states[i];
    JournalRow &row = orders.answers[i].row;
    state.item = index_of_item(desk, order.item_id);
    const LockedItem &locked = desk.items[state.item];
    if (!locked.found) {
        return refuse_order(orders, i, no_item(locked.id));
    }
    const storage::Item &item = locked.item;
    if (item.seller_id == order.user_id) {
        return refuse_order(orders, i, own_item(item.id, order.user_id));
    }
    if (!item.listed) {
        return refuse_order(orders, i, not_listed(item.id));
    }
    if (order.kind == JournalKind::hold) {
        orders.answers[i].hold = {item.seller_id, item.price_minor, item.universe_id};
    } else {
        row.counterparty_id = item.seller_id; // a hold pays nobody yet
    }
    row.to_universe_id = item.universe_id;
    state.payer_universe =
        storage::universe_in(orders.call, orders.universes, row.from_universe_id);
    state.receiver_universe =
        storage::universe_in(orders.call, orders.universes, row.to_universe_id);
    if (state.payer_universe < 0 || state.receiver_universe < 0) {
        refuse_order(
            orders, i,
            no_universe(state.payer_universe < 0 ? row.from_universe_id : row.to_universe_id));
    }
}

// Whether the order asks for more than is in stock and no hold past its time could give some back.
// As orders before it can only take more, it will be refused, and needs no wallet.
bool exceeds_stock(const Orders &orders, Expiry &expiry, int i)
{
    const Order &order = orders.orders[i];
    return takes_stock(order) &&
           order.quantity > expiry.desk.items[orders.states[i].item].item.stock &&
           !has_expired_on_item(expiry, order.item_id);
}

void lock_ordered_wallets(Orders &orders, Expiry &expiry)
{
    pg::Array<WantedWallet> wanted{};
    for (int i = 0; i < orders.count; ++i) {
        OrderState &state = orders.states[i];
        state.has_wallets = state.runs() && !exceeds_stock(orders, expiry, i);
        if (!state.has_wallets) {
            continue;
        }
        const storage::WalletsOfRow wallets = storage::wallets_of(orders.answers[i].row);
        wanted.push({*wallets.from, false});
        if (wallets.to) {
            wanted.push({*wallets.to, true});
        }
    }
    lock_wallets(expiry.desk, wanted);
}

// ---------------------------------------------------------------------------
// One moment: what was read before a lock was waited for
// ---------------------------------------------------------------------------

// Resolves a purchase again whose buyer has moved to another home.
void resolve_anew(Orders &orders, Desk &desk, int i, std::int32_t home)
{
    OrderState &state = orders.states[i];
    resolve_purchase_at_home(orders, i, home);
    state.payer_universe = storage::universe_in(orders.call, orders.universes, home);
    if (state.payer_universe < 0) {
        refuse_order(orders, i, no_universe(home));
    } else if (state.has_wallets && try_lock_wallet(desk, {orders.orders[i].user_id, home}) < 0) {
        pg::raise_stale_snapshot(); // too late to lock that wallet in the global order
    }
}

// Rates, rules, routes and homes are not locked. If the call had to wait for a lock, they are read
// again, so that every order is settled at terms that held at one moment. `later`: it has waited
// already.
void settle_moment(Orders &orders, Desk &desk, bool later)
{
    for (later |= storage::go_on_from_now(orders.call); later;
         later = storage::go_on_from_now(orders.call)) {
        storage::read_universes_again(orders.call, orders.universes);
        find_missing_wallets(desk);
        pg::Array<Home> homes = find_homes(orders);
        for (int i = 0; i < orders.count; ++i) {
            if (!orders.states[i].runs() || !takes_stock(orders.orders[i])) {
                continue;
            }
            const std::int32_t home = home_of(homes, orders.orders[i].user_id);
            if (home != orders.answers[i].row.from_universe_id) {
                resolve_anew(orders, desk, i, home);
            }
        }
    }
}

// Reads the routes that settling needs: after that, only the table of holds is read.
void read_terms(Orders &orders)
{
    for (int i = 0; i < orders.count; ++i) {
        CHECK_FOR_INTERRUPTS();
        OrderState &state = orders.states[i];
        if (state.runs()) {
            state.route = storage::route_between(orders.call, orders.universes,
                                                 state.payer_universe, state.receiver_universe);
        }
    }
}

// ---------------------------------------------------------------------------
// Settling
// ---------------------------------------------------------------------------

// If the stock is too little, releases holds past their time.
domain::Settlement settle_releasing(const Orders &orders, Expiry &expiry, int i)
{
    const OrderState &state = orders.states[i];
    const domain::Settlement terms = settle(orders, expiry.desk, i);
    if (terms.error != ErrorCode::insufficient_stock || !state.has_wallets) {
        return terms;
    }
    const auto stock = static_cast<std::int64_t>(expiry.desk.items[state.item].stock);
    return release_pieces(expiry, state.item, orders.orders[i].quantity - stock)
               ? settle(orders, expiry.desk, i)
               : terms;
}

// Whether there is enough stock after all for an order whose wallets were not locked because of it
// (exceeds_stock). Only if somebody has changed a hold by hand meanwhile.
bool has_pieces_after_all(const Orders &orders, Desk &desk, int i)
{
    const Order &order = orders.orders[i];
    return takes_stock(order) && !orders.states[i].has_wallets &&
           static_cast<RunningAmount>(order.quantity) <= desk.items[orders.states[i].item].stock;
}

Refusal try_order(Orders &orders, Expiry &expiry, int i)
{
    Desk &desk = expiry.desk;
    OrderState &state = orders.states[i];
    if (state.has_wallets) {
        const storage::WalletsOfRow wallets = storage::wallets_of(orders.answers[i].row);
        state.payer = index_of_wallet(desk, *wallets.from);
        state.receiver = wallets.to ? index_of_wallet(desk, *wallets.to) : -1;
    }
    if (has_pieces_after_all(orders, desk, i)) {
        pg::raise_stale_snapshot(); // too late to lock its wallets in the global order
    }
    const domain::Settlement terms = settle_releasing(orders, expiry, i);
    if (terms.error != ErrorCode::ok) {
        return refusal_of_terms(orders, desk, i, terms);
    }
    fill_row(orders, i, terms);
    const Obstacle obstacle = post_releasing(
        expiry, {&orders.answers[i].row, takes_stock(orders.orders[i]) ? state.item : -1,
                 state.payer, state.receiver});
    return obstacle.exists() ? refusal_of_obstacle(orders, desk, i, obstacle) : Refusal{};
}

// Holds that were released for an order which is then refused are taken back.
void settle_orders(Orders &orders, Expiry &expiry, const pg::Array<KeyedRequest> &requests)
{
    for (int i = 0; i < orders.count; ++i) {
        CHECK_FOR_INTERRUPTS();
        const OrderState &state = orders.states[i];
        if (state.stage == Stage::repeats) {
            repeat_first_answer(orders, i, requests);
        } else if (state.runs()) {
            const Mark mark = mark_of(expiry);
            const Refusal refusal = try_order(orders, expiry, i);
            if (refusal.code != ErrorCode::ok) {
                refuse_order(orders, i, refusal);
                take_back(expiry, mark);
            }
        }
    }
}

// ---------------------------------------------------------------------------
// How many holds a user may have open
// ---------------------------------------------------------------------------

// Of the hold that the call makes, if it makes one: holds come one at a time.
HoldAllowance hold_allowance(const Orders &orders)
{
    if (orders.count != 1 || orders.orders[0].kind != JournalKind::hold ||
        !orders.states[0].runs()) {
        return {};
    }
    const storage::Universe &universe =
        orders.universes.universes[orders.states[0].receiver_universe];
    return read_hold_allowance(orders.call, universe, orders.orders[0].user_id);
}

} // namespace

void execute_orders(storage::Call &call, storage::UniverseSet &universes, const Order *asked,
                    Answer *answers, int count)
{
    Orders orders{call, universes, asked, answers, pg::zeroed<OrderState>(count), count};
    for (int i = 0; i < count; ++i) {
        OrderState &state = orders.states[i];
        state.stage = answers[i].refused() ? Stage::answered : Stage::runs;
        state.request = state.payer = state.receiver = -1;
        state.payer_universe = state.receiver_universe = -1;
    }
    resolve_requests(orders);
    pg::Array<KeyedRequest> requests{};
    claim_keys_of(orders, requests);

    Desk desk{call};
    lock_ordered_items(orders, desk);
    for (int i = 0; i < count; ++i) {
        if (orders.states[i].runs() && takes_stock(asked[i])) {
            resolve_item(orders, desk, i);
        }
    }
    // To see the holds that were made while the call waited for the items.
    const bool later = storage::go_on_from_now(call);
    Expiry expiry{desk};
    lock_ordered_wallets(orders, expiry);
    settle_moment(orders, desk, later);
    read_terms(orders);
    const HoldAllowance allowance = hold_allowance(orders);
    settle_orders(orders, expiry, requests);
    if (count == 1 && orders.states[0].runs()) {
        require_hold_allowed(allowance, asked[0].user_id, asked[0].lifetime_us);
    }

    write(expiry);
    write_keys(orders, requests);
    for (int i = 0; i < count; ++i) {
        if (orders.states[i].stage == Stage::repeats && !answers[i].refused()) {
            const int first = requests[orders.states[i].request].first;
            answers[i].row = answers[requests[first].order].row; // now with its id and time
        }
    }
}

} // namespace mvm::market
