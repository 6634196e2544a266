// A purchase paid from several of the buyer's wallets.
#pragma once

#include "market/order.hpp"

namespace mvm::market {

inline constexpr int paying_wallets_max = 16;

// Buys what is ordered, paid from the wallets in `universe_ids`, in that order: what is there is
// taken from the first and exchanged into the currency of the next, until one can pay what is left.
// The exchanges are journalled as such, at their fees and rules; all happens or nothing. The
// order's limit bounds what the purchase costs in the currency of the last wallet. The refusals
// are those of a purchase from the last wallet that was tried. Returns the purchase's row.
storage::JournalRow buy_from_wallets(storage::Call &call, storage::UniverseSet &universes,
                                     const Order &order,
                                     const pg::Array<std::int32_t> &universe_ids);

} // namespace mvm::market
