// What moved a wallet, in order, and the balance that each movement left; counted in one
// snapshot of the database from what is known about the wallet's balance nearby.
//
// Ids and times of one wallet's journal rows are taken to be in the same order: both are
// drawn while the wallet is locked, from the sequence and from the server's clock. Where
// the clock was set back, a span of time begins after the last row that is before it.
//
// The rows are linked from the newest back, and shown from the oldest on: they are read in runs,
// each from a snapshot of the balance, or from the wallet's end, back to where the run before it
// ended. A run that is long is read again from marks on the way, so that memory stays small.
#pragma once

#include "pg/numeric.hpp"
#include "storage/balance_snapshot.hpp"
#include "storage/indexed_journal.hpp"
#include "storage/wallet_chain.hpp"

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
    Call *call;
    WalletKey wallet;
    bool linked;
    JournalReader reader;          // when the journal is linked
    BalanceSnapshot end;           // of the wallet: what it holds now
    BalanceSnapshot run_end;       // where the legs that are known end
    std::int64_t done_id;          // rows up to this one are before the current leg
    pg::Array<WalletLeg> run;      // the next legs, the next one last
    pg::Array<std::int64_t> marks; // where the runs after it begin, the next one last
    MemoryContext run_context;     // of the legs' memos
    pg::WideAmount balance_minor;  // before the current leg; after all of them at the end
    bool at_leg;                   // `leg` is the current one
    WalletLeg leg;
};

// A place in a wallet's history: before `end` in time, legs earlier than `time` or with ids
// up to `id` are before it.
struct HistoryPlace {
    TimestampTz end;
    TimestampTz time;
    std::int64_t id;
};

// Opens at the first leg from the place on, with the balance before it. That is counted back from
// the first snapshot behind the place.
void open_wallet_history(Call &call, WalletHistory &history, const WalletKey &wallet,
                         const HistoryPlace &place);

// Goes to the next leg.
void next_leg(WalletHistory &history);

void close_wallet_history(WalletHistory &history);

// What the wallet held at the place.
pg::WideAmount balance_at_place(Call &call, const WalletKey &wallet, const HistoryPlace &place);

// Raises amount_out_of_range when no wallet can have held the amount: the journal does not
// explain the balance. Between the two rows of a capture it is 64 bits and what the hold kept.
void require_explained(std::int64_t user_id, std::int32_t universe_id,
                       pg::WideAmount balance_minor);

} // namespace mvm::storage
