// Steps of calls that write one journal row and are answered with it.
#pragma once

#include "market/expiry.hpp"
#include "market/keys.hpp"

namespace mvm::market {

// Puts the universe's exchange rate into the row. If the call had to wait for a lock, reads the
// universe again first.
void take_rate_of_now(storage::Call &call, storage::Universe &universe, storage::JournalRow &row);

// insufficient_balance if that is the obstacle to a posting. `payer_universe` is that of the
// wallet.
void require_money(Desk &desk, const Obstacle &found, const storage::Universe &payer_universe);

// amount_out_of_range if there is an obstacle to posting the row; it can be no other.
void require_range(Desk &desk, const Obstacle &found, const storage::JournalRow &row);

// Posts the row on its locked wallets. If the payer has too little, releases holds past their time.
// insufficient_balance, amount_out_of_range.
void post_row(Expiry &expiry, storage::JournalRow &row, const storage::Universe &payer_universe);

// Writes all that was posted, and records the row as the answer under the call's key.
void write_row(Expiry &expiry, const KeyedCall &keyed, storage::JournalRow &row);

} // namespace mvm::market
