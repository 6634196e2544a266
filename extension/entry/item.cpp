// mvm_list_item
#include "entry/item.hpp"

#include "entry/arguments.hpp"
#include "market/requirements.hpp"
#include "market/stock.hpp"
#include "pg/guard.hpp"
#include "pg/refusal.hpp"
#include "storage/hold.hpp"
#include "storage/taken_key.hpp"

namespace mvm::entry {

namespace {

using domain::ErrorCode;

Datum item_result(FunctionCallInfo fcinfo, const storage::Call &call, const storage::Item &item,
                  const storage::Universe &universe)
{
    RowWriter writer = single_row(fcinfo);
    write_item(writer, item, universe);
    return row_result(call, writer);
}

Datum list_item_function(FunctionCallInfo fcinfo)
{
    const auto seller_id = optional_int8_argument(fcinfo, 0);
    const auto universe_id = optional_int4_argument(fcinfo, 4);
    const Datum price = numeric_argument(fcinfo, 2, "price");
    const std::int64_t stock = int8_argument(fcinfo, 3, "stock");
    if (!seller_id && !universe_id) {
        pg::raise(ErrorCode::invalid_argument, "seller_id and universe_id must not both be null.");
    }
    const Datum name = name_argument(fcinfo, 1, "name", name_length_max);
    const PlatformData data = platform_data_arguments(fcinfo, 5);

    storage::Call call;
    storage::begin_write(call, "mvm_list_item()");
    const NewItem listed = list_item(call, seller_id, name, price, stock, universe_id, data);
    const Datum result = item_result(fcinfo, call, listed.item, listed.universe);
    storage::end_call(call);
    return result;
}

// Looks for a taken key before it draws an id, so that a refusal leaves no gap in the ids.
void write_new_item(storage::Call &call, storage::Item &item)
{
    const storage::UniqueKey key = {storage::item_external_id_index,
                                    taken_external_id("An item", item.external_id)};
    storage::Item other;
    if (item.external_id && storage::find_item_by_external_id(call, *item.external_id, other)) {
        pg::raise(ErrorCode::already_exists, key.refusal);
    }
    item.id = storage::next_id("item_id_seq");
    storage::write_unless_taken(&key, 1, [&] { storage::insert_item(call, item); });
}

} // namespace

void write_item(RowWriter &writer, const storage::Item &item, const storage::Universe &universe)
{
    writer.add_int8(item.id);
    writer.add(item.name);
    writer.add_int4(item.universe_id);
    writer.add_int8(item.seller_id);
    writer.add_amount(item.price_minor, universe.currency_scale);
    writer.add_int8(item.stock);
    writer.add_bool(item.listed);
    writer.add(item.external_id);
    writer.add(item.metadata);
}

Datum shown_item_result(FunctionCallInfo fcinfo, storage::Call &call, storage::Item item,
                        const storage::Universe &universe)
{
    // To see which holds have ended while the call waited for the item. From now on none can end.
    storage::refresh_snapshot(call);
    item.stock = storage::stock_with_expired(call, item);
    return item_result(fcinfo, call, item, universe);
}

NewItem list_item(storage::Call &call, std::optional<std::int64_t> seller_id, Datum name,
                  Datum price, std::int64_t stock, std::optional<std::int32_t> universe_id,
                  const PlatformData &data)
{
    market::require_positive(price, "price");
    if (stock < 0) {
        pg::raise(ErrorCode::invalid_quantity,
                  psprintf("stock is " INT64_FORMAT ", it must not be below zero.", stock));
    }
    std::int32_t listed_in = universe_id.value_or(0);
    if (seller_id) {
        const storage::UserAccount seller = market::require_user(call, *seller_id);
        listed_in = universe_id.value_or(seller.universe_id);
    }

    NewItem listed{};
    listed.universe = market::require_universe(call, listed_in);
    listed.item.seller_id = seller_id;
    listed.item.price_minor = market::require_amount(price, listed.universe, "price");
    listed.item.stock = stock;
    listed.item.version = 1;
    listed.item.universe_id = listed_in;
    listed.item.listed = true;
    listed.item.name = name;
    listed.item.external_id = data.external_id;
    listed.item.metadata = data.metadata;
    write_new_item(call, listed.item);
    market::post_listing(call, listed.item);
    return listed;
}

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_list_item, mvm::entry::list_item_function)
