#include "storage/hold.hpp"

#include "domain/money.hpp"
#include "pg/compat.hpp"

namespace mvm::storage {

namespace {

void read_hold(Call &call, HeapTuple row, Hold &hold)
{
    const Columns columns = columns_of(call, TableId::hold, row);
    hold.id = columns.int8(hold_column::id);
    hold.buyer_id = columns.int8(hold_column::buyer_id);
    hold.item_id = columns.int8(hold_column::item_id);
    hold.seller_id = columns.optional_int8(hold_column::seller_id);
    hold.quantity = columns.int8(hold_column::quantity);
    hold.captured_quantity = columns.int8(hold_column::captured_quantity);
    hold.price_minor = columns.int8(hold_column::price_minor);
    hold.paid_minor = columns.int8(hold_column::paid_minor);
    hold.created_at = columns.time(hold_column::created_at);
    hold.expires_at = columns.time(hold_column::expires_at);
    hold.from_universe_id = columns.int4(hold_column::from_universe_id);
    hold.to_universe_id = columns.int4(hold_column::to_universe_id);
    hold.state = HoldState{columns.character(hold_column::state)};
    hold.from_rate = columns.value(hold_column::from_rate);
    hold.to_rate = columns.value(hold_column::to_rate);
    hold.sale_fee_rate = columns.optional_value(hold_column::sale_fee_rate);
    hold.tariff_rate = columns.optional_value(hold_column::tariff_rate);
    hold.row = row;
}

Key key_of_hold(std::int64_t id)
{
    Key key = key_of_int8(id);
    key.remembered = false; // each is looked up once or twice
    return key;
}

// Runs over an index of active holds and appends those past their time.
void append_expired(Call &call, const char *index_name, ScanKeyData key, int count_max,
                    TimestampTz now, pg::Array<Hold> &holds)
{
    Relation index = open_index(index_name);
    IndexScanDesc scan =
        pg::begin_index_scan(table_of(call, TableId::hold).relation, index, GetActiveSnapshot(), 1);
    index_rescan(scan, &key, 1, nullptr, 0);
    TupleTableSlot *slot = read_slot(call, TableId::hold);
    for (int count = 0;
         count < count_max && index_getnext_slot(scan, ForwardScanDirection, slot);) {
        CHECK_FOR_INTERRUPTS();
        Hold hold;
        read_hold(call, ExecCopySlotHeapTuple(slot), hold);
        if (hold.expires_at <= now) {
            holds.push(hold);
            ++count;
        }
    }
    index_endscan(scan);
    index_close(index, NoLock);
}

ScanKeyData expires_until(TimestampTz now)
{
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTLessEqualStrategyNumber, F_TIMESTAMPTZ_LE, TimestampTzGetDatum(now));
    return key;
}

ScanKeyData id_equals(std::int64_t id)
{
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(id));
    return key;
}

std::int64_t add_where_room(std::int64_t a, std::int64_t b)
{
    const auto sum = domain::add_amounts(a, b);
    return sum.ok() ? sum.value : PG_INT64_MAX;
}

} // namespace

void insert_hold(Call &call, const Hold &hold)
{
    Columns columns;
    columns.put(hold_column::id, Int64GetDatum(hold.id));
    columns.put(hold_column::buyer_id, Int64GetDatum(hold.buyer_id));
    columns.put(hold_column::item_id, Int64GetDatum(hold.item_id));
    columns.put(hold_column::seller_id, hold.seller_id);
    columns.put(hold_column::quantity, Int64GetDatum(hold.quantity));
    columns.put(hold_column::captured_quantity, Int64GetDatum(hold.captured_quantity));
    columns.put(hold_column::price_minor, Int64GetDatum(hold.price_minor));
    columns.put(hold_column::paid_minor, Int64GetDatum(hold.paid_minor));
    columns.put(hold_column::created_at, TimestampTzGetDatum(hold.created_at));
    columns.put(hold_column::expires_at, TimestampTzGetDatum(hold.expires_at));
    columns.put(hold_column::from_universe_id, Int32GetDatum(hold.from_universe_id));
    columns.put(hold_column::to_universe_id, Int32GetDatum(hold.to_universe_id));
    columns.put(hold_column::state, CharGetDatum(static_cast<char>(hold.state)));
    columns.put(hold_column::from_rate, hold.from_rate);
    columns.put(hold_column::to_rate, hold.to_rate);
    columns.put(hold_column::sale_fee_rate, hold.sale_fee_rate);
    columns.put(hold_column::tariff_rate, hold.tariff_rate);
    insert_row(call, TableId::hold, columns.values, columns.nulls);
}

std::int64_t open_holds(Call &call, std::int64_t buyer_id, std::int32_t to_universe_id,
                        TimestampTz now, std::int64_t count_max)
{
    ScanKeyData keys[3];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(buyer_id));
    ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(to_universe_id));
    ScanKeyInit(&keys[2], 3, BTGreaterStrategyNumber, F_TIMESTAMPTZ_GT, TimestampTzGetDatum(now));
    return count_rows_now(call, TableId::hold, "hold_open_idx", keys, lengthof(keys), count_max);
}

bool find_hold(Call &call, std::int64_t id, Hold &hold)
{
    TupleTableSlot *slot = find_row(call, TableId::hold, key_of_hold(id));
    if (slot == nullptr) {
        return false;
    }
    read_hold(call, ExecCopySlotHeapTuple(slot), hold);
    return true;
}

bool lock_hold(Call &call, std::int64_t id, Hold &hold)
{
    HeapTuple row = lock_row(call, TableId::hold, key_of_hold(id));
    if (row == nullptr) {
        return false;
    }
    read_hold(call, row, hold);
    return true;
}

void close_hold(Call &call, Hold &hold, HoldState state, std::int64_t captured_quantity)
{
    hold.state = state;
    hold.captured_quantity = captured_quantity;
    const ColumnChange changes[] = {
        {hold_column::state, CharGetDatum(static_cast<char>(state))},
        {hold_column::captured_quantity, Int64GetDatum(captured_quantity)},
    };
    update_row(call, TableId::hold, hold.row, changes, lengthof(changes));
}

bool has_expired_holds(Call &call, TimestampTz now)
{
    if (!has_table(TableId::hold) ||
        RelationGetNumberOfBlocks(table_of(call, TableId::hold).relation) == 0) {
        return false;
    }
    pg::Array<Hold> holds{};
    first_expired_holds(call, 1, now, holds);
    return holds.count > 0;
}

void expired_holds_of_item(Call &call, std::int64_t item_id, TimestampTz now,
                           pg::Array<Hold> &holds)
{
    append_expired(call, "hold_item_id_idx", id_equals(item_id), PG_INT32_MAX, now, holds);
}

void expired_holds_of_buyer(Call &call, std::int64_t buyer_id, TimestampTz now,
                            pg::Array<Hold> &holds)
{
    append_expired(call, "hold_buyer_id_idx", id_equals(buyer_id), PG_INT32_MAX, now, holds);
}

void first_expired_holds(Call &call, int count, TimestampTz now, pg::Array<Hold> &holds)
{
    append_expired(call, "hold_expires_at_idx", expires_until(now), count, now, holds);
}

namespace {

// The stock with what active holds that end at `end` or before keep.
std::int64_t stock_with_holds_until(Call &call, const Item &item, TimestampTz end)
{
    std::int64_t stock = item.stock;
    if (has_expired_holds(call, end)) {
        pg::Array<Hold> holds{};
        expired_holds_of_item(call, item.id, end, holds);
        for (const Hold &hold : holds) {
            stock = add_where_room(stock, hold.quantity);
        }
    }
    return stock;
}

} // namespace

std::int64_t balance_with_expired(Call &call, const Wallet &wallet)
{
    const TimestampTz now = GetCurrentTimestamp();
    std::int64_t balance_minor = wallet.balance_minor;
    if (has_expired_holds(call, now)) {
        pg::Array<Hold> holds{};
        expired_holds_of_buyer(call, wallet.user_id, now, holds);
        for (const Hold &hold : holds) {
            if (hold.from_universe_id == wallet.universe_id) {
                balance_minor = add_where_room(balance_minor, hold.paid_minor);
            }
        }
    }
    return balance_minor;
}

std::int64_t stock_with_expired(Call &call, const Item &item)
{
    return stock_with_holds_until(call, item, GetCurrentTimestamp());
}

std::int64_t stock_with_held(Call &call, const Item &item)
{
    return stock_with_holds_until(call, item, DT_NOEND);
}

} // namespace mvm::storage
