// What a call needs to be there or to be so, with the error that says otherwise.
#pragma once

#include "storage/item.hpp"
#include "storage/universe.hpp"
#include "storage/user_account.hpp"

namespace mvm::entry {

storage::UserAccount require_user(storage::Call &call, std::int64_t user_id);
storage::Universe require_universe(storage::Call &call, std::int32_t universe_id);

// Found and locked.
storage::Item require_item(storage::Call &call, std::int64_t item_id);

// same_universe unless they differ.
void require_different_universes(std::int32_t from_universe_id, std::int32_t to_universe_id);

// invalid_amount unless the numeric is finite and above zero.
void require_positive(Datum amount, const char *name);

// The amount in minor units of the universe's currency; invalid_amount, amount_out_of_range.
std::int64_t require_amount(Datum amount, const storage::Universe &universe, const char *name);

[[noreturn]] void refuse_balance(std::int64_t user_id, const storage::Universe &universe,
                                 std::int64_t balance_minor, std::int64_t needed_minor);

// Raises the error of a transfer plan: the payer has too little or the receiver's
// balance would pass 64 bits.
[[noreturn]] void refuse_transfer(domain::ErrorCode code, std::int64_t payer_id,
                                  const storage::Universe &payer_universe,
                                  std::int64_t payer_balance_minor, std::int64_t paid_minor,
                                  std::int64_t receiver_id);

} // namespace mvm::entry
