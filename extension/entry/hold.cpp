// mvm_reserve, mvm_capture, mvm_release, mvm_sweep_holds: stock and money set aside at frozen
// terms.
#include "market/hold.hpp"

#include "entry/arguments.hpp"
#include "entry/client_arguments.hpp"
#include "entry/journal_rows.hpp"
#include "market/requirements.hpp"
#include "pg/guard.hpp"
#include "pg/numeric.hpp"
#include "pg/refusal.hpp"

namespace mvm::entry {

namespace {

// A row of mvm.holds.
Datum hold_result(FunctionCallInfo fcinfo, storage::Call &call, const storage::Hold &hold)
{
    using storage::HoldState;
    const storage::Universe home = market::require_universe(call, hold.from_universe_id);
    const storage::Universe item_universe = market::require_universe(call, hold.to_universe_id);
    const bool is_over =
        hold.state == HoldState::active && hold.expires_at <= GetCurrentTimestamp();
    RowWriter writer = single_row(fcinfo);
    writer.add_int8(hold.id);
    writer.add_int8(hold.buyer_id);
    writer.add_int8(hold.item_id);
    writer.add_int8(hold.seller_id);
    writer.add_int8(hold.quantity);
    writer.add_int8(hold.captured_quantity);
    writer.add_amount(hold.paid_minor, home.currency_scale);
    writer.add_amount(hold.price_minor, item_universe.currency_scale);
    writer.add_int4(hold.from_universe_id);
    writer.add_int4(hold.to_universe_id);
    writer.add(pg::numeric_ratio(hold.to_rate, hold.from_rate));
    writer.add_text(storage::name_of(is_over ? HoldState::expired : hold.state));
    writer.add_time(hold.created_at);
    writer.add_time(hold.expires_at);
    return row_result(call, writer);
}

Datum reserve_function(FunctionCallInfo fcinfo)
{
    market::Order order{};
    order.kind = domain::JournalKind::hold;
    order.user_id = int8_argument(fcinfo, 0, "buyer_id");
    order.item_id = int8_argument(fcinfo, 1, "item_id");
    order.quantity = int8_argument(fcinfo, 2, "quantity");
    const Interval *ttl = interval_argument(fcinfo, 3, "ttl");
    order.client = key_argument(fcinfo, 4);
    order.lifetime_us = require_lifetime(ttl, "ttl");
    if (order.quantity < 1) {
        market::raise(market::quantity_below_one(order.quantity));
    }

    storage::Call call;
    storage::begin_write(call, "mvm_reserve()");
    const storage::Hold hold = market::reserve(call, order);
    const Datum result = hold_result(fcinfo, call, hold);
    storage::end_call(call);
    return result;
}

Datum capture_function(FunctionCallInfo fcinfo)
{
    market::CaptureRequest request{};
    request.hold_id = int8_argument(fcinfo, 0, "hold_id");
    request.quantity = optional_int8_argument(fcinfo, 1);
    request.client = key_argument(fcinfo, 2);
    if (request.quantity && *request.quantity < 1) {
        market::raise(market::quantity_below_one(*request.quantity));
    }

    storage::Call call;
    storage::begin_write(call, "mvm_capture()");
    const storage::JournalRow row = market::capture(call, request);
    storage::UniverseSet universes{};
    const Datum result = trade_result(fcinfo, call, universes, row);
    storage::end_call(call);
    return result;
}

Datum release_function(FunctionCallInfo fcinfo)
{
    const std::int64_t hold_id = int8_argument(fcinfo, 0, "hold_id");

    storage::Call call;
    storage::begin_write(call, "mvm_release()");
    const storage::Hold hold = market::release(call, hold_id);
    const Datum result = hold_result(fcinfo, call, hold);
    storage::end_call(call);
    return result;
}

Datum sweep_holds_function(FunctionCallInfo fcinfo)
{
    const std::int32_t rows_max = int4_argument(fcinfo, 0, "max_rows");
    if (rows_max < 1) {
        pg::raise(domain::ErrorCode::invalid_argument,
                  psprintf("max_rows is %d, it must be 1 or more.", rows_max));
    }

    storage::Call call;
    storage::begin_write(call, "mvm_sweep_holds()");
    const int swept = market::sweep_holds(call, rows_max);
    storage::end_call(call);
    return Int64GetDatum(swept);
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_reserve, mvm::entry::reserve_function)
MVM_SQL_FUNCTION(mvm_capture, mvm::entry::capture_function)
MVM_SQL_FUNCTION(mvm_release, mvm::entry::release_function)
MVM_SQL_FUNCTION(mvm_sweep_holds, mvm::entry::sweep_holds_function)
