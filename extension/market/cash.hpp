// Money that enters and leaves the market through a user's wallet.
#pragma once

#include <optional>

#include "storage/journal.hpp"
#include "storage/universe.hpp"

namespace mvm::market {

struct CashRequest {
    domain::JournalKind kind; // deposit or withdrawal
    std::int64_t user_id;
    Datum amount;                            // numeric, above zero
    std::optional<std::int32_t> universe_id; // of the wallet; none: the user's home
    std::optional<Datum> key;                // text, of idempotency
    std::optional<Datum> memo;               // text
};

// Moves the money; the journal row that answers the request.
// user_not_found, universe_not_found, invalid_amount, insufficient_balance, amount_out_of_range,
// idempotency_mismatch.
storage::JournalRow move_cash(storage::Call &call, const CashRequest &request);

// Puts a new user's first money, above zero, into the wallet at home, which that makes.
void deposit_opening_balance(storage::Call &call, std::int64_t user_id,
                             const storage::Universe &home, std::int64_t balance_minor);

} // namespace mvm::market
