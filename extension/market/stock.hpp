// Adding to the stock: the first pieces of a new item, and restocking.
#pragma once

#include "market/client_fields.hpp"
#include "storage/item.hpp"

namespace mvm::market {

struct RestockRequest {
    std::int64_t item_id;
    std::int64_t quantity; // 1 or more
    ClientFields client;
};

// Adds the pieces; the journal row that answers the request.
// item_not_found, amount_out_of_range, idempotency_mismatch.
storage::JournalRow restock(storage::Call &call, const RestockRequest &request);

// Writes the journal row for the first pieces of an item that this call has just inserted.
void post_listing(storage::Call &call, const storage::Item &item);

} // namespace mvm::market
