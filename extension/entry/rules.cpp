// mvm_set_rules, mvm_set_route: the trading rules of a universe and of the routes between two.
#include "entry/arguments.hpp"
#include "entry/row_writer.hpp"
#include "entry/universe.hpp"
#include "market/requirements.hpp"
#include "pg/guard.hpp"
#include "pg/numeric.hpp"
#include "pg/refusal.hpp"
#include "storage/rule_change.hpp"

namespace mvm::entry {

namespace {

using domain::ErrorCode;

std::optional<Datum> optional_numeric(FunctionCallInfo fcinfo, int position)
{
    return PG_ARGISNULL(position) ? std::nullopt
                                  : std::optional(NumericGetDatum(PG_GETARG_NUMERIC(position)));
}

// A rate of fee or tariff as it is stored: none for zero.
std::optional<Datum> require_share(Datum rate, const char *name, int below)
{
    const auto share = domain::share_from_decimal(pg::text_of_numeric(rate), below);
    if (!share.ok()) {
        pg::raise(ErrorCode::invalid_argument,
                  psprintf("%s is %s.", name, pg::brief_text_of_numeric(rate)),
                  psprintf("It is zero or above and below %d, with at most %d decimals.", below,
                           domain::share_scale_max));
    }
    return share.value == domain::Share{} ? std::nullopt : std::optional(pg::trimmed_numeric(rate));
}

// A smallest or largest amount as it is stored: none for `no_bound`.
std::optional<std::int64_t> require_bound(Datum amount, const char *name,
                                          const storage::Universe &universe,
                                          std::string_view no_bound)
{
    const std::string_view text = pg::text_of_numeric(amount);
    if (text == no_bound ||
        (no_bound == "0" && domain::sign_of_decimal(text) == domain::Sign::zero)) {
        return std::nullopt;
    }
    market::require_positive(amount, name);
    return market::require_amount(amount, universe, name);
}

// The universe's rules with what the call changes.
storage::StoredRules changed_rules(FunctionCallInfo fcinfo, storage::Call &call,
                                   const storage::Universe &universe)
{
    storage::StoredRules rules = storage::stored_rules(call, universe);
    if (!PG_ARGISNULL(1)) {
        rules.trade_open = PG_GETARG_BOOL(1);
    }
    if (!PG_ARGISNULL(2)) {
        rules.exchange_open = PG_GETARG_BOOL(2);
    }
    if (const auto rate = optional_numeric(fcinfo, 3)) {
        rules.sale_fee_rate = require_share(*rate, "sale_fee_rate", domain::fee_rate_below);
    }
    if (const auto rate = optional_numeric(fcinfo, 4)) {
        rules.exchange_fee_rate = require_share(*rate, "exchange_fee_rate", domain::fee_rate_below);
    }
    if (const auto amount = optional_numeric(fcinfo, 5)) {
        rules.min_amount_minor = require_bound(*amount, "min_amount", universe, "0");
    }
    if (const auto amount = optional_numeric(fcinfo, 6)) {
        rules.max_amount_minor = require_bound(*amount, "max_amount", universe, "Infinity");
    }
    if (const auto quantity = optional_int8_argument(fcinfo, 7)) {
        if (*quantity < 1) {
            pg::raise(
                ErrorCode::invalid_quantity,
                psprintf("max_quantity is " INT64_FORMAT ", it must be 1 or more.", *quantity));
        }
        rules.max_quantity = *quantity == PG_INT64_MAX ? std::nullopt : quantity;
    }
    if (rules.min_amount_minor && rules.max_amount_minor &&
        *rules.min_amount_minor > *rules.max_amount_minor) {
        pg::raise(ErrorCode::invalid_argument, "min_amount is above max_amount.");
    }
    return rules;
}

std::int64_t require_open_count(std::int64_t count, const char *name)
{
    if (count < 0) {
        pg::raise(ErrorCode::invalid_argument,
                  psprintf("%s is " INT64_FORMAT ", it must be 0 or more.", name, count));
    }
    return count;
}

// The limits of holds and quotes with what the call changes; a function of an earlier version
// has no arguments for them.
void change_open_limits(FunctionCallInfo fcinfo, storage::StoredRules &rules)
{
    if (!rules.open) {
        return;
    }
    if (const Interval *ttl = added_interval_argument(fcinfo, 8)) {
        rules.open->hold_ttl_us_max = require_lifetime(ttl, "max_hold_ttl");
    }
    if (const Interval *ttl = added_interval_argument(fcinfo, 9)) {
        rules.open->quote_ttl_us_max = require_lifetime(ttl, "max_quote_ttl");
    }
    if (const auto count = added_int8_argument(fcinfo, 10)) {
        rules.open->holds_max = require_open_count(*count, "max_open_holds");
    }
    if (const auto count = added_int8_argument(fcinfo, 11)) {
        rules.open->quotes_max = require_open_count(*count, "max_open_quotes");
    }
}

storage::Universe require_locked_universe(storage::Call &call, std::int32_t universe_id)
{
    storage::Universe universe;
    if (!storage::lock_universe(call, universe_id, universe)) {
        market::raise(market::no_universe(universe_id));
    }
    return universe;
}

Datum set_rules_function(FunctionCallInfo fcinfo)
{
    const std::int32_t universe_id = int4_argument(fcinfo, 0, "universe_id");
    storage::Call call;
    storage::begin_write(call, "mvm_set_rules()");
    storage::Universe universe = require_locked_universe(call, universe_id);
    storage::StoredRules rules = changed_rules(fcinfo, call, universe);
    change_open_limits(fcinfo, rules);
    storage::update_rules(call, universe, rules);
    storage::record_rules(call, universe_id, rules);
    const Datum result = universe_result(fcinfo, call, universe, rules);
    storage::end_call(call);
    return result;
}

// A row of mvm.routes.
Datum route_result(FunctionCallInfo fcinfo, const storage::Call &call, std::int32_t from_id,
                   std::int32_t to_id, bool allowed, const std::optional<Datum> &tariff_rate)
{
    RowWriter writer = single_row(fcinfo);
    writer.add_int4(from_id);
    writer.add_int4(to_id);
    writer.add_bool(allowed);
    writer.add(tariff_rate.value_or(pg::numeric_of_minor(0, 0)));
    return row_result(call, writer);
}

Datum set_route_function(FunctionCallInfo fcinfo)
{
    const std::int32_t from_id = int4_argument(fcinfo, 0, "from_universe_id");
    const std::int32_t to_id = int4_argument(fcinfo, 1, "to_universe_id");
    const bool allowed = PG_ARGISNULL(2) || PG_GETARG_BOOL(2);
    std::optional<Datum> tariff_rate;
    if (const auto rate = optional_numeric(fcinfo, 3)) {
        tariff_rate = require_share(*rate, "tariff_rate", domain::tariff_rate_below);
    }

    storage::Call call;
    storage::begin_write(call, "mvm_set_route()");
    storage::Universe from = require_locked_universe(call, from_id);
    // Calls that set routes from this universe wait for each other here. Now this one sees what
    // they have written.
    storage::refresh_snapshot(call);
    market::require_universe(call, to_id);
    if (from_id == to_id) {
        pg::raise(ErrorCode::invalid_argument,
                  psprintf("from_universe_id and to_universe_id are both %d.", from_id));
    }
    storage::write_route(call, from, to_id, allowed, tariff_rate);
    storage::record_route(call, from_id, to_id, allowed, tariff_rate);
    const Datum result = route_result(fcinfo, call, from_id, to_id, allowed, tariff_rate);
    storage::end_call(call);
    return result;
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_set_rules, mvm::entry::set_rules_function)
MVM_SQL_FUNCTION(mvm_set_route, mvm::entry::set_route_function)
