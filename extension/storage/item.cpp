#include "storage/item.hpp"

namespace mvm::storage {

namespace {

void read_item(Call &call, HeapTuple row, Item &item)
{
    Datum values[item_column::last];
    bool nulls[item_column::last];
    deform_row(call, TableId::item, row, values, nulls);
    item.id = DatumGetInt64(values[item_column::id - 1]);
    item.seller_id = std::nullopt;
    if (!nulls[item_column::seller_id - 1]) {
        item.seller_id = DatumGetInt64(values[item_column::seller_id - 1]);
    }
    item.price_minor = DatumGetInt64(values[item_column::price_minor - 1]);
    item.stock = DatumGetInt64(values[item_column::stock - 1]);
    item.version = DatumGetInt64(values[item_column::version - 1]);
    item.universe_id = DatumGetInt32(values[item_column::universe_id - 1]);
    item.listed = nulls[item_column::listed - 1] || DatumGetBool(values[item_column::listed - 1]);
    item.name = values[item_column::name - 1];
    item.row = row;
}

} // namespace

bool find_item(Call &call, std::int64_t id, Item &item)
{
    TupleTableSlot *slot = find_row(call, TableId::item, key_of_int8(id));
    if (slot == nullptr) {
        return false;
    }
    read_item(call, ExecCopySlotHeapTuple(slot), item);
    return true;
}

bool lock_item(Call &call, std::int64_t id, Item &item)
{
    HeapTuple row = lock_row(call, TableId::item, key_of_int8(id));
    if (row == nullptr) {
        return false;
    }
    read_item(call, row, item);
    return true;
}

void insert_item(Call &call, const Item &item, Datum name)
{
    Datum values[item_column::last] = {};
    bool nulls[item_column::last] = {};
    values[item_column::id - 1] = Int64GetDatum(item.id);
    values[item_column::seller_id - 1] = Int64GetDatum(item.seller_id.value_or(0));
    nulls[item_column::seller_id - 1] = !item.seller_id.has_value();
    values[item_column::price_minor - 1] = Int64GetDatum(item.price_minor);
    values[item_column::stock - 1] = Int64GetDatum(item.stock);
    values[item_column::version - 1] = Int64GetDatum(item.version);
    values[item_column::universe_id - 1] = Int32GetDatum(item.universe_id);
    values[item_column::name - 1] = name;
    values[item_column::listed - 1] = BoolGetDatum(true);
    insert_row(call, TableId::item, values, nulls);
}

void update_stock(Call &call, Item &item, std::int64_t stock)
{
    item.stock = stock;
    item.version += 1;
    const ColumnChange changes[] = {
        {item_column::stock, Int64GetDatum(item.stock)},
        {item_column::version, Int64GetDatum(item.version)},
    };
    update_row(call, TableId::item, item.row, changes, lengthof(changes));
}

void update_price(Call &call, Item &item, std::int64_t price_minor)
{
    item.price_minor = price_minor;
    item.version += 1;
    const ColumnChange changes[] = {
        {item_column::price_minor, Int64GetDatum(item.price_minor)},
        {item_column::version, Int64GetDatum(item.version)},
    };
    update_row(call, TableId::item, item.row, changes, lengthof(changes));

    Datum values[price_change_column::last] = {};
    const bool nulls[price_change_column::last] = {};
    values[price_change_column::item_id - 1] = Int64GetDatum(item.id);
    values[price_change_column::valid_from - 1] = TimestampTzGetDatum(GetCurrentTimestamp());
    values[price_change_column::price_minor - 1] = Int64GetDatum(item.price_minor);
    insert_row(call, TableId::price_change, values, nulls);
}

void update_listed(Call &call, Item &item, bool listed)
{
    item.listed = listed;
    item.version += 1;
    const ColumnChange changes[] = {
        {item_column::listed, BoolGetDatum(item.listed)},
        {item_column::version, Int64GetDatum(item.version)},
    };
    update_row(call, TableId::item, item.row, changes, lengthof(changes));
}

} // namespace mvm::storage
