// mvm_restock, mvm_set_price, mvm_delist_item, mvm_relist_item: what a seller does with a listed
// item.
#include "entry/arguments.hpp"
#include "entry/client_arguments.hpp"
#include "entry/item.hpp"
#include "entry/journal_rows.hpp"
#include "market/requirements.hpp"
#include "market/stock.hpp"
#include "pg/guard.hpp"

namespace mvm::entry {

namespace {

using storage::Call;

storage::Item require_locked_item(Call &call, std::int64_t item_id)
{
    storage::Item item;
    if (!storage::lock_item(call, item_id, item)) {
        market::raise(market::no_item(item_id));
    }
    return item;
}

Datum restock_function(FunctionCallInfo fcinfo)
{
    market::RestockRequest request{};
    request.item_id = int8_argument(fcinfo, 0, "item_id");
    request.quantity = int8_argument(fcinfo, 1, "quantity");
    request.client = key_argument(fcinfo, 2);
    if (request.quantity < 1) {
        market::raise(market::quantity_below_one(request.quantity));
    }

    storage::Call call;
    storage::begin_write(call, "mvm_restock()");
    const storage::JournalRow row = market::restock(call, request);
    const Datum result = transaction_result(fcinfo, call, row);
    storage::end_call(call);
    return result;
}

Datum set_price_function(FunctionCallInfo fcinfo)
{
    const std::int64_t item_id = int8_argument(fcinfo, 0, "item_id");
    const Datum price = numeric_argument(fcinfo, 1, "price");
    market::require_positive(price, "price");

    storage::Call call;
    storage::begin_write(call, "mvm_set_price()");
    storage::Item item = require_locked_item(call, item_id);
    const storage::Universe universe = market::require_universe(call, item.universe_id);
    const std::int64_t price_minor = market::require_amount(price, universe, "price");
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
        shown_item_result(fcinfo, call, item, market::require_universe(call, item.universe_id));
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
