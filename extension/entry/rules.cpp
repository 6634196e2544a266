// mvm_set_rules, mvm_set_route: the trading rules of a universe and of the routes between two.
#include "entry/rules.hpp"

#include "entry/arguments.hpp"
#include "entry/row_writer.hpp"
#include "entry/universe.hpp"
#include "market/requirements.hpp"
#include "pg/guard.hpp"
#include "pg/interval.hpp"
#include "pg/numeric.hpp"
#include "pg/refusal.hpp"
#include "storage/rule_change.hpp"

namespace mvm::entry {

namespace {

using domain::ErrorCode;
using storage::Rule;
using storage::RuleForm;

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

// A smallest or largest amount as it is stored, unless it is the one that stands for no bound.
std::optional<Datum> require_bound(Datum amount, const char *name,
                                   const storage::Universe &universe)
{
    market::require_positive(amount, name);
    return Int64GetDatum(market::require_amount(amount, universe, name));
}

std::optional<Datum> require_quantity(std::int64_t quantity, const char *name)
{
    if (quantity < 1) {
        pg::raise(ErrorCode::invalid_quantity,
                  psprintf("%s is " INT64_FORMAT ", it must be 1 or more.", name, quantity));
    }
    return quantity == PG_INT64_MAX ? std::nullopt : std::optional(Int64GetDatum(quantity));
}

Datum require_open_count(std::int64_t count, const char *name)
{
    if (count < 0) {
        pg::raise(ErrorCode::invalid_argument,
                  psprintf("%s is " INT64_FORMAT ", it must be 0 or more.", name, count));
    }
    return Int64GetDatum(count);
}

// The argument, which is not null, as its rule is stored.
std::optional<Datum> rule_argument(FunctionCallInfo fcinfo, int position,
                                   const storage::RuleInfo &info, const storage::Universe &universe)
{
    switch (info.form) {
    case RuleForm::flag:
        return BoolGetDatum(PG_GETARG_BOOL(position));
    case RuleForm::fee_rate:
        return require_share(NumericGetDatum(PG_GETARG_NUMERIC(position)), info.name,
                             domain::fee_rate_below);
    case RuleForm::smallest_amount: {
        const Datum amount = NumericGetDatum(PG_GETARG_NUMERIC(position));
        const bool is_zero =
            domain::sign_of_decimal(pg::text_of_numeric(amount)) == domain::Sign::zero;
        return is_zero ? std::nullopt : require_bound(amount, info.name, universe);
    }
    case RuleForm::largest_amount: {
        const Datum amount = NumericGetDatum(PG_GETARG_NUMERIC(position));
        return pg::text_of_numeric(amount) == "Infinity"
                   ? std::nullopt
                   : require_bound(amount, info.name, universe);
    }
    case RuleForm::quantity:
        return require_quantity(PG_GETARG_INT64(position), info.name);
    case RuleForm::open_count:
        return require_open_count(PG_GETARG_INT64(position), info.name);
    case RuleForm::lifetime:
        return pg::interval_of_microseconds(
            require_lifetime(PG_GETARG_INTERVAL_P(position), info.name));
    }
    pg_unreachable();
}

// Changes the rule if the call has an argument for it. A function of an earlier version has fewer
// arguments, and a market of an earlier version fewer rules.
void change_rule(FunctionCallInfo fcinfo, storage::Call &call, const storage::RuleInfo &info,
                 const storage::Universe &universe, storage::StoredRules &rules)
{
    const int position = 1 + static_cast<int>(info.rule);
    if (position < PG_NARGS() && !PG_ARGISNULL(position) && storage::has_rule(call, info)) {
        rules[info.rule] = rule_argument(fcinfo, position, info, universe);
    }
}

void require_bounds_in_order(const storage::StoredRules &rules)
{
    const auto &smallest = rules[Rule::min_amount];
    const auto &largest = rules[Rule::max_amount];
    if (smallest && largest && DatumGetInt64(*smallest) > DatumGetInt64(*largest)) {
        pg::raise(ErrorCode::invalid_argument, "min_amount is above max_amount.");
    }
}

// The universe's rules with what the call changes.
storage::StoredRules changed_rules(FunctionCallInfo fcinfo, storage::Call &call,
                                   const storage::Universe &universe)
{
    storage::StoredRules rules = storage::stored_rules(call, universe);
    for (const storage::RuleInfo &info : storage::rule_infos) {
        change_rule(fcinfo, call, info, universe, rules);
        if (info.rule == Rule::max_quantity) {
            require_bounds_in_order(rules); // before the rules of holds and quotes
        }
    }
    return rules;
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

std::optional<Datum> shown_rule(const storage::RuleInfo &info, const storage::StoredRules &rules,
                                const storage::Universe &universe)
{
    const std::optional<Datum> &value = rules[info.rule];
    switch (info.form) {
    case RuleForm::fee_rate:
        return value.value_or(pg::numeric_of_minor(0, 0));
    case RuleForm::smallest_amount:
    case RuleForm::largest_amount:
        return value ? std::optional(
                           pg::numeric_of_minor(DatumGetInt64(*value), universe.currency_scale))
                     : std::nullopt;
    default:
        return value;
    }
}

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_set_rules, mvm::entry::set_rules_function)
MVM_SQL_FUNCTION(mvm_set_route, mvm::entry::set_route_function)
