// What moved a wallet, newest first, with the balance that each movement left:
// computed backwards from the present balance, in one snapshot.
#pragma once

#include "storage/journal.hpp"
#include "storage/wallet.hpp"

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
    std::int64_t balance_minor; // after the current leg; before all of them at the end
    bool at_leg;                // `leg` is the current one
    WalletLeg leg;
};

// Opens at the newest leg.
void open_wallet_history(Call &call, WalletHistory &history, std::int64_t user_id,
                         std::int32_t universe_id);

// Goes one leg back in time. amount_out_of_range when the journal does not explain the balance.
void next_leg(WalletHistory &history);

// Goes back to the newest leg with a time before `at`. Ids and times of one wallet's
// legs are in the same order, so all that follow have one too.
void go_back_before(WalletHistory &history, TimestampTz at);

void close_wallet_history(WalletHistory &history);

} // namespace mvm::storage
