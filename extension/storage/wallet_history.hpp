// What moved a wallet, in order, and the balance that each movement left; counted in one
// snapshot of the database from what is known about the wallet's balance nearby.
//
// Ids and times of one wallet's journal rows are taken to be in the same order: both are
// drawn while the wallet is locked, from the sequence and from the server's clock. Where
// the clock was set back, a span of time has the rows up to the first that is beyond it.
#pragma once

#include "pg/numeric.hpp"
#include "storage/balance_snapshot.hpp"
#include "storage/journal.hpp"

namespace mvm::storage {

// A movement of one wallet by one journal row.
struct WalletLeg {
    std::int64_t transaction_id;
    domain::JournalKind kind;
    TimestampTz transaction_time;
    std::int64_t amount_minor; // below zero: debited
    std::optional<std::int64_t> counterparty_id;
    std::optional<std::int64_t> item_id;
    std::optional<std::int64_t> quantity;
    std::optional<Datum> memo; // text, until the next leg
};

struct WalletHistory {
    std::int64_t user_id;
    std::int32_t universe_id;
    JournalCursor acted;          // rows of the wallet's user
    JournalCursor dealt_with;     // rows in which they are the counterparty
    pg::WideAmount balance_minor; // before the current leg; after all of them at the end
    bool at_leg;                  // `leg` is the current one
    WalletLeg leg;
};

// A place in a wallet's history: before `end` in time, legs earlier than `time` or with ids
// up to `id` are before it.
struct HistoryPlace {
    TimestampTz end;
    TimestampTz time;
    std::int64_t id;
};

struct PlacedBalance {
    std::int64_t first_id; // of the first leg from the place on, or lower
    pg::WideAmount balance_minor;
};

// What the wallet held at the place. Counted from the nearest snapshot before it or, where that
// is far, back from the present balance: the cost is at most twice that of the nearer one.
PlacedBalance balance_at_place(Call &call, std::int64_t user_id, std::int32_t universe_id,
                               const HistoryPlace &place);

// Opens at the first leg from there on.
void open_wallet_history(Call &call, WalletHistory &history, std::int64_t user_id,
                         std::int32_t universe_id, const PlacedBalance &start);

// Goes to the next leg.
void next_leg(WalletHistory &history);

void close_wallet_history(WalletHistory &history);

// Raises amount_out_of_range when no wallet can have held the amount: the journal does not
// explain the balance. Between the two rows of a capture it is 64 bits and what the hold kept.
void require_explained(std::int64_t user_id, std::int32_t universe_id,
                       pg::WideAmount balance_minor);

} // namespace mvm::storage
