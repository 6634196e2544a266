#include "storage/item.hpp"

#include "domain/assert.hpp"

namespace mvm::storage {

namespace {

void read_item(Call &call, HeapTuple row, Item &item)
{
    const Columns columns = columns_of(call, TableId::item, row);
    const auto listed = columns.optional_value(item_column::listed);
    item.id = columns.int8(item_column::id);
    item.seller_id = columns.optional_int8(item_column::seller_id);
    item.price_minor = columns.int8(item_column::price_minor);
    item.stock = columns.int8(item_column::stock);
    item.version = columns.int8(item_column::version);
    item.universe_id = columns.int4(item_column::universe_id);
    item.listed = !listed || DatumGetBool(*listed);
    item.name = columns.value(item_column::name);
    item.external_id = columns.optional_value(item_column::external_id);
    item.metadata = columns.optional_value(item_column::metadata);
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

bool find_item_by_external_id(Call &call, Datum external_id, Item &item)
{
    TupleTableSlot *slot =
        find_row_in(call, TableId::item, item_external_id_index, key_of_text(external_id));
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

TryLock try_lock_item(Call &call, std::int64_t id, Item &item)
{
    HeapTuple row = nullptr;
    const TryLock outcome = try_lock_row(call, TableId::item, key_of_int8(id), row);
    if (outcome == TryLock::locked) {
        read_item(call, row, item);
    }
    return outcome;
}

void insert_item(Call &call, const Item &item)
{
    Columns columns;
    columns.put(item_column::id, Int64GetDatum(item.id));
    columns.put(item_column::seller_id, item.seller_id);
    columns.put(item_column::price_minor, Int64GetDatum(item.price_minor));
    columns.put(item_column::stock, Int64GetDatum(item.stock));
    columns.put(item_column::version, Int64GetDatum(item.version));
    columns.put(item_column::universe_id, Int32GetDatum(item.universe_id));
    columns.put(item_column::name, item.name);
    columns.put(item_column::listed, BoolGetDatum(true));
    columns.put(item_column::external_id, item.external_id);
    columns.put(item_column::metadata, item.metadata);
    insert_row(call, TableId::item, columns.values, columns.nulls);
}

void update_stock(Call &call, Item &item, std::int64_t stock)
{
    MVM_ASSERT(item.row != nullptr && stock >= 0);
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
    MVM_ASSERT(item.row != nullptr && price_minor > 0);
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

void update_item_data(Call &call, Item &item)
{
    item.version += 1;
    const ColumnChange changes[] = {
        {item_column::external_id, item.external_id.value_or(Datum{0}), !item.external_id},
        {item_column::metadata, item.metadata.value_or(Datum{0}), !item.metadata},
        {item_column::version, Int64GetDatum(item.version)},
    };
    update_row(call, TableId::item, item.row, changes, lengthof(changes));
}

} // namespace mvm::storage
