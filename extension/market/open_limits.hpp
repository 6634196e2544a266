// How many holds and quotes a user may have open, and how long they may live.
#pragma once

#include "market/refusals.hpp"

namespace mvm::market {

// Locks the user, so that their holds and quotes are made one after another and from one home; the
// call then sees what the one before it has committed. user_not_found.
void lock_user_with_limits(storage::Call &call, std::int64_t user_id);

// What a universe allows of holds on its items, and how many of them a user has.
struct HoldAllowance {
    bool limited; // the market's version has such rules
    std::int32_t universe_id;
    domain::OpenLimits limits;
    std::int64_t open_count; // at most limits.holds_max
};
HoldAllowance read_hold_allowance(storage::Call &call, const storage::Universe &item_universe,
                                  std::int64_t buyer_id);

// rule_violation if a hold that is about to be written would live longer than its item's universe
// allows, or if the buyer has as many open as it allows. lock_user_with_limits has locked the
// buyer.
void require_hold_allowed(const HoldAllowance &allowance, std::int64_t buyer_id,
                          std::int64_t lifetime_us);

// The same for a quote, by the rules of the universe that credits.
void require_quote_allowed(storage::Call &call, std::int64_t user_id, const storage::Universe &to,
                           std::int64_t lifetime_us);

} // namespace mvm::market
