// What a user may keep open at frozen terms: how long, and how many holds and quotes.
#pragma once

#include "market/refusals.hpp"

namespace mvm::market {

// Locks the user, so that their holds and quotes are made one after another and from one home;
// user_not_found. The call then sees what the one before has committed.
void lock_user_with_limits(storage::Call &call, std::int64_t user_id);

// What a universe allows of holds on its items, and how many of them a user has.
struct RoomForHold {
    bool limited; // the market's version has such rules
    std::int32_t universe_id;
    domain::OpenLimits limits;
    std::int64_t open_count; // at most limits.holds_max
};
RoomForHold read_room_for_hold(storage::Call &call, const storage::Universe &item_universe,
                               std::int64_t buyer_id);

// Of a hold that is about to be written: rule_violation when it lives longer than its item's
// universe allows, or is one more of the buyer's than it allows. The buyer was locked by
// lock_user_with_limits.
void require_room_for_hold(const RoomForHold &room, std::int64_t buyer_id,
                           std::int64_t lifetime_us);

// Of a quote by that user that is about to be written: rule_violation likewise, by the rules of
// the universe that credits.
void require_room_for_quote(storage::Call &call, std::int64_t user_id, const storage::Universe &to,
                            std::int64_t lifetime_us);

} // namespace mvm::market
