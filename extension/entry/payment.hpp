// Money that one wallet pays, by one journal row: out of the market or into another wallet.
#pragma once

#include "entry/expired_holds.hpp"
#include "entry/keyed_call.hpp"
#include "entry/refusals.hpp"

namespace mvm::entry {

struct Payment {
    LockedRows rows;
    ExpiredHolds expired;
    PendingJournal journal;
    int payer;    // index of its wallet
    int receiver; // -1: none
};

// Locks the wallets of the payer and of the receiver, if there is one.
Payment lock_payment(storage::Call &call, const storage::WalletKey &payer,
                     const std::optional<storage::WalletKey> &receiver);

// Sees to it that the payer has so much; holds past their time make up for what is missing.
// insufficient_balance.
void require_money(storage::Call &call, Payment &payment, std::int64_t needed_minor);

// Takes row.paid_minor from the payer and gives row.received_minor to the receiver.
// insufficient_balance, amount_out_of_range.
void settle_payment(storage::Call &call, Payment &payment, storage::JournalRow &row);

// Writes what was settled, and the row as the answer of a keyed call.
void write_payment(storage::Call &call, Payment &payment, KeyedCall &keyed);

} // namespace mvm::entry
