// What the orders of a batch ask for, found out before anything is locked: users, their homes,
// universes, amounts and limits.
#pragma once

#include "market/order.hpp"

namespace mvm::market {

// How far an order has come, and what is known of it so far.
struct OrderState {
    enum class Stage : std::uint8_t {
        runs,
        repeats,  // has the key of an earlier order of the batch, and gets its answer
        answered, // by a refusal or by an earlier call: nothing more is done for it
    } stage;
    std::uint64_t limit_minor; // where there is a limit; see limit_from_decimal
    int request;               // index of its keyed request; -1: it has no key
    int item;                  // index of its locked item
    bool has_wallets;          // they are locked
    int payer;                 // index of the wallet that pays; -1: none
    int receiver;              // index of the wallet that receives; -1: a treasury
    int payer_universe;        // index in the set; -1: not known yet
    int receiver_universe;
    int route; // index of the route between them; -1: there are no rules for it

    bool runs() const { return stage == Stage::runs; }
};

// The orders of one call, their answers and states.
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

// Fills in the buyer's home, from where a purchase is paid and in whose currency its limit is.
void resolve_purchase_at_home(Orders &orders, int i, std::int32_t home);

// The order in canonical form, which a key is claimed for.
const char *canonical_request(const Orders &orders, int i);

} // namespace mvm::market
