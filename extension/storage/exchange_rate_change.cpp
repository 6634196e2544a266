#include "storage/exchange_rate_change.hpp"

#include "pg/compat.hpp"

namespace mvm::storage {

namespace {

// Reads the universe's last row with valid_from up to `at`.
bool read_rate_at(Call &call, std::int32_t universe_id, TimestampTz at, TupleTableSlot *slot)
{
    const Table &table = table_of(call, TableId::exchange_rate_change);
    Relation index = open_index("exchange_rate_change_universe_id_idx");
    IndexScanDesc scan = pg::begin_index_scan(table.relation, index, GetActiveSnapshot(), 2);
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(universe_id));
    ScanKeyInit(&keys[1], 2, BTLessEqualStrategyNumber, F_TIMESTAMPTZ_LE, TimestampTzGetDatum(at));
    index_rescan(scan, keys, 2, nullptr, 0);
    const bool found = index_getnext_slot(scan, BackwardScanDirection, slot);
    if (found) {
        ExecMaterializeSlot(slot);
    }
    index_endscan(scan);
    index_close(index, NoLock);
    return found;
}

} // namespace

UniverseRate rate_in(Call &call, HeapTuple universe_row)
{
    const Columns columns = columns_of(call, TableId::universe, universe_row);
    return {columns.int4(universe_column::id), columns.value(universe_column::exchange_rate),
            columns.int8(universe_column::first_rate_id)};
}

bool has_rate_change(Call &call, std::int64_t id)
{
    return find_row(call, TableId::exchange_rate_change, key_of_int8(id)) != nullptr;
}

void append_rate_change(Call &call, std::int64_t id, const UniverseRate &rate)
{
    TimestampTz valid_from = GetCurrentTimestamp();
    TupleTableSlot *last = read_slot(call, TableId::exchange_rate_change);
    if (read_rate_at(call, rate.universe_id, DT_NOEND, last)) {
        const Table &table = table_of(call, TableId::exchange_rate_change);
        valid_from = Max(valid_from, DatumGetTimestampTz(column_of(
                                         table, last, exchange_rate_change_column::valid_from)));
    }
    Datum values[exchange_rate_change_column::last] = {};
    const bool nulls[exchange_rate_change_column::last] = {};
    values[exchange_rate_change_column::id - 1] = Int64GetDatum(id);
    values[exchange_rate_change_column::valid_from - 1] = TimestampTzGetDatum(valid_from);
    values[exchange_rate_change_column::universe_id - 1] = Int32GetDatum(rate.universe_id);
    values[exchange_rate_change_column::exchange_rate - 1] = rate.exchange_rate;
    insert_row(call, TableId::exchange_rate_change, values, nulls);
}

bool find_rate_at(Call &call, std::int32_t universe_id, TimestampTz at, Datum &exchange_rate)
{
    TupleTableSlot *slot = read_slot(call, TableId::exchange_rate_change);
    if (!read_rate_at(call, universe_id, at, slot)) {
        return false;
    }
    const Table &table = table_of(call, TableId::exchange_rate_change);
    exchange_rate =
        datumCopy(column_of(table, slot, exchange_rate_change_column::exchange_rate), false, -1);
    return true;
}

} // namespace mvm::storage
