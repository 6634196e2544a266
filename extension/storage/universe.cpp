#include "storage/universe.hpp"

#include "pg/numeric.hpp"
#include "pg/refusal.hpp"

namespace mvm::storage {

namespace {

void read_universe(Call &call, HeapTuple row, Universe &universe)
{
    Datum values[universe_column::last];
    bool nulls[universe_column::last];
    deform_row(call, TableId::universe, row, values, nulls);
    universe.row = row;
    universe.id = DatumGetInt32(values[universe_column::id - 1]);
    universe.currency_scale = DatumGetInt16(values[universe_column::currency_scale - 1]);
    universe.version = DatumGetInt64(values[universe_column::version - 1]);
    universe.exchange_rate = values[universe_column::exchange_rate - 1];
    universe.name = values[universe_column::name - 1];
    universe.currency_type = values[universe_column::currency_type - 1];
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

bool universe_name_is_taken(Call &call, Datum name)
{
    return has_row(call, TableId::universe, "universe_name_key", key_of_text(name));
}

bool insert_universe(Call &call, const Universe &universe)
{
    Datum values[universe_column::last] = {};
    const bool nulls[universe_column::last] = {};
    values[universe_column::id - 1] = Int32GetDatum(universe.id);
    values[universe_column::currency_scale - 1] =
        Int16GetDatum(static_cast<int16>(universe.currency_scale));
    values[universe_column::version - 1] = Int64GetDatum(universe.version);
    values[universe_column::exchange_rate - 1] = universe.exchange_rate;
    values[universe_column::name - 1] = universe.name;
    values[universe_column::currency_type - 1] = universe.currency_type;
    return insert_row_if_absent(call, TableId::universe, values, nulls) != nullptr;
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

domain::Currency currency_of(const Universe &universe)
{
    const auto rate = domain::rate_from_decimal(pg::text_of_numeric(universe.exchange_rate));
    if (!rate.ok()) {
        pg::refuse(rate.error,
                   psprintf("exchange_rate of universe %d is out of range.", universe.id));
    }
    return {rate.value, universe.currency_scale};
}

} // namespace mvm::storage
