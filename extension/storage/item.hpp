// Rows of mvm.item.
#pragma once

#include <optional>

#include "storage/row.hpp"

namespace mvm::storage {

struct Item {
    std::int64_t id;
    std::optional<std::int64_t> seller_id; // none: the treasury of universe_id
    std::int64_t price_minor;
    std::int64_t stock;
    std::int64_t version;
    std::int32_t universe_id;
    bool listed; // on the market
    // In row, or a new item's.
    Datum name;                       // text
    std::optional<Datum> external_id; // text
    std::optional<Datum> metadata;    // jsonb
    HeapTuple row;
};

// The item as the call's snapshot sees it.
[[nodiscard]] bool find_item(Call &call, std::int64_t id, Item &item);

// Finds and locks; see lock_row.
[[nodiscard]] bool lock_item(Call &call, std::int64_t id, Item &item);

// The same without waiting; see try_lock_row.
[[nodiscard]] TryLock try_lock_item(Call &call, std::int64_t id, Item &item);

[[nodiscard]] bool find_item_by_external_id(Call &call, Datum external_id, Item &item);

// Inserts an item under its new id.
void insert_item(Call &call, const Item &item);

// Writes a locked item's new stock and the next version.
void update_stock(Call &call, Item &item, std::int64_t stock);

// Writes a locked item's new price and the next version, and notes the change.
void update_price(Call &call, Item &item, std::int64_t price_minor);

// Puts a locked item on the market or takes it off, and writes the next version.
void update_listed(Call &call, Item &item, bool listed);

// Writes a locked item's new external id and metadata and the next version.
void update_item_data(Call &call, Item &item);

// The unique index of platforms' keys.
inline constexpr const char *item_external_id_index = "item_external_id_key";

} // namespace mvm::storage
