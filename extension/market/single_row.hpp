// A call that one journal row answers: what such calls have in common.
#pragma once

#include "market/expiry.hpp"
#include "market/keys.hpp"

namespace mvm::market {

// Gives the row the universe's exchange rate at the moment at which its wallets are locked, and
// reads the universe again where that is later than it was read.
void take_rate_of_now(storage::Call &call, storage::Universe &universe, storage::JournalRow &row);

// Raises what was found in the way of a posting, if that is the payer's lack of money;
// insufficient_balance. `payer_universe` is that of the wallet.
void require_money(Desk &desk, const Obstacle &found, const storage::Universe &payer_universe);

// Raises what was found in the way of the row, if anything: there is no room for what it moves;
// amount_out_of_range.
void require_range(Desk &desk, const Obstacle &found, const storage::JournalRow &row);

// Posts the row on its locked wallets; holds past their time make up for what the payer lacks.
// insufficient_balance, amount_out_of_range.
void post_row(Expiry &expiry, storage::JournalRow &row, const storage::Universe &payer_universe);

// Writes all that was posted, the row as the answer of its keyed call.
void write_row(Expiry &expiry, const KeyedCall &keyed, storage::JournalRow &row);

} // namespace mvm::market
