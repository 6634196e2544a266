#include "storage/universe.hpp"

#include "domain/assert.hpp"
#include "pg/numeric.hpp"
#include "pg/refusal.hpp"

namespace mvm::storage {

namespace {

void read_universe(Call &call, HeapTuple row, Universe &universe)
{
    const Columns columns = columns_of(call, TableId::universe, row);
    universe.row = row;
    universe.id = columns.int4(universe_column::id);
    universe.currency_scale = DatumGetInt16(columns.value(universe_column::currency_scale));
    universe.version = columns.int8(universe_column::version);
    universe.exchange_rate = columns.value(universe_column::exchange_rate);
    universe.name = columns.value(universe_column::name);
    universe.currency_type = columns.value(universe_column::currency_type);
    universe.rules = universe_rules_in(columns);
    const auto routed = columns.optional_value(universe_column::routed);
    universe.routed = routed && DatumGetBool(*routed);
}

} // namespace

bool find_universe(Call &call, std::int32_t id, Universe &universe)
{
    TupleTableSlot *slot = find_row(call, TableId::universe, key_of_int4(id));
    if (slot == nullptr) {
        return false;
    }
    read_universe(call, ExecCopySlotHeapTuple(slot), universe);
    return true;
}

bool lock_universe(Call &call, std::int32_t id, Universe &universe)
{
    HeapTuple row = lock_row(call, TableId::universe, key_of_int4(id));
    if (row == nullptr) {
        return false;
    }
    read_universe(call, row, universe);
    return true;
}

int universe_in(Call &call, UniverseSet &set, std::int32_t id)
{
    // Orders of a batch mostly stay within a few universes.
    for (int i = 0; i < set.universes.count; ++i) {
        if (set.universes[i].id == id) {
            return i;
        }
    }
    Universe universe;
    if (!find_universe(call, id, universe)) {
        return -1;
    }
    set.currencies.push(currency_of(universe));
    return set.universes.push(universe);
}

void read_universes_again(Call &call, UniverseSet &set)
{
    for (int i = 0; i < set.universes.count; ++i) {
        const std::int32_t id = set.universes[i].id;
        if (!find_universe(call, id, set.universes[i])) {
            pg::raise(domain::ErrorCode::universe_not_found,
                      psprintf("Universe %d has been deleted.", id));
        }
        set.currencies[i] = currency_of(set.universes[i]);
    }
    set.routes.count = 0;
}

namespace {

// Whether there may be rules for the route; few universes have any.
bool may_have_rules(const UniverseSet &set, int from, int to)
{
    return set.universes.data[from].routed && from != to;
}

// Index of a route that has been read; -1 when it has not.
int find_route(const UniverseSet &set, int from, int to)
{
    const std::int32_t from_id = set.universes.data[from].id;
    const std::int32_t to_id = set.universes.data[to].id;
    for (int i = 0; i < set.routes.count; ++i) {
        if (set.routes.data[i].from_id == from_id && set.routes.data[i].to_id == to_id) {
            return i;
        }
    }
    return -1;
}

} // namespace

int route_between(Call &call, UniverseSet &set, int from, int to)
{
    if (!may_have_rules(set, from, to)) {
        return -1;
    }
    const int known = find_route(set, from, to);
    if (known >= 0) {
        return known;
    }
    UniverseSet::Route route{set.universes[from].id, set.universes[to].id, {}};
    TupleTableSlot *slot =
        find_row(call, TableId::route, key_of_int4_int4(route.from_id, route.to_id));
    if (slot != nullptr) {
        const Columns columns =
            columns_of(table_of(call, TableId::route), slot, route_column::last);
        route.rules.allowed = DatumGetBool(columns.value(route_column::allowed));
        route.rules.tariff =
            share_in(columns, route_column::tariff_rate, domain::tariff_rate_below);
    }
    return set.routes.push(route);
}

int known_route(const UniverseSet &set, int from, int to)
{
    const int route = find_route(set, from, to);
    MVM_ASSERT(route >= 0 || !may_have_rules(set, from, to));
    return route;
}

domain::RouteRules route_in(const UniverseSet &set, int route)
{
    return route < 0 ? domain::RouteRules{} : set.routes.data[route].rules;
}

bool universe_name_is_taken(Call &call, Datum name)
{
    return has_row(call, TableId::universe, "universe_name_key", key_of_text(name));
}

bool insert_universe(Call &call, const Universe &universe)
{
    Columns columns;
    columns.put(universe_column::id, Int32GetDatum(universe.id));
    columns.put(universe_column::currency_scale,
                Int16GetDatum(static_cast<int16>(universe.currency_scale)));
    columns.put(universe_column::version, Int64GetDatum(universe.version));
    columns.put(universe_column::exchange_rate, universe.exchange_rate);
    columns.put(universe_column::name, universe.name);
    columns.put(universe_column::currency_type, universe.currency_type);
    columns.put(universe_column::routed, BoolGetDatum(false));
    if (has_column(call, TableId::universe, universe_column::first_rate_id)) {
        columns.put(universe_column::first_rate_id,
                    Int64GetDatum(next_id("exchange_rate_change_id_seq")));
    }
    const StoredRules rules = rules_of_new_universe();
    for (const RuleInfo &info : rule_infos) {
        columns.put(info.column, rules[info.rule]);
    }
    return insert_row_if_absent(call, TableId::universe, columns.values, columns.nulls,
                                universe_column::name) != nullptr;
}

void update_exchange_rate(Call &call, Universe &universe, Datum exchange_rate)
{
    universe.exchange_rate = exchange_rate;
    universe.version += 1;
    const ColumnChange changes[] = {
        {universe_column::exchange_rate, universe.exchange_rate},
        {universe_column::version, Int64GetDatum(universe.version)},
    };
    update_row(call, TableId::universe, universe.row, changes, lengthof(changes));
}

namespace {

ColumnChange change_of(int column, const std::optional<Datum> &value)
{
    return {column, value.value_or(Datum{0}), !value.has_value()};
}

} // namespace

std::optional<domain::OpenLimits> open_limits(Call &call, const Universe &universe)
{
    return open_limits_in(columns_of(call, TableId::universe, universe.row));
}

StoredRules stored_rules(Call &call, const Universe &universe)
{
    return stored_rules_in(columns_of(call, TableId::universe, universe.row));
}

void update_rules(Call &call, Universe &universe, const StoredRules &rules)
{
    universe.version += 1;
    ColumnChange changes[rule_count + 1] = {
        {universe_column::version, Int64GetDatum(universe.version)}};
    int count = 1;
    for (const RuleInfo &info : rule_infos) {
        if (has_rule(call, info)) {
            changes[count++] = change_of(info.column, rules[info.rule]);
        }
    }
    update_row(call, TableId::universe, universe.row, changes, count);
}

void write_route(Call &call, Universe &from, std::int32_t to_id, bool allowed,
                 const std::optional<Datum> &tariff_rate)
{
    HeapTuple row = lock_row(call, TableId::route, key_of_int4_int4(from.id, to_id));
    if (row != nullptr) {
        const ColumnChange changes[] = {
            {route_column::allowed, BoolGetDatum(allowed)},
            change_of(route_column::tariff_rate, tariff_rate),
        };
        update_row(call, TableId::route, row, changes, lengthof(changes));
    } else {
        Datum values[route_column::last] = {};
        bool nulls[route_column::last] = {};
        values[route_column::from_universe_id - 1] = Int32GetDatum(from.id);
        values[route_column::to_universe_id - 1] = Int32GetDatum(to_id);
        values[route_column::allowed - 1] = BoolGetDatum(allowed);
        values[route_column::tariff_rate - 1] = tariff_rate.value_or(Datum{0});
        nulls[route_column::tariff_rate - 1] = !tariff_rate.has_value();
        insert_row(call, TableId::route, values, nulls);
    }
    from.version += 1;
    const ColumnChange changes[] = {
        {universe_column::version, Int64GetDatum(from.version)},
        {universe_column::routed, BoolGetDatum(true)},
    };
    update_row(call, TableId::universe, from.row, changes, lengthof(changes));
}

domain::Currency currency_of(const Universe &universe)
{
    const auto rate = domain::rate_from_decimal(pg::text_of_numeric(universe.exchange_rate));
    if (!rate.ok()) {
        pg::raise(rate.error,
                  psprintf("exchange_rate of universe %d is out of range.", universe.id));
    }
    return {rate.value, universe.currency_scale};
}

} // namespace mvm::storage
