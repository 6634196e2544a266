// Pieces that come to the market: those of a new item, and more of them.
#pragma once

#include <optional>

#include "storage/item.hpp"
#include "storage/journal.hpp"

namespace mvm::market {

struct RestockRequest {
    std::int64_t item_id;
    std::int64_t quantity;    // 1 or more
    std::optional<Datum> key; // text, of idempotency
};

// Adds the pieces; the journal row that answers the request.
// item_not_found, amount_out_of_range, idempotency_mismatch.
storage::JournalRow restock(storage::Call &call, const RestockRequest &request);

// Puts the pieces of an item that this call has just inserted into the journal.
void post_listing(storage::Call &call, const storage::Item &item);

} // namespace mvm::market
