// Linking the journal's rows anew, all of them, in one pass in the order of their ids: for a market
// that comes from version 1.1, for rows of its dumps, and as a repair.
#pragma once

#include "pg/postgres.hpp"

namespace mvm::storage {

// Writes the tables journal, wallet and balance_snapshot anew, with every row's links as its
// wallets' rows give them, and returns how many rows had others. Locks the tables against everybody
// until the transaction ends; needs their space once more, and 64 bytes of memory for each wallet
// and 16 to 32 for each snapshot. 42501 unless the caller owns all three, XX001 when the journal's
// primary key does not have all its rows.
std::int64_t relink_journal();

} // namespace mvm::storage
