// mvm_convert, mvm_exchange, mvm_exchange_batch
#include "domain/plan.hpp"

#include "entry/arguments.hpp"
#include "entry/client_arguments.hpp"
#include "entry/journal_rows.hpp"
#include "market/order.hpp"
#include "market/requirements.hpp"
#include "pg/guard.hpp"
#include "pg/numeric.hpp"
#include "storage/exchange_rate_change.hpp"

namespace mvm::entry {

namespace {

using domain::ErrorCode;
using market::Answer;
using market::Order;

// Gives the universe the rate that it had at that time.
void go_back_to(storage::Call &call, TimestampTz at, storage::Universe &universe)
{
    if (!storage::find_rate_at(call, universe.id, at, universe.exchange_rate)) {
        market::raise(market::no_rate_yet(universe.id, at));
    }
}

Datum convert_function(FunctionCallInfo fcinfo)
{
    const Datum amount = numeric_argument(fcinfo, 0, "amount");
    const std::int32_t from_id = int4_argument(fcinfo, 1, "from_universe_id");
    const std::int32_t to_id = int4_argument(fcinfo, 2, "to_universe_id");
    const auto at = added_time_argument(fcinfo, 3);
    market::require_positive(amount, "amount");

    storage::Call call;
    storage::begin_read(call);
    storage::Universe from = market::require_universe(call, from_id);
    storage::Universe to = market::require_universe(call, to_id);
    if (from_id == to_id) {
        market::raise(market::same_universe(from_id));
    }
    if (at) {
        go_back_to(call, *at, from);
        go_back_to(call, *at, to);
    }
    // Nobody can exchange at rates of the past. This says what the money was worth: without a fee.
    const domain::Share fee = at ? domain::Share{} : to.rules.exchange_fee;
    const std::int64_t amount_minor = market::require_amount(amount, from, "amount");
    const auto converted = domain::plan_exchange(amount_minor, storage::currency_of(from),
                                                 storage::currency_of(to), fee);
    if (!converted.ok()) {
        market::raise(market::unusable_conversion(converted.error, amount_minor, from, to));
    }
    const Datum result = amount_result(call, converted.value.received_minor, to.currency_scale);
    storage::end_call(call);
    return result;
}

Order exchange_order(std::int64_t user_id, Datum amount, std::int32_t from_id, std::int32_t to_id,
                     const std::optional<Datum> &min_converted, const market::ClientFields &client)
{
    Order order{};
    order.kind = domain::JournalKind::exchange;
    order.user_id = user_id;
    order.from_universe_id = from_id;
    order.to_universe_id = to_id;
    order.amount = amount;
    order.limit = min_converted;
    order.client = client;
    return order;
}

// What is wrong with an order by itself, whatever is in the market; code ok: nothing.
market::Refusal refusal_of(const Order &order)
{
    if (!market::is_positive(order.amount)) {
        return market::not_positive("amount", order.amount);
    }
    if (order.limit && !market::is_positive(*order.limit)) {
        return market::not_positive("min_converted", *order.limit);
    }
    return {};
}

Datum exchange_function(FunctionCallInfo fcinfo)
{
    const std::int64_t user_id = int8_argument(fcinfo, 0, "user_id");
    const Datum amount = numeric_argument(fcinfo, 1, "amount");
    const std::int32_t from_id = int4_argument(fcinfo, 2, "from_universe_id");
    const std::int32_t to_id = int4_argument(fcinfo, 3, "to_universe_id");
    const market::ClientFields client = client_arguments(fcinfo, 4, 6);
    const Order order =
        exchange_order(user_id, amount, from_id, to_id, added_numeric_argument(fcinfo, 5), client);
    Answer answer{};
    answer.refusal = refusal_of(order);

    storage::Call call;
    storage::begin_write(call, "mvm_exchange()");
    storage::UniverseSet universes{};
    market::execute_orders(call, universes, &order, &answer, 1);
    if (answer.refused()) {
        market::raise(answer.refusal);
    }
    const Datum result = exchange_result(fcinfo, call, universes, answer.row);
    storage::end_call(call);
    return result;
}

// Reads order `i` of a batch. If its arguments cannot be used, its answer is a refusal.
void read_exchange_order(const ArrayArgument *arguments, const ClientArrays &client_arrays, int i,
                         Order &order, Answer &answer)
{
    constexpr const char *names[] = {"user_id", "amount", "from_universe_id", "to_universe_id"};
    for (int argument = 0; argument < 4; ++argument) {
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
    order =
        exchange_order(DatumGetInt64(arguments[0].values[i]), arguments[1].values[i],
                       DatumGetInt32(arguments[2].values[i]), DatumGetInt32(arguments[3].values[i]),
                       value_of_order(arguments[5], i), client);
    answer.refusal = refusal_of(order);
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
    };
    const ClientArrays client = client_arrays(fcinfo, arguments[4], 6);
    const int count = require_equal_lengths(arguments, lengthof(arguments), client);

    RowWriter rows = result_set(fcinfo);
    storage::Call call;
    storage::begin_write(call, "mvm_exchange_batch()");
    auto *orders = pg::zeroed<Order>(count);
    auto *answers = pg::zeroed<Answer>(count);
    for (int i = 0; i < count; ++i) {
        read_exchange_order(arguments, client, i, orders[i], answers[i]);
    }
    storage::UniverseSet universes{};
    market::execute_orders(call, universes, orders, answers, count);
    put_exchange_batch(rows, call, universes, answers, count);
    storage::end_call(call);
    return Datum{0};
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_convert, mvm::entry::convert_function)
MVM_SQL_FUNCTION(mvm_exchange, mvm::entry::exchange_function)
MVM_SQL_FUNCTION(mvm_exchange_batch, mvm::entry::exchange_batch_function)
