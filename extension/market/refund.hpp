// Undoing a purchase, whole or in part.
#pragma once

#include <optional>

#include "market/client_fields.hpp"

namespace mvm::market {

struct RefundRequest {
    std::int64_t transaction_id;
    std::optional<std::int64_t> quantity; // 1 or more; none: all that are left
    ClientFields client;
};

// Moves pieces and money back: the journal row of the refund.
// transaction_not_found, invalid_argument, item_not_found, refund_exceeded, insufficient_balance,
// amount_out_of_range, idempotency_mismatch.
storage::JournalRow refund(storage::Call &call, const RefundRequest &request);

} // namespace mvm::market
