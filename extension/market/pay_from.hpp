// A purchase paid from several of the buyer's wallets.
#pragma once

#include "market/order.hpp"

namespace mvm::market {

inline constexpr int paying_wallets_max = 16;

// Buys what is ordered and pays from the buyer's wallets in `universe_ids`, in that order: all that
// is in the first is exchanged into the currency of the next, and so on, until one can pay the
// price. The exchanges have journal rows of their own, with their fees and rules. All of it happens
// or nothing. The order's limit bounds what the purchase would cost in the currency of the last
// wallet. The refusals are those of a purchase from the last wallet tried. The purchase's row.
storage::JournalRow buy_from_wallets(storage::Call &call, storage::UniverseSet &universes,
                                     const Order &order,
                                     const pg::Array<std::int32_t> &universe_ids);

} // namespace mvm::market
