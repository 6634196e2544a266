// What a user may keep open at frozen terms: how long, and how many holds and quotes.
#pragma once

#include "entry/orders.hpp"

namespace mvm::market {

// Of holds that are settled and about to be written: rule_violation when one lives longer than
// its item's universe allows, or is one more of the buyer's than it allows. The buyer was locked
// by lock_user_with_limits. A hold comes alone: raising ends the call.
void require_room_for_holds(storage::Call &call, storage::UniverseSet &universes,
                            const Order *orders, int count);

// Locks the user, so that their holds and quotes are made one after another and from one home;
// user_not_found. The call then sees what the one before has committed.
void lock_user_with_limits(storage::Call &call, std::int64_t user_id);

// Of a quote by that user that is about to be written: rule_violation likewise, by the rules of
// the universe that credits.
void require_room_for_quote(storage::Call &call, std::int64_t user_id, const storage::Universe &to,
                            std::int64_t lifetime_us);

} // namespace mvm::market
