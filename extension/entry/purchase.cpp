// mvm_buy, mvm_buy_batch
#include "entry/arguments.hpp"
#include "entry/array_arguments.hpp"
#include "entry/pay_from.hpp"
#include "entry/requirements.hpp"
#include "entry/results.hpp"
#include "pg/guard.hpp"
#include "pg/refusal.hpp"

namespace mvm::entry {

namespace {

using domain::ErrorCode;

// A purchase as ordered; refused already when its quantity is below one.
Order purchase_order(std::int64_t buyer_id, std::int64_t item_id, std::int64_t quantity,
                     const std::optional<Datum> &key, const std::optional<Datum> &max_amount,
                     const std::optional<Datum> &memo)
{
    Order order{};
    order.row.kind = domain::JournalKind::purchase;
    order.row.user_id = buyer_id;
    order.row.item_id = item_id;
    order.row.quantity = quantity;
    order.row.memo = memo;
    order.key = key;
    order.limit = max_amount;
    if (quantity < 1) {
        refuse_order(order, quantity_below_one(quantity));
    } else if (max_amount && !is_positive(*max_amount)) {
        refuse_order(order, not_positive("max_amount", *max_amount));
    }
    return order;
}

// The universes of the wallets to pay from, in that order.
pg::Array<std::int32_t> paying_universes(FunctionCallInfo fcinfo, int position)
{
    const ArrayArgument argument = array_argument(fcinfo, position, "pay_from", INT4OID);
    if (argument.count < 1 || argument.count > paying_wallets_max) {
        pg::refuse(ErrorCode::invalid_argument,
                   psprintf("pay_from has %d elements, 1 to %d are allowed.", argument.count,
                            paying_wallets_max));
    }
    pg::Array<std::int32_t> universe_ids{};
    for (int i = 0; i < argument.count; ++i) {
        if (argument.nulls[i]) {
            raise(null_argument("pay_from's element"));
        }
        const std::int32_t universe_id = DatumGetInt32(argument.values[i]);
        for (int before = 0; before < universe_ids.count; ++before) {
            if (universe_ids[before] == universe_id) {
                pg::refuse(ErrorCode::invalid_argument,
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
    const auto key = key_argument(fcinfo, 3);
    const auto memo = memo_argument(fcinfo, 6);
    Order order =
        purchase_order(buyer_id, item_id, quantity, key, added_numeric_argument(fcinfo, 4), memo);

    const bool from_several =
        order.refusal.code == ErrorCode::ok && PG_NARGS() > 5 && !PG_ARGISNULL(5);
    const pg::Array<std::int32_t> pay_from =
        from_several ? paying_universes(fcinfo, 5) : pg::Array<std::int32_t>{};

    storage::Call call;
    storage::begin_write(call, "mvm_buy()");
    storage::UniverseSet universes{};
    if (from_several) {
        order.row = buy_from_wallets(call, universes, order, pay_from);
    } else {
        execute_orders(call, universes, &order, 1);
    }
    if (order.refusal.code != ErrorCode::ok) {
        raise(order.refusal);
    }
    const Datum result = trade_result(fcinfo, call, universes, order.row);
    storage::end_call(call);
    return result;
}

Order purchase_order_of(const ArrayArgument (&arguments)[6], int i)
{
    constexpr const char *names[] = {"buyer_id", "item_id", "quantity"};
    for (int argument = 0; argument < 3; ++argument) {
        if (arguments[argument].nulls[i]) {
            Order order{};
            refuse_order(order, null_argument(names[argument]));
            return order;
        }
    }
    const auto key = key_of_order(arguments[3], i);
    if (key.refusal.code != ErrorCode::ok) {
        Order order{};
        refuse_order(order, key.refusal);
        return order;
    }
    const auto memo = memo_of_order(arguments[5], i);
    if (memo.refusal.code != ErrorCode::ok) {
        Order order{};
        refuse_order(order, memo.refusal);
        return order;
    }
    return purchase_order(DatumGetInt64(arguments[0].values[i]),
                          DatumGetInt64(arguments[1].values[i]),
                          DatumGetInt64(arguments[2].values[i]), key.text,
                          value_of_order(arguments[4], i), memo.text);
}

Datum buy_batch_function(FunctionCallInfo fcinfo)
{
    const ArrayArgument arguments[] = {
        array_argument(fcinfo, 0, "buyer_ids", INT8OID),
        array_argument(fcinfo, 1, "item_ids", INT8OID),
        array_argument(fcinfo, 2, "quantities", INT8OID),
        optional_array_argument(fcinfo, 3, "idempotency_keys", TEXTOID),
        optional_array_argument(fcinfo, 4, "max_amounts", NUMERICOID),
        optional_array_argument(fcinfo, 5, "memos", TEXTOID),
    };
    const int count = require_equal_lengths(arguments, lengthof(arguments));

    InitMaterializedSRF(fcinfo, 0);
    storage::Call call;
    storage::begin_write(call, "mvm_buy_batch()");
    auto *orders = pg::zeroed<Order>(count);
    for (int i = 0; i < count; ++i) {
        orders[i] = purchase_order_of(arguments, i);
    }
    storage::UniverseSet universes{};
    execute_orders(call, universes, orders, count);
    put_purchase_batch(fcinfo, call, universes, orders, count);
    storage::end_call(call);
    return Datum{0};
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_buy, mvm::entry::buy_function)
MVM_SQL_FUNCTION(mvm_buy_batch, mvm::entry::buy_batch_function)
