// Rows of mvm.universe.
#pragma once

#include "domain/rate.hpp"

#include "pg/array.hpp"
#include "storage/row.hpp"

namespace mvm::storage {

struct Universe {
    std::int32_t id;
    int currency_scale;
    std::int64_t version;
    Datum exchange_rate; // numeric
    Datum name;          // text
    Datum currency_type; // text
    HeapTuple row;       // a copy, so that its values outlive the next read
};

[[nodiscard]] bool find_universe(Call &call, std::int32_t id, Universe &universe);

// Finds and locks; see lock_row.
[[nodiscard]] bool lock_universe(Call &call, std::int32_t id, Universe &universe);

// The universes that a call has met, each read once.
struct UniverseSet {
    pg::Array<Universe> universes;
    pg::Array<domain::Currency> currencies; // in step with universes
};

// Index of the universe in the set, read at its first use; -1 when there is none.
int universe_in(Call &call, UniverseSet &set, std::int32_t id);

[[nodiscard]] bool universe_name_is_taken(Call &call, Datum name);

// Inserts a universe; false when its name is taken.
[[nodiscard]] bool insert_universe(Call &call, const Universe &universe);

// Writes a locked universe's new exchange rate and the next version.
void update_exchange_rate(Call &call, Universe &universe, Datum exchange_rate);

// The currency as conversion needs it. invalid_argument should the stored rate be
// beyond what a rate may be.
domain::Currency currency_of(const Universe &universe);

} // namespace mvm::storage
