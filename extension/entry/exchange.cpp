// mvm_convert, mvm_exchange, mvm_exchange_batch
#include "domain/plan.hpp"

#include "entry/arguments.hpp"
#include "entry/array_arguments.hpp"
#include "entry/orders.hpp"
#include "entry/requirements.hpp"
#include "entry/results.hpp"
#include "pg/guard.hpp"
#include "pg/numeric.hpp"
#include "storage/exchange_rate_change.hpp"

namespace mvm::entry {

namespace {

using domain::ErrorCode;

// Gives the universe the rate that it had at that time.
void go_back_to(storage::Call &call, TimestampTz at, storage::Universe &universe)
{
    if (!storage::find_rate_at(call, universe.id, at, universe.exchange_rate)) {
        raise(no_rate_yet(universe.id, at));
    }
}

Datum convert_function(FunctionCallInfo fcinfo)
{
    const Datum amount = numeric_argument(fcinfo, 0, "amount");
    const std::int32_t from_id = int4_argument(fcinfo, 1, "from_universe_id");
    const std::int32_t to_id = int4_argument(fcinfo, 2, "to_universe_id");
    const auto at = added_time_argument(fcinfo, 3);
    require_positive(amount, "amount");

    storage::Call call;
    storage::begin_read(call);
    storage::Universe from = require_universe(call, from_id);
    storage::Universe to = require_universe(call, to_id);
    if (from_id == to_id) {
        raise(same_universe(from_id));
    }
    if (at) {
        go_back_to(call, *at, from);
        go_back_to(call, *at, to);
    }
    // Nobody can exchange at rates of the past, so no fee is owed: that is a valuation.
    const domain::Share fee = at ? domain::Share{} : to.rules.exchange_fee;
    const std::int64_t amount_minor = require_amount(amount, from, "amount");
    const auto converted = domain::plan_exchange(amount_minor, storage::currency_of(from),
                                                 storage::currency_of(to), fee);
    if (!converted.ok()) {
        raise(unusable_conversion(converted.error, amount_minor, from, to));
    }
    const Datum result = amount_result(call, converted.value.received_minor, to.currency_scale);
    storage::end_call(call);
    return result;
}

// An exchange as ordered; refused already when its amount is not above zero.
Order exchange_order(std::int64_t user_id, Datum amount, std::int32_t from_id, std::int32_t to_id,
                     const std::optional<Datum> &key, const std::optional<Datum> &min_converted,
                     const std::optional<Datum> &memo)
{
    Order order{};
    order.row.kind = domain::JournalKind::exchange;
    order.row.user_id = user_id;
    order.row.from_universe_id = from_id;
    order.row.to_universe_id = to_id;
    order.row.memo = memo;
    order.amount = amount;
    order.key = key;
    order.limit = min_converted;
    if (!is_positive(amount)) {
        refuse_order(order, not_positive("amount", amount));
    } else if (min_converted && !is_positive(*min_converted)) {
        refuse_order(order, not_positive("min_converted", *min_converted));
    }
    return order;
}

Datum exchange_function(FunctionCallInfo fcinfo)
{
    const std::int64_t user_id = int8_argument(fcinfo, 0, "user_id");
    const Datum amount = numeric_argument(fcinfo, 1, "amount");
    const std::int32_t from_id = int4_argument(fcinfo, 2, "from_universe_id");
    const std::int32_t to_id = int4_argument(fcinfo, 3, "to_universe_id");
    const auto key = key_argument(fcinfo, 4);
    const auto memo = memo_argument(fcinfo, 6);
    Order order = exchange_order(user_id, amount, from_id, to_id, key,
                                 added_numeric_argument(fcinfo, 5), memo);

    storage::Call call;
    storage::begin_write(call, "mvm_exchange()");
    storage::UniverseSet universes{};
    execute_orders(call, universes, &order, 1);
    if (order.refusal.code != ErrorCode::ok) {
        raise(order.refusal);
    }
    const Datum result = exchange_result(fcinfo, call, universes, order.row);
    storage::end_call(call);
    return result;
}

Order exchange_order_of(const ArrayArgument (&arguments)[7], int i)
{
    constexpr const char *names[] = {"user_id", "amount", "from_universe_id", "to_universe_id"};
    for (int argument = 0; argument < 4; ++argument) {
        if (arguments[argument].nulls[i]) {
            Order order{};
            refuse_order(order, null_argument(names[argument]));
            return order;
        }
    }
    const auto key = key_of_order(arguments[4], i);
    if (key.refusal.code != ErrorCode::ok) {
        Order order{};
        refuse_order(order, key.refusal);
        return order;
    }
    const auto memo = memo_of_order(arguments[6], i);
    if (memo.refusal.code != ErrorCode::ok) {
        Order order{};
        refuse_order(order, memo.refusal);
        return order;
    }
    return exchange_order(DatumGetInt64(arguments[0].values[i]), arguments[1].values[i],
                          DatumGetInt32(arguments[2].values[i]),
                          DatumGetInt32(arguments[3].values[i]), key.text,
                          value_of_order(arguments[5], i), memo.text);
}

Datum exchange_batch_function(FunctionCallInfo fcinfo)
{
    const ArrayArgument arguments[] = {
        array_argument(fcinfo, 0, "user_ids", INT8OID),
        array_argument(fcinfo, 1, "amounts", NUMERICOID),
        array_argument(fcinfo, 2, "from_universe_ids", INT4OID),
        array_argument(fcinfo, 3, "to_universe_ids", INT4OID),
        optional_array_argument(fcinfo, 4, "idempotency_keys", TEXTOID),
        optional_array_argument(fcinfo, 5, "min_converted", NUMERICOID),
        optional_array_argument(fcinfo, 6, "memos", TEXTOID),
    };
    const int count = require_equal_lengths(arguments, lengthof(arguments));

    InitMaterializedSRF(fcinfo, 0);
    storage::Call call;
    storage::begin_write(call, "mvm_exchange_batch()");
    auto *orders = pg::zeroed<Order>(count);
    for (int i = 0; i < count; ++i) {
        orders[i] = exchange_order_of(arguments, i);
    }
    storage::UniverseSet universes{};
    execute_orders(call, universes, orders, count);
    put_exchange_batch(fcinfo, call, universes, orders, count);
    storage::end_call(call);
    return Datum{0};
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_convert, mvm::entry::convert_function)
MVM_SQL_FUNCTION(mvm_exchange, mvm::entry::exchange_function)
MVM_SQL_FUNCTION(mvm_exchange_batch, mvm::entry::exchange_batch_function)
