#include "storage/universe_rules.hpp"

#include "pg/interval.hpp"
#include "pg/numeric.hpp"
#include "pg/refusal.hpp"

namespace mvm::storage {

StoredRules rules_of_new_universe()
{
    const domain::OpenLimits limits;
    StoredRules rules{};
    rules[Rule::trade_open] = rules[Rule::exchange_open] = BoolGetDatum(true);
    rules[Rule::max_hold_ttl] = pg::interval_of_microseconds(limits.hold_ttl_us_max);
    rules[Rule::max_quote_ttl] = pg::interval_of_microseconds(limits.quote_ttl_us_max);
    rules[Rule::max_open_holds] = Int64GetDatum(limits.holds_max);
    rules[Rule::max_open_quotes] = Int64GetDatum(limits.quotes_max);
    return rules;
}

bool has_rule(Call &call, const RuleInfo &info)
{
    return has_column(call, TableId::universe, info.column);
}

StoredRules stored_rules_in(const Columns &columns)
{
    StoredRules rules{};
    for (const RuleInfo &info : rule_infos) {
        std::optional<Datum> &value = rules[info.rule];
        value = columns.optional_value(info.column);
        if (value && info.form == RuleForm::lifetime) {
            // In days and hours, however its owner may have written it.
            value = pg::interval_of_microseconds(pg::microseconds_of(*DatumGetIntervalP(*value)));
        }
    }
    return rules;
}

domain::UniverseRules universe_rules_in(const Columns &columns)
{
    const auto flag = [&](int column) {
        return DatumGetBool(columns.optional_value(column).value_or(BoolGetDatum(true)));
    };
    const auto bound = [&](int column, std::int64_t none) {
        return columns.optional_int8(column).value_or(none);
    };
    domain::UniverseRules rules;
    rules.trade_open = flag(universe_column::trade_open);
    rules.exchange_open = flag(universe_column::exchange_open);
    rules.sale_fee = share_in(columns, universe_column::sale_fee_rate, domain::fee_rate_below);
    rules.exchange_fee =
        share_in(columns, universe_column::exchange_fee_rate, domain::fee_rate_below);
    rules.min_amount_minor = bound(universe_column::min_amount_minor, rules.min_amount_minor);
    rules.max_amount_minor = bound(universe_column::max_amount_minor, rules.max_amount_minor);
    rules.max_quantity = bound(universe_column::max_quantity, rules.max_quantity);
    return rules;
}

std::optional<domain::OpenLimits> open_limits_in(const Columns &columns)
{
    const auto hold_ttl = columns.optional_value(universe_column::max_hold_ttl);
    if (!hold_ttl) {
        return std::nullopt;
    }
    return domain::OpenLimits{
        pg::microseconds_of(*DatumGetIntervalP(*hold_ttl)),
        pg::microseconds_of(*DatumGetIntervalP(columns.value(universe_column::max_quote_ttl))),
        columns.int8(universe_column::max_open_holds),
        columns.int8(universe_column::max_open_quotes)};
}

domain::Share share_in(const Columns &columns, int column, int below)
{
    const auto rate = columns.optional_value(column);
    if (!rate) {
        return {};
    }
    const auto share = domain::share_from_decimal(pg::text_of_numeric(*rate), below);
    if (!share.ok()) {
        pg::raise(share.error, "A stored rate of fee or tariff is out of range.");
    }
    return share.value;
}

} // namespace mvm::storage
