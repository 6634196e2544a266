// Money from one user to another, in one currency.
#pragma once

#include <optional>

#include "market/client_fields.hpp"

namespace mvm::market {

struct TransferRequest {
    std::int64_t sender_id;
    std::int64_t receiver_id;
    Datum amount;                            // numeric, above zero
    std::optional<std::int32_t> universe_id; // of both wallets; none: the sender's home
    ClientFields client;
};

// Moves the money; the journal row that answers the request.
// user_not_found, invalid_argument, universe_not_found, invalid_amount, insufficient_balance,
// amount_out_of_range, idempotency_mismatch.
storage::JournalRow transfer(storage::Call &call, const TransferRequest &request);

} // namespace mvm::market
