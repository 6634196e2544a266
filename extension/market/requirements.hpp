// What a call needs to be there or to be so; raises the error that says otherwise.
#pragma once

#include "market/refusals.hpp"
#include "storage/hold.hpp"
#include "storage/house_account.hpp"
#include "storage/user_account.hpp"

namespace mvm::market {

storage::UserAccount require_user(storage::Call &call, std::int64_t user_id);
storage::Universe require_universe(storage::Call &call, std::int32_t universe_id);

// Whether the numeric is finite and above zero.
bool is_positive(Datum amount);

// invalid_amount unless the numeric is finite and above zero.
void require_positive(Datum amount, const char *name);

// The amount in minor units of the universe's currency; invalid_amount, amount_out_of_range.
std::int64_t require_amount(Datum amount, const storage::Universe &universe, const char *name);

// insufficient_balance unless the house has what the row is about to take from its accounts;
// locks them against everybody else who takes.
void require_house_has(storage::Call &call, const storage::JournalRow &row);

// amount_out_of_range unless a locked item's stock has room for so many more pieces beside
// those that holds may give back: the end of a hold must never wait for room.
void require_room_for(storage::Call &call, const storage::Item &item, std::int64_t quantity);

} // namespace mvm::market
