// mvm_restock, mvm_set_price, mvm_delist_item, mvm_relist_item: what a seller does with a listed
// item.
#include "entry/arguments.hpp"
#include "entry/item.hpp"
#include "entry/keyed_call.hpp"
#include "entry/requirements.hpp"
#include "entry/results.hpp"
#include "pg/guard.hpp"
#include "pg/refusal.hpp"
#include "storage/hold.hpp"
#include "storage/journal.hpp"

namespace mvm::entry {

namespace {

using storage::Call;

storage::Item require_locked_item(Call &call, std::int64_t item_id)
{
    storage::Item item;
    if (!storage::lock_item(call, item_id, item)) {
        raise(no_item(item_id));
    }
    return item;
}

storage::JournalRow restock(Call &call, std::int64_t item_id, std::int64_t quantity,
                            KeyedCall &keyed)
{
    storage::Item item = require_locked_item(call, item_id);
    // Sees the holds that were made while the call waited for the item.
    storage::refresh_snapshot(call);
    require_room_for(call, item, quantity);
    storage::JournalRow row{};
    row.kind = domain::JournalKind::restock;
    row.user_id = item.seller_id;
    row.item_id = item_id;
    row.quantity = quantity;
    row.from_universe_id = row.to_universe_id = item.universe_id;
    // From here only I/O can fail.
    storage::advance_command(call);
    storage::update_stock(call, item, item.stock + quantity);
    storage::number_journal_row(call, row);
    journal_keyed_call(call, keyed, row);
    return row;
}

Datum restock_function(FunctionCallInfo fcinfo)
{
    const std::int64_t item_id = int8_argument(fcinfo, 0, "item_id");
    const std::int64_t quantity = int8_argument(fcinfo, 1, "quantity");
    const auto key = key_argument(fcinfo, 2);
    if (quantity < 1) {
        raise(quantity_below_one(quantity));
    }
    storage::Call call;
    storage::begin_write(call, "mvm_restock()");
    storage::Item item;
    if (!storage::find_item(call, item_id, item)) {
        raise(no_item(item_id));
    }
    KeyedCall keyed = begin_keyed_call(
        call, item.seller_id.value_or(nobody), key,
        psprintf("restock item_id=" INT64_FORMAT " quantity=" INT64_FORMAT, item_id, quantity));
    const storage::JournalRow row =
        keyed.answered ? keyed.first_answer : restock(call, item_id, quantity, keyed);
    const Datum result = transaction_result(fcinfo, call, row);
    storage::end_call(call);
    return result;
}

Datum set_price_function(FunctionCallInfo fcinfo)
{
    const std::int64_t item_id = int8_argument(fcinfo, 0, "item_id");
    const Datum price = numeric_argument(fcinfo, 1, "price");
    require_positive(price, "price");

    storage::Call call;
    storage::begin_write(call, "mvm_set_price()");
    storage::Item item = require_locked_item(call, item_id);
    const storage::Universe universe = require_universe(call, item.universe_id);
    const std::int64_t price_minor = require_amount(price, universe, "price");
    if (price_minor != item.price_minor) {
        storage::update_price(call, item, price_minor);
    }
    const Datum result = shown_item_result(fcinfo, call, item, universe);
    storage::end_call(call);
    return result;
}

Datum set_listed(FunctionCallInfo fcinfo, bool listed, const char *name)
{
    const std::int64_t item_id = int8_argument(fcinfo, 0, "item_id");
    storage::Call call;
    storage::begin_write(call, name);
    storage::Item item = require_locked_item(call, item_id);
    if (item.listed != listed) {
        storage::update_listed(call, item, listed);
    }
    const Datum result =
        shown_item_result(fcinfo, call, item, require_universe(call, item.universe_id));
    storage::end_call(call);
    return result;
}

Datum delist_item_function(FunctionCallInfo fcinfo)
{
    return set_listed(fcinfo, false, "mvm_delist_item()");
}

Datum relist_item_function(FunctionCallInfo fcinfo)
{
    return set_listed(fcinfo, true, "mvm_relist_item()");
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_restock, mvm::entry::restock_function)
MVM_SQL_FUNCTION(mvm_set_price, mvm::entry::set_price_function)
MVM_SQL_FUNCTION(mvm_delist_item, mvm::entry::delist_item_function)
MVM_SQL_FUNCTION(mvm_relist_item, mvm::entry::relist_item_function)
