#include "storage/universe.hpp"

#include "pg/numeric.hpp"
#include "pg/refusal.hpp"

namespace mvm::storage {

namespace {

void read_universe(TupleTableSlot *slot, Universe &universe)
{
    universe.slot = slot;
    universe.id = DatumGetInt32(column_of(slot, universe_column::id));
    universe.currency_scale = DatumGetInt16(column_of(slot, universe_column::currency_scale));
    universe.version = DatumGetInt64(column_of(slot, universe_column::version));
    universe.exchange_rate = column_of(slot, universe_column::exchange_rate);
    universe.name = column_of(slot, universe_column::name);
    universe.currency_type = column_of(slot, universe_column::currency_type);
}

} // namespace

bool find_universe(Call &call, std::int32_t id, Universe &universe)
{
    TupleTableSlot *slot = make_slot(call, TableId::universe);
    if (!find_row(call, TableId::universe, key_of_int4(id), slot)) {
        return false;
    }
    read_universe(slot, universe);
    return true;
}

bool lock_universe(Call &call, std::int32_t id, Universe &universe)
{
    TupleTableSlot *slot = make_slot(call, TableId::universe);
    if (!find_row(call, TableId::universe, key_of_int4(id), slot) ||
        !lock_row(call, TableId::universe, slot)) {
        return false;
    }
    read_universe(slot, universe);
    return true;
}

bool universe_name_is_taken(Call &call, Datum name)
{
    return find_row_by_index(call, TableId::universe, "universe_name_key", key_of_text(name),
                             make_slot(call, TableId::universe));
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
    return insert_row_if_absent(call, TableId::universe, values, nulls,
                                make_new_row_slot(call, TableId::universe));
}

void update_exchange_rate(Call &call, Universe &universe, Datum exchange_rate)
{
    universe.exchange_rate = exchange_rate;
    universe.version += 1;
    const ColumnChange changes[] = {
        {universe_column::exchange_rate, universe.exchange_rate},
        {universe_column::version, Int64GetDatum(universe.version)},
    };
    update_row(call, TableId::universe, universe.slot, changes, lengthof(changes));
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
