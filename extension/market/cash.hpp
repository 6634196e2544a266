// Money that enters and leaves the market through a user's wallet.
#pragma once

#include <optional>

#include "market/client_fields.hpp"
#include "storage/universe.hpp"

namespace mvm::market {

struct CashRequest {
    domain::JournalKind kind; // deposit or withdrawal
    std::int64_t user_id;
    Datum amount;                            // numeric, above zero
    std::optional<std::int32_t> universe_id; // of the wallet; none: the user's home
    ClientFields client;
};

// Moves the money; the journal row that answers the request.
// user_not_found, universe_not_found, invalid_amount, insufficient_balance, amount_out_of_range,
// idempotency_mismatch.
storage::JournalRow move_cash(storage::Call &call, const CashRequest &request);

// Makes a new user's home wallet with their first money, which is above zero.
void deposit_opening_balance(storage::Call &call, std::int64_t user_id,
                             const storage::Universe &home, std::int64_t balance_minor);

} // namespace mvm::market
