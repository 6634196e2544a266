// What moved a wallet, oldest first, with the balance that each movement left: counted
// from a snapshot of its balance on, in one snapshot of the database.
#pragma once

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
};

struct WalletHistory {
    std::int64_t user_id;
    std::int32_t universe_id;
    JournalCursor acted;        // rows of the wallet's user
    JournalCursor dealt_with;   // rows in which they are the counterparty
    std::int64_t balance_minor; // before the current leg; after all of them at the end
    bool at_leg;                // `leg` is the current one
    WalletLeg leg;
};

// Opens at the first leg that `start` does not have.
void open_wallet_history(Call &call, WalletHistory &history, std::int64_t user_id,
                         std::int32_t universe_id, const BalanceSnapshot &start);

// Goes to the next leg. amount_out_of_range when what the journal has is no balance.
void next_leg(WalletHistory &history);

void close_wallet_history(WalletHistory &history);

} // namespace mvm::storage
