// Rows of mvm.universe.
#pragma once

#include "domain/rate.hpp"
#include "pg/array.hpp"
#include "storage/universe_rules.hpp"

namespace mvm::storage {

struct Universe {
    std::int32_t id;
    int currency_scale;
    std::int64_t version;
    Datum exchange_rate; // numeric
    Datum name;          // text
    Datum currency_type; // text
    HeapTuple row;       // a copy, so that its values outlive the next read
    domain::UniverseRules rules;
    bool routed; // there may be rules for routes from it
};

[[nodiscard]] bool find_universe(Call &call, std::int32_t id, Universe &universe);

// Finds and locks; see lock_row.
[[nodiscard]] bool lock_universe(Call &call, std::int32_t id, Universe &universe);

// The universes that a call has met, each read once.
struct UniverseSet {
    pg::Array<Universe> universes;
    pg::Array<domain::Currency> currencies; // in step with universes
    struct Route {
        std::int32_t from_id;
        std::int32_t to_id;
        domain::RouteRules rules;
    };
    pg::Array<Route> routes; // from universes that have rules for them
};

// Index of the universe in the set, read at its first use; -1 when there is none.
int universe_in(Call &call, UniverseSet &set, std::int32_t id);

// Reads all of the set again under the call's present snapshot; indexes stay, routes go.
void read_universes_again(Call &call, UniverseSet &set);

// Index of the route between two universes of the set, by their indexes, read at its first use; -1
// when there can be no rules for it.
int route_between(Call &call, UniverseSet &set, int from, int to);

// The same of a route that has been read.
int known_route(const UniverseSet &set, int from, int to);

// The rules of a route by its index.
domain::RouteRules route_in(const UniverseSet &set, int route);

[[nodiscard]] bool universe_name_is_taken(Call &call, Datum name);

// Inserts a universe; false when its name is taken.
[[nodiscard]] bool insert_universe(Call &call, const Universe &universe);

// Writes a locked universe's new exchange rate and the next version.
void update_exchange_rate(Call &call, Universe &universe, Datum exchange_rate);

// Its rules as they are stored.
StoredRules stored_rules(Call &call, const Universe &universe);

// Those of holds and quotes alone; none where the market's version has no such rules.
std::optional<domain::OpenLimits> open_limits(Call &call, const Universe &universe);

// Writes a locked universe's new rules and the next version.
void update_rules(Call &call, Universe &universe, const StoredRules &rules);

// Writes the rules of a route from a locked universe, and the next version of that universe.
void write_route(Call &call, Universe &from, std::int32_t to_id, bool allowed,
                 const std::optional<Datum> &tariff_rate);

// The currency as conversion needs it. invalid_argument should the stored rate be
// beyond what a rate may be.
domain::Currency currency_of(const Universe &universe);

} // namespace mvm::storage
