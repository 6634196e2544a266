// Purchases, holds and exchanges, one or thousands, as if they ran one by one in their order:
// mvm_buy, mvm_reserve and mvm_exchange are batches of one.
#pragma once

#include "market/client_fields.hpp"
#include "market/refusals.hpp"

namespace mvm::market {

// What is asked for.
struct Order {
    domain::JournalKind kind; // purchase, hold or exchange
    std::int64_t user_id;     // who pays

    std::int64_t item_id; // of a purchase or a hold
    std::int64_t quantity;

    std::int32_t from_universe_id; // of an exchange
    std::int32_t to_universe_id;
    Datum amount; // numeric

    // numeric: the most that a purchase may cost, the least that an exchange may credit
    std::optional<Datum> limit;
    ClientFields client;

    std::int64_t hold_id;     // of a hold: its id
    std::int64_t lifetime_us; // and how long it lives
};

// The terms of a hold besides those that its journal row has.
struct HoldTerms {
    std::optional<std::int64_t> seller_id; // none: a treasury
    std::int64_t price_minor;              // of one piece
    std::int32_t item_universe_id;
};

// What came of it.
struct Answer {
    Refusal refusal; // code ok: none
    bool replayed;   // the answer is that of an earlier call or order
    storage::JournalRow row;
    HoldTerms hold; // of a hold that was made

    bool refused() const { return refusal.code != domain::ErrorCode::ok; }
};

// Runs the orders whose answers are not refusals yet. A refused order changes nothing, and the
// others go on. Locks keys, items and wallets, each once and in the global order; writes every row
// once and the journal in bulk.
void execute_orders(storage::Call &call, storage::UniverseSet &universes, const Order *orders,
                    Answer *answers, int count);

} // namespace mvm::market
