// What the orders of a batch ask for, before anything is locked: who acts, from which home, at
// which universes, amounts and limits.
#pragma once

#include "market/order.hpp"

namespace mvm::market {

// Where an order stands, and what has been found out for it on the way.
struct OrderState {
    enum class Stage : std::uint8_t {
        runs,
        repeats,  // is answered when the first order under its key is
        answered, // by a refusal or an earlier call: takes no further part
    } stage;
    std::uint64_t limit_minor; // where there is a limit; see limit_from_decimal
    int request;               // index of its keyed request; -1: it has no key
    int item;                  // index of its locked item
    bool pays;                 // its wallets are locked
    int payer;                 // index of the wallet that pays; -1: none
    int receiver;              // index of the wallet that receives; -1: a treasury
    int payer_universe;        // index in the set; -1: not known yet
    int receiver_universe;

    bool runs() const { return stage == Stage::runs; }
};

// The orders of one call with what becomes of each.
struct Orders {
    storage::Call &call;
    storage::UniverseSet &universes;
    const Order *orders;
    Answer *answers;
    OrderState *states;
    int count;
};

// Whether the order takes from an item's stock.
inline bool takes_stock(const Order &order)
{
    return order.kind != domain::JournalKind::exchange;
}

void refuse_order(Orders &orders, int i, const Refusal &refusal);

// The users' homes, each read once.
struct Home {
    std::int64_t user_id;
    std::int32_t universe_id; // 0: there is no such user
};
pg::Array<Home> find_homes(Orders &orders);
std::int32_t home_of(pg::Array<Home> &homes, std::int64_t user_id);

// Resolves every order that runs, in the order of docs/rules.md.
void resolve_requests(Orders &orders);

// A purchase is paid from home, and limited in that currency.
void resolve_purchase_at_home(Orders &orders, int i, std::int32_t home);

// The order in canonical form, which a key is claimed for.
const char *canonical_request(const Orders &orders, int i);

} // namespace mvm::market
