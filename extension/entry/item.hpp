// Listing an item, for SQL and for the sample market; and an item as it is shown.
#pragma once

#include "entry/platform_data.hpp"
#include "entry/row_writer.hpp"
#include "storage/item.hpp"
#include "storage/universe.hpp"

namespace mvm::entry {

struct NewItem {
    storage::Item item;
    storage::Universe universe;
};

// Lists an item of `seller_id` in `universe_id` (none: the seller's home), or of
// that universe's treasury where there is no seller. One of the two is given.
// invalid_amount, invalid_quantity, user_not_found, universe_not_found,
// amount_out_of_range, already_exists.
NewItem list_item(storage::Call &call, std::optional<std::int64_t> seller_id, Datum name,
                  Datum price, std::int64_t stock, std::optional<std::int32_t> universe_id,
                  const PlatformData &data);

// A row of mvm.items.
void write_item(RowWriter &writer, const storage::Item &item, const storage::Universe &universe);

// A row of mvm.items of a locked item: its stock counts holds past their time.
Datum shown_item_result(FunctionCallInfo fcinfo, storage::Call &call, storage::Item item,
                        const storage::Universe &universe);

} // namespace mvm::entry
