#include "storage/rule_change.hpp"

namespace mvm::storage {

namespace {

// A row with everything null but when, who and of which universe.
struct NewChange {
    Datum values[rule_change_column::last] = {};
    bool nulls[rule_change_column::last];

    explicit NewChange(std::int32_t universe_id)
    {
        memset(nulls, true, sizeof nulls);
        set(rule_change_column::id, Int64GetDatum(next_id("rule_change_id_seq")));
        set(rule_change_column::changed_at, TimestampTzGetDatum(GetCurrentTimestamp()));
        set(rule_change_column::changed_by,
            CStringGetTextDatum(GetUserNameFromId(GetSessionUserId(), false)));
        set(rule_change_column::universe_id, Int32GetDatum(universe_id));
    }
    void set(int column, Datum value)
    {
        values[column - 1] = value;
        nulls[column - 1] = false;
    }
    void set(int column, const std::optional<Datum> &value)
    {
        if (value) {
            set(column, *value);
        }
    }
    void set_int8(int column, const std::optional<std::int64_t> &value)
    {
        if (value) {
            set(column, Int64GetDatum(*value));
        }
    }
};

} // namespace

void record_rules(Call &call, std::int32_t universe_id, const StoredRules &rules)
{
    NewChange change(universe_id);
    change.set(rule_change_column::trade_open, BoolGetDatum(rules.trade_open));
    change.set(rule_change_column::exchange_open, BoolGetDatum(rules.exchange_open));
    change.set(rule_change_column::sale_fee_rate, rules.sale_fee_rate);
    change.set(rule_change_column::exchange_fee_rate, rules.exchange_fee_rate);
    change.set_int8(rule_change_column::min_amount_minor, rules.min_amount_minor);
    change.set_int8(rule_change_column::max_amount_minor, rules.max_amount_minor);
    change.set_int8(rule_change_column::max_quantity, rules.max_quantity);
    if (rules.open) {
        const OpenLimitColumns open = columns_of(*rules.open);
        change.set(rule_change_column::max_hold_ttl, open.hold_ttl);
        change.set(rule_change_column::max_quote_ttl, open.quote_ttl);
        change.set(rule_change_column::max_open_holds, open.holds);
        change.set(rule_change_column::max_open_quotes, open.quotes);
    }
    insert_row(call, TableId::rule_change, change.values, change.nulls);
}

void record_route(Call &call, std::int32_t from_id, std::int32_t to_id, bool allowed,
                  const std::optional<Datum> &tariff_rate)
{
    NewChange change(from_id);
    change.set(rule_change_column::to_universe_id, Int32GetDatum(to_id));
    change.set(rule_change_column::allowed, BoolGetDatum(allowed));
    change.set(rule_change_column::tariff_rate, tariff_rate);
    insert_row(call, TableId::rule_change, change.values, change.nulls);
}

} // namespace mvm::storage
