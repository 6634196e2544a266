// The terms of a batch's orders once all is locked, and why one is refused.
#pragma once

#include "market/desk.hpp"
#include "market/trade_requests.hpp"

namespace mvm::market {

// What order `i` costs and credits, from what the orders before it left.
domain::Settlement settle(const Orders &orders, Desk &desk, int i);

// Completes the journal row of an order at its terms.
void fill_row(const Orders &orders, int i, const domain::Settlement &terms);

// The refusal of an order whose terms have an error.
Refusal refusal_of_terms(const Orders &orders, Desk &desk, int i,
                         const domain::Settlement &settlement);

// The refusal of an order that cannot be posted: of what is in a wallet.
Refusal refusal_of_obstacle(const Orders &orders, Desk &desk, int i, const Obstacle &obstacle);

} // namespace mvm::market
