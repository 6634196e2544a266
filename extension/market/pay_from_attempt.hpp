// The attempts to pay a purchase from one of several wallets, with all that is in those before it.
#pragma once

#include "market/expiry.hpp"
#include "market/keys.hpp"
#include "market/order.hpp"

namespace mvm::market {

// One of the buyer's wallets to pay from.
struct PayingWallet {
    storage::WalletKey key;
    int universe; // index in the set
    int index;    // of the locked row
};

// What has come of the attempt to pay from one of the wallets.
struct Attempt {
    domain::Settlement terms; // of the purchase, or of the exchange that is refused
    Obstacle obstacle;        // to posting it
    int payer;                // index of the wallet that pays the price
    int exchange;             // index of the wallet whose exchange is refused; -1: none
    storage::JournalRow *purchase;

    bool made() const { return terms.error == domain::ErrorCode::ok && !obstacle.exists(); }
    bool lacks_stock() const
    {
        return exchange < 0 && terms.error == domain::ErrorCode::insufficient_stock;
    }
    bool lacks_money() const
    {
        return exchange < 0 && obstacle.error == domain::ErrorCode::insufficient_balance;
    }
};

// The purchase, and what it needs once all is locked.
struct Deal {
    storage::UniverseSet &universes;
    const Order &order;
    std::uint64_t limit_minor; // where there is a limit
    const KeyedCall &keyed;
    Expiry &expiry; // its desk has the item at index 0
    int item_universe;
    pg::Array<PayingWallet> wallets; // the buyer's, in the order of paying
    int seller;                      // index of its locked wallet; -1: a treasury

    Desk &desk() const { return expiry.desk; }
    const storage::Item &item() const { return desk().items.data[0].item; }
    const storage::Universe &universe(int index) const { return universes.universes.data[index]; }
    const storage::Universe &universe_of(int wallet) const
    {
        return universe(wallets.data[wallet].universe);
    }
};

// The rules of the route between two universes of the set, which has been read.
domain::RouteRules route_of(const Deal &deal, int from, int to);

// The attempt of the first wallet that can pay, which is posted. If none can, the refusal of the
// last one is raised.
Attempt require_payer(const Deal &deal);

} // namespace mvm::market
