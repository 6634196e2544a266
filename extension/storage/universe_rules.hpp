// The trading rules that a universe has, as mvm.universe keeps them and mvm.rule_change has kept
// them. A rule is a line of the table below: reading, writing, its history, its argument of
// mvm_set_rules() and its column of mvm.universes follow.
#pragma once

#include "domain/rules.hpp"

#include <optional>

#include "storage/row.hpp"

namespace mvm::storage {

// In the order of the arguments of mvm_set_rules() and of the columns of mvm.universes.
enum class Rule : std::uint8_t {
    trade_open,
    exchange_open,
    sale_fee_rate,
    exchange_fee_rate,
    min_amount,
    max_amount,
    max_quantity,
    // since 1.2
    max_hold_ttl,
    max_quote_ttl,
    max_open_holds,
    max_open_quotes,
};

// What a rule's value is, how it is kept, and which value of the argument takes it away.
enum class RuleForm : std::uint8_t {
    flag,            // boolean
    fee_rate,        // numeric, 0 or above and below 1; 0 is kept as null
    smallest_amount, // in minor units; null: none, which 0 stands for
    largest_amount,  // in minor units; null: none, which 'Infinity' stands for
    quantity,        // 1 or more; null: no bound, which 2^63 - 1 stands for
    open_count,      // 0 or more
    lifetime,        // interval above zero, at most 366 days
};

struct RuleInfo {
    Rule rule;
    const char *name; // of the argument
    RuleForm form;
    int column; // of mvm.universe
    int change; // column of mvm.rule_change
};

inline constexpr RuleInfo rule_infos[] = {
    {Rule::trade_open, "trade_open", RuleForm::flag, universe_column::trade_open,
     rule_change_column::trade_open},
    {Rule::exchange_open, "exchange_open", RuleForm::flag, universe_column::exchange_open,
     rule_change_column::exchange_open},
    {Rule::sale_fee_rate, "sale_fee_rate", RuleForm::fee_rate, universe_column::sale_fee_rate,
     rule_change_column::sale_fee_rate},
    {Rule::exchange_fee_rate, "exchange_fee_rate", RuleForm::fee_rate,
     universe_column::exchange_fee_rate, rule_change_column::exchange_fee_rate},
    {Rule::min_amount, "min_amount", RuleForm::smallest_amount, universe_column::min_amount_minor,
     rule_change_column::min_amount_minor},
    {Rule::max_amount, "max_amount", RuleForm::largest_amount, universe_column::max_amount_minor,
     rule_change_column::max_amount_minor},
    {Rule::max_quantity, "max_quantity", RuleForm::quantity, universe_column::max_quantity,
     rule_change_column::max_quantity},
    {Rule::max_hold_ttl, "max_hold_ttl", RuleForm::lifetime, universe_column::max_hold_ttl,
     rule_change_column::max_hold_ttl},
    {Rule::max_quote_ttl, "max_quote_ttl", RuleForm::lifetime, universe_column::max_quote_ttl,
     rule_change_column::max_quote_ttl},
    {Rule::max_open_holds, "max_open_holds", RuleForm::open_count, universe_column::max_open_holds,
     rule_change_column::max_open_holds},
    {Rule::max_open_quotes, "max_open_quotes", RuleForm::open_count,
     universe_column::max_open_quotes, rule_change_column::max_open_quotes},
};
inline constexpr int rule_count = std::size(rule_infos);
static_assert(rule_infos[rule_count - 1].rule == Rule{rule_count - 1});

// A universe's rules as its columns have them; none: null, or the market's version has no such
// rule.
struct StoredRules {
    std::optional<Datum> values[rule_count];

    std::optional<Datum> &operator[](Rule rule) { return values[static_cast<int>(rule)]; }
    const std::optional<Datum> &operator[](Rule rule) const
    {
        return values[static_cast<int>(rule)];
    }
};

// Those of a new universe.
StoredRules rules_of_new_universe();

// Whether the market's version has the rule.
[[nodiscard]] bool has_rule(Call &call, const RuleInfo &info);

// The rules in a row of mvm.universe: as its columns have them, those that trades ask, and those of
// holds and quotes, none where the market's version has no such rules.
StoredRules stored_rules_in(const Columns &columns);
domain::UniverseRules universe_rules_in(const Columns &columns);
std::optional<domain::OpenLimits> open_limits_in(const Columns &columns);

// A share that a column keeps; null: nothing.
domain::Share share_in(const Columns &columns, int column, int below);

} // namespace mvm::storage
