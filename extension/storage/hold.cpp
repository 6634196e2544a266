#include "storage/hold.hpp"

#include <algorithm>

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

KeptByHold read_kept(const Columns &columns)
{
    return {columns.int8(hold_column::id),
            columns.int8(hold_column::item_id),
            {columns.int8(hold_column::buyer_id), columns.int4(hold_column::from_universe_id)},
            columns.int8(hold_column::quantity),
            columns.int8(hold_column::paid_minor),
            columns.time(hold_column::expires_at)};
}

Key key_of_hold(std::int64_t id)
{
    Key key = key_of_int8(id);
    key.remembered = false; // each is looked up once or twice
    return key;
}

// Active holds that end at `end` or before, as an index has them: by item or by wallet,
// and then by their ends. In a market that is not brought to 1.2 the indexes have the first
// column alone, and all active holds of the item or buyer are read.
struct HoldRange {
    const char *index_name;
    ScanKeyData keys[3];
    int key_count;
    std::int32_t universe_id; // of the buyer's wallet; 0: any
    TimestampTz end;
};

void add_end(HoldRange &range, AttrNumber column)
{
    ScanKeyInit(&range.keys[range.key_count++], column, BTLessEqualStrategyNumber, F_TIMESTAMPTZ_LE,
                TimestampTzGetDatum(range.end));
}

HoldRange holds_on_item(std::int64_t item_id, TimestampTz end)
{
    HoldRange range{"hold_item_id_idx", {}, 1, 0, end};
    ScanKeyInit(&range.keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(item_id));
    add_end(range, 2);
    return range;
}

HoldRange holds_of_wallet(const WalletKey &wallet, TimestampTz end)
{
    HoldRange range{"hold_buyer_id_idx", {}, 2, wallet.universe_id, end};
    ScanKeyInit(&range.keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(wallet.user_id));
    ScanKeyInit(&range.keys[1], 2, BTEqualStrategyNumber, F_INT4EQ,
                Int32GetDatum(wallet.universe_id));
    add_end(range, 3);
    return range;
}

HoldRange all_holds(TimestampTz end)
{
    HoldRange range{"hold_expires_at_idx", {}, 0, 0, end};
    add_end(range, 1);
    return range;
}

// Calls `visit` with each hold of the range and whether they come in the order in which they
// end, until it returns false.
template <typename Visit> void visit_holds(Call &call, const HoldRange &range, Visit visit)
{
    if (!has_table(TableId::hold) ||
        RelationGetNumberOfBlocks(table_of(call, TableId::hold).relation) == 0) {
        return;
    }
    const Table &table = table_of(call, TableId::hold);
    Relation index = open_index(range.index_name);
    const bool in_order = range.key_count <= IndexRelationGetNumberOfKeyAttributes(index);
    const int key_count = in_order ? range.key_count : 1;
    ScanKeyData keys[lengthof(range.keys)];
    memcpy(keys, range.keys, sizeof keys);
    IndexScanDesc scan =
        pg::begin_index_scan(table.relation, index, GetActiveSnapshot(), key_count);
    index_rescan(scan, keys, key_count, nullptr, 0);
    TupleTableSlot *slot = read_slot(call, TableId::hold);
    bool goes_on = true;
    while (goes_on && index_getnext_slot(scan, ForwardScanDirection, slot)) {
        CHECK_FOR_INTERRUPTS();
        const KeptByHold kept = read_kept(columns_of(table, slot, hold_column::last));
        if (kept.expires_at <= range.end &&
            (range.universe_id == 0 || kept.wallet.universe_id == range.universe_id)) {
            goes_on = visit(kept, in_order);
        }
    }
    index_endscan(scan);
    index_close(index, NoLock);
}

bool expires_before(const KeptByHold &a, const KeptByHold &b)
{
    return a.expires_at != b.expires_at ? a.expires_at < b.expires_at : a.id < b.id;
}

// The first holds of the range in the order in which they end.
void find_first(Call &call, const HoldRange &range, int count_max, pg::Array<KeptByHold> &holds)
{
    holds.count = 0;
    bool sorted = true;
    visit_holds(call, range, [&](const KeptByHold &kept, bool in_order) {
        holds.push(kept);
        sorted = in_order;
        return !in_order || holds.count < count_max;
    });
    if (!sorted) {
        std::sort(holds.begin(), holds.end(), expires_before);
        holds.count = Min(holds.count, count_max);
    }
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

TryLock try_lock_hold(Call &call, std::int64_t id, Hold &hold)
{
    HeapTuple row = nullptr;
    const TryLock outcome = try_lock_row(call, TableId::hold, key_of_hold(id), row);
    if (outcome == TryLock::locked) {
        read_hold(call, row, hold);
    }
    return outcome;
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

void find_expired_on_item(Call &call, std::int64_t item_id, TimestampTz now, int count_max,
                          pg::Array<KeptByHold> &holds)
{
    find_first(call, holds_on_item(item_id, now), count_max, holds);
}

void find_expired_of_wallet(Call &call, const WalletKey &wallet, TimestampTz now, int count_max,
                            pg::Array<KeptByHold> &holds)
{
    find_first(call, holds_of_wallet(wallet, now), count_max, holds);
}

void find_expired(Call &call, TimestampTz now, int count_max, pg::Array<KeptByHold> &holds)
{
    find_first(call, all_holds(now), count_max, holds);
}

std::int64_t balance_with_expired(Call &call, const Wallet &wallet)
{
    std::int64_t balance_minor = wallet.balance_minor;
    const auto range = holds_of_wallet({wallet.user_id, wallet.universe_id}, GetCurrentTimestamp());
    visit_holds(call, range, [&](const KeptByHold &kept, bool) {
        balance_minor = add_where_room(balance_minor, kept.paid_minor);
        return true;
    });
    return balance_minor;
}

namespace {

// The stock with what active holds that end at `end` or before keep.
std::int64_t stock_with_holds_until(Call &call, const Item &item, TimestampTz end)
{
    std::int64_t stock = item.stock;
    visit_holds(call, holds_on_item(item.id, end), [&](const KeptByHold &kept, bool) {
        stock = add_where_room(stock, kept.quantity);
        return true;
    });
    return stock;
}

} // namespace

std::int64_t stock_with_expired(Call &call, const Item &item)
{
    return stock_with_holds_until(call, item, GetCurrentTimestamp());
}

std::int64_t stock_with_held(Call &call, const Item &item)
{
    return stock_with_holds_until(call, item, DT_NOEND);
}

} // namespace mvm::storage
