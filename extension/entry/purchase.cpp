// mvm_buy, mvm_buy_batch
#include "entry/arguments.hpp"
#include "entry/client_arguments.hpp"
#include "entry/journal_rows.hpp"
#include "market/order.hpp"
#include "market/pay_from.hpp"
#include "market/requirements.hpp"
#include "pg/guard.hpp"
#include "pg/refusal.hpp"

namespace mvm::entry {

namespace {

using domain::ErrorCode;
using market::Answer;
using market::Order;

Order purchase_order(std::int64_t buyer_id, std::int64_t item_id, std::int64_t quantity,
                     const std::optional<Datum> &max_amount, const market::ClientFields &client)
{
    Order order{};
    order.kind = domain::JournalKind::purchase;
    order.user_id = buyer_id;
    order.item_id = item_id;
    order.quantity = quantity;
    order.limit = max_amount;
    order.client = client;
    return order;
}

// What is wrong with an order by itself, whatever is in the market; code ok: nothing.
market::Refusal refusal_of(const Order &order)
{
    if (order.quantity < 1) {
        return market::quantity_below_one(order.quantity);
    }
    if (order.limit && !market::is_positive(*order.limit)) {
        return market::not_positive("max_amount", *order.limit);
    }
    return {};
}

// The universes of the wallets to pay from, in that order.
pg::Array<std::int32_t> paying_universes(FunctionCallInfo fcinfo, int position)
{
    const ArrayArgument argument = array_argument(fcinfo, position, "pay_from", INT4OID);
    if (argument.count < 1 || argument.count > market::paying_wallets_max) {
        pg::raise(ErrorCode::invalid_argument,
                  psprintf("pay_from has %d elements, 1 to %d are allowed.", argument.count,
                           market::paying_wallets_max));
    }
    pg::Array<std::int32_t> universe_ids{};
    for (int i = 0; i < argument.count; ++i) {
        if (argument.nulls[i]) {
            market::raise(market::null_argument("pay_from's element"));
        }
        const std::int32_t universe_id = DatumGetInt32(argument.values[i]);
        for (int before = 0; before < universe_ids.count; ++before) {
            if (universe_ids[before] == universe_id) {
                pg::raise(ErrorCode::invalid_argument,
                          psprintf("pay_from names universe %d twice.", universe_id));
            }
        }
        universe_ids.push(universe_id);
    }
    return universe_ids;
}

Datum buy_function(FunctionCallInfo fcinfo)
{
    const std::int64_t buyer_id = int8_argument(fcinfo, 0, "buyer_id");
    const std::int64_t item_id = int8_argument(fcinfo, 1, "item_id");
    const std::int64_t quantity = int8_argument(fcinfo, 2, "quantity");
    const market::ClientFields client = client_arguments(fcinfo, 3, 6);
    const Order order =
        purchase_order(buyer_id, item_id, quantity, added_numeric_argument(fcinfo, 4), client);
    Answer answer{};
    answer.refusal = refusal_of(order);

    const bool from_several = !answer.refused() && PG_NARGS() > 5 && !PG_ARGISNULL(5);
    const pg::Array<std::int32_t> pay_from =
        from_several ? paying_universes(fcinfo, 5) : pg::Array<std::int32_t>{};

    storage::Call call;
    storage::begin_write(call, "mvm_buy()");
    storage::UniverseSet universes{};
    if (from_several) {
        answer.row = market::buy_from_wallets(call, universes, order, pay_from);
    } else {
        market::execute_orders(call, universes, &order, &answer, 1);
    }
    if (answer.refused()) {
        market::raise(answer.refusal);
    }
    const Datum result = trade_result(fcinfo, call, universes, answer.row);
    storage::end_call(call);
    return result;
}

// Reads order `i` of a batch. If its arguments cannot be used, its answer is a refusal.
void read_purchase_order(const ArrayArgument *arguments, const ClientArrays &client_arrays, int i,
                         Order &order, Answer &answer)
{
    constexpr const char *names[] = {"buyer_id", "item_id", "quantity"};
    for (int argument = 0; argument < 3; ++argument) {
        if (arguments[argument].nulls[i]) {
            answer.refusal = market::null_argument(names[argument]);
            return;
        }
    }
    market::ClientFields client{};
    answer.refusal = read_client_fields(client_arrays, i, client);
    if (answer.refused()) {
        return;
    }
    order = purchase_order(
        DatumGetInt64(arguments[0].values[i]), DatumGetInt64(arguments[1].values[i]),
        DatumGetInt64(arguments[2].values[i]), value_of_order(arguments[4], i), client);
    answer.refusal = refusal_of(order);
}

Datum buy_batch_function(FunctionCallInfo fcinfo)
{
    const ArrayArgument arguments[] = {
        array_argument(fcinfo, 0, "buyer_ids", INT8OID),
        array_argument(fcinfo, 1, "item_ids", INT8OID),
        array_argument(fcinfo, 2, "quantities", INT8OID),
        optional_array_argument(fcinfo, 3, "idempotency_keys", TEXTOID),
        optional_array_argument(fcinfo, 4, "max_amounts", NUMERICOID),
    };
    const ClientArrays client = client_arrays(fcinfo, arguments[3], 5);
    const int count = require_equal_lengths(arguments, lengthof(arguments), client);

    RowWriter rows = result_set(fcinfo);
    storage::Call call;
    storage::begin_write(call, "mvm_buy_batch()");
    auto *orders = pg::zeroed<Order>(count);
    auto *answers = pg::zeroed<Answer>(count);
    for (int i = 0; i < count; ++i) {
        read_purchase_order(arguments, client, i, orders[i], answers[i]);
    }
    storage::UniverseSet universes{};
    market::execute_orders(call, universes, orders, answers, count);
    put_purchase_batch(rows, call, universes, answers, count);
    storage::end_call(call);
    return Datum{0};
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_buy, mvm::entry::buy_function)
MVM_SQL_FUNCTION(mvm_buy_batch, mvm::entry::buy_batch_function)
