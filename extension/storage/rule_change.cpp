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
};

} // namespace

void record_rules(Call &call, std::int32_t universe_id, const StoredRules &rules)
{
    NewChange change(universe_id);
    for (const RuleInfo &info : rule_infos) {
        change.set(info.change, rules[info.rule]);
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
