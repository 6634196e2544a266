// Purchases, holds and exchanges, one or thousands, as if they ran one by one in
// their order: mvm_buy, mvm_reserve and mvm_exchange are batches of one.
#pragma once

#include "entry/refusals.hpp"
#include "storage/idempotency.hpp"
#include "storage/journal.hpp"

namespace mvm::entry {

struct Order {
    // The request. `row` has its kind, user and, of a purchase, item and quantity;
    // of an exchange, both universes. A purchase and an exchange may have a memo.
    storage::JournalRow row;
    Datum amount; // numeric, of an exchange
    std::optional<Datum> key;
    std::int64_t lifetime_us; // of a hold
    // numeric: the most that a purchase may cost, the least that an exchange may credit
    std::optional<Datum> limit;

    // The answer: `row` is complete when there is no refusal.
    Refusal refusal; // code ok: none
    bool replayed;   // the answer is that of an earlier call or order

    // Filled in on the way.
    bool answered;             // by a refusal or an earlier call: takes no further part
    std::uint64_t limit_minor; // where there is a limit; see limit_from_decimal
    const char *request;       // canonical form, where there is a key
    int first_with_key;        // an earlier order of the batch under the same key; -1: none
    int claim;                 // index of the key claimed for it; -1: none
    int item;                  // index of the item locked for it
    std::optional<std::int64_t> seller_id; // of that item
    std::int64_t price_minor;              // of one piece of it
    bool pays;                             // its wallets are locked
    int payer;                             // index of the wallet that pays; -1: none
    int receiver;                          // index of the wallet that receives; -1: a treasury
    int payer_universe;                    // index of the universe
    int receiver_universe;
};

// Marks the order as refused before or while it runs.
void refuse_order(Order &order, const Refusal &refusal);

// Runs the orders that are not refused yet. A refused order changes nothing and
// stops nothing. Locks keys, items and wallets, each in its global order, once;
// writes every row once and the journal in bulk.
void execute_orders(storage::Call &call, storage::UniverseSet &universes, Order *orders, int count);

} // namespace mvm::entry
