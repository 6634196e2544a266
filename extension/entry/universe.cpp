// mvm_create_universe, mvm_set_exchange_rate
#include "entry/universe.hpp"

#include "entry/arguments.hpp"
#include "entry/row_writer.hpp"
#include "entry/rules.hpp"
#include "market/requirements.hpp"
#include "pg/guard.hpp"
#include "pg/numeric.hpp"
#include "pg/refusal.hpp"

namespace mvm::entry {

namespace {

using domain::ErrorCode;

// The rate without trailing zeros, as it is stored.
Datum require_rate(Datum rate)
{
    if (!domain::rate_from_decimal(pg::text_of_numeric(rate)).ok()) {
        pg::raise(ErrorCode::invalid_argument,
                  psprintf("exchange_rate is %s.", pg::brief_text_of_numeric(rate)),
                  "A rate is above zero and below 10^18, with at most 18 decimals and 18 "
                  "significant digits.");
    }
    return pg::trimmed_numeric(rate);
}

Datum create_universe_function(FunctionCallInfo fcinfo)
{
    // Nulls come first, in the order of the arguments.
    const Datum rate = numeric_argument(fcinfo, 2, "exchange_rate");
    const std::int32_t scale = int4_argument(fcinfo, 3, "currency_scale");
    const Datum name = name_argument(fcinfo, 0, "name", name_length_max);
    const Datum currency_type = name_argument(fcinfo, 1, "currency_type", currency_type_length_max);

    storage::Call call;
    storage::begin_write(call, "mvm_create_universe()");
    const storage::Universe universe = create_universe(call, name, currency_type, rate, scale);
    const Datum result = universe_result(fcinfo, call, universe, storage::rules_of_new_universe());
    storage::end_call(call);
    return result;
}

Datum set_exchange_rate_function(FunctionCallInfo fcinfo)
{
    const std::int32_t universe_id = int4_argument(fcinfo, 0, "universe_id");
    const Datum rate = require_rate(numeric_argument(fcinfo, 1, "exchange_rate"));

    storage::Call call;
    storage::begin_write(call, "mvm_set_exchange_rate()");
    storage::Universe universe;
    if (!storage::lock_universe(call, universe_id, universe)) {
        market::raise(market::no_universe(universe_id));
    }
    storage::update_exchange_rate(call, universe, rate);
    const Datum result =
        universe_result(fcinfo, call, universe, storage::stored_rules(call, universe));
    storage::end_call(call);
    return result;
}

} // namespace

storage::Universe create_universe(storage::Call &call, Datum name, Datum currency_type, Datum rate,
                                  std::int32_t currency_scale)
{
    const Datum stored_rate = require_rate(rate);
    if (currency_scale < 0 || currency_scale > domain::currency_scale_max) {
        pg::raise(ErrorCode::invalid_argument,
                  psprintf("currency_scale is %d, it must be 0 to %d.", currency_scale,
                           domain::currency_scale_max));
    }
    const char *name_text = TextDatumGetCString(name);
    // Before an id is drawn, so that a refusal leaves no gap in the ids.
    bool created = !storage::universe_name_is_taken(call, name);
    storage::Universe universe{};
    if (created) {
        universe.id = static_cast<std::int32_t>(storage::next_id("universe_id_seq"));
        universe.currency_scale = currency_scale;
        universe.version = 1;
        universe.exchange_rate = stored_rate;
        universe.name = name;
        universe.currency_type = currency_type;
        created = storage::insert_universe(call, universe);
    }
    if (!created) {
        pg::raise(ErrorCode::already_exists,
                  psprintf("A universe has the name \"%s\".", name_text));
    }
    return universe;
}

Datum universe_result(FunctionCallInfo fcinfo, const storage::Call &call,
                      const storage::Universe &universe, const storage::StoredRules &rules)
{
    RowWriter writer = single_row(fcinfo);
    writer.add_int4(universe.id);
    writer.add(universe.name);
    writer.add(universe.currency_type);
    writer.add(universe.exchange_rate);
    writer.add_int4(universe.currency_scale);
    writer.add_int8(universe.version);
    for (const storage::RuleInfo &info : storage::rule_infos) {
        writer.add(shown_rule(info, rules, universe));
    }
    return row_result(call, writer);
}

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_create_universe, mvm::entry::create_universe_function)
MVM_SQL_FUNCTION(mvm_set_exchange_rate, mvm::entry::set_exchange_rate_function)
