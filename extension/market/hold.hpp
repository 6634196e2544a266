// Holds: stock and money set aside at frozen terms, until they are captured or released.
#pragma once

#include <optional>

#include "market/order.hpp"
#include "storage/hold.hpp"

namespace mvm::market {

// Sets aside what the order asks for and makes a hold of it, whose id is drawn here; or gives the
// hold of an earlier call under the same key. The refusals of a purchase; rule_violation if the
// hold would live too long, or the buyer has too many open, for the item's universe.
storage::Hold reserve(storage::Call &call, Order order);

struct CaptureRequest {
    std::int64_t hold_id;
    std::optional<std::int64_t> quantity; // 1 or more; none: all
    ClientFields client;
};

// Buys pieces of a hold at its terms and releases the rest: the journal row of the purchase.
// hold_not_found, item_not_found, hold_closed, invalid_quantity, invalid_amount,
// amount_out_of_range, idempotency_mismatch.
storage::JournalRow capture(storage::Call &call, const CaptureRequest &request);

// Puts back all that a hold keeps: the hold as it ended.
// hold_not_found, item_not_found, hold_closed, amount_out_of_range.
storage::Hold release(storage::Call &call, std::int64_t hold_id);

// Releases at most `count_max` holds past their time; how many it did.
int sweep_holds(storage::Call &call, int count_max);

} // namespace mvm::market
