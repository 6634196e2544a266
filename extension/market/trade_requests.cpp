#include "market/trade_requests.hpp"

#include <algorithm>

#include "market/keys.hpp"
#include "pg/numeric.hpp"
#include "storage/user_account.hpp"

namespace mvm::market {

namespace {

bool by_user(const Home &a, const Home &b)
{
    return a.user_id < b.user_id;
}

bool same_user(const Home &a, const Home &b)
{
    return a.user_id == b.user_id;
}

// The limit in minor units of the universe's currency.
std::uint64_t limit_in(const Orders &orders, const Order &order, int universe, bool round_up)
{
    return domain::limit_from_decimal(pg::text_of_numeric(*order.limit),
                                      orders.universes.universes.data[universe].currency_scale,
                                      round_up);
}

void resolve_exchange(Orders &orders, int i)
{
    const Order &order = orders.orders[i];
    OrderState &state = orders.states[i];
    state.payer_universe =
        storage::universe_in(orders.call, orders.universes, order.from_universe_id);
    state.receiver_universe =
        storage::universe_in(orders.call, orders.universes, order.to_universe_id);
    if (state.payer_universe < 0) {
        return refuse_order(orders, i, no_universe(order.from_universe_id));
    }
    if (state.receiver_universe < 0) {
        return refuse_order(orders, i, no_universe(order.to_universe_id));
    }
    if (order.from_universe_id == order.to_universe_id) {
        return refuse_order(orders, i, same_universe(order.from_universe_id));
    }
    const storage::Universe &from = orders.universes.universes[state.payer_universe];
    const auto amount_minor =
        domain::amount_from_decimal(pg::text_of_numeric(order.amount), from.currency_scale);
    if (!amount_minor.ok()) {
        return refuse_order(orders, i,
                            unusable_amount(amount_minor.error, "amount", order.amount, from));
    }
    orders.answers[i].row.paid_minor = amount_minor.value;
    if (order.limit) {
        state.limit_minor = limit_in(orders, order, state.receiver_universe, true);
    }
}

// Begins the journal row with what the order says.
void begin_row(Orders &orders, int i)
{
    const Order &order = orders.orders[i];
    storage::JournalRow &row = orders.answers[i].row;
    row.kind = order.kind;
    row.user_id = order.user_id;
    put_client_fields(order.client, row);
    if (takes_stock(order)) {
        row.item_id = order.item_id;
        row.quantity = order.quantity;
    } else {
        row.from_universe_id = order.from_universe_id;
        row.to_universe_id = order.to_universe_id;
    }
    if (order.kind == domain::JournalKind::hold) {
        row.reference_id = order.hold_id;
    }
}

} // namespace

void refuse_order(Orders &orders, int i, const Refusal &refusal)
{
    orders.answers[i].refusal = refusal;
    orders.states[i].stage = OrderState::Stage::answered;
}

pg::Array<Home> find_homes(Orders &orders)
{
    pg::Array<Home> homes{};
    for (int i = 0; i < orders.count; ++i) {
        if (orders.states[i].stage != OrderState::Stage::answered) {
            homes.push({orders.orders[i].user_id, 0});
        }
    }
    std::sort(homes.begin(), homes.end(), by_user);
    homes.count =
        static_cast<int>(std::unique(homes.begin(), homes.end(), same_user) - homes.begin());
    for (Home &home : homes) {
        CHECK_FOR_INTERRUPTS();
        storage::UserAccount user;
        if (storage::find_user(orders.call, home.user_id, user)) {
            home.universe_id = user.universe_id;
        }
    }
    return homes;
}

std::int32_t home_of(pg::Array<Home> &homes, std::int64_t user_id)
{
    return std::lower_bound(homes.begin(), homes.end(), Home{user_id, 0}, by_user)->universe_id;
}

void resolve_purchase_at_home(Orders &orders, int i, std::int32_t home)
{
    const Order &order = orders.orders[i];
    orders.answers[i].row.from_universe_id = home;
    if (order.limit) {
        const int index = storage::universe_in(orders.call, orders.universes, home);
        if (index < 0) {
            return refuse_order(orders, i, no_universe(home));
        }
        orders.states[i].limit_minor = limit_in(orders, order, index, false);
    }
}

void resolve_requests(Orders &orders)
{
    pg::Array<Home> homes = find_homes(orders);
    for (int i = 0; i < orders.count; ++i) {
        CHECK_FOR_INTERRUPTS();
        if (!orders.states[i].runs()) {
            continue;
        }
        begin_row(orders, i);
        const Order &order = orders.orders[i];
        const std::int32_t home = home_of(homes, order.user_id);
        if (home == 0) {
            refuse_order(orders, i, no_user(order.user_id));
        } else if (takes_stock(order)) {
            resolve_purchase_at_home(orders, i, home);
        } else {
            resolve_exchange(orders, i);
        }
    }
}

const char *canonical_request(const Orders &orders, int i)
{
    const Order &order = orders.orders[i];
    const storage::JournalRow &row = orders.answers[i].row;
    const char *limit = "";
    if (order.limit) {
        limit = psprintf(" %s=" UINT64_FORMAT,
                         takes_stock(order) ? "max_amount_minor" : "min_converted_minor",
                         orders.states[i].limit_minor);
    }
    if (takes_stock(order)) {
        return with_client_fields(
            psprintf("%s item_id=" INT64_FORMAT " quantity=" INT64_FORMAT "%s",
                     domain::name_of(order.kind), order.item_id, order.quantity, limit),
            order.client);
    }
    return with_client_fields(
        psprintf("exchange amount_minor=" INT64_FORMAT " from_universe_id=%d to_universe_id=%d%s",
                 *row.paid_minor, order.from_universe_id, order.to_universe_id, limit),
        order.client);
}

} // namespace mvm::market
