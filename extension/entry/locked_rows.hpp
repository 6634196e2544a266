// The items and wallets that a call has locked, what it will leave in them, and the journal
// rows that say so. Each is locked once, in the global order, and written once at the end.
#pragma once

#include "domain/netting.hpp"
#include "storage/item.hpp"
#include "storage/journal.hpp"
#include "storage/wallet.hpp"

namespace mvm::entry {

struct LockedItem {
    std::int64_t id;
    bool found;
    storage::Item item;
    domain::RunningStock running;
};

struct LockedWallet {
    storage::WalletKey key;
    bool receives; // it may be credited: made when it is missing
    bool created;
    int movements;                               // journal rows of the call that move it
    std::optional<std::int64_t> last_journal_id; // the last of them, once they are linked
    storage::Wallet wallet;                      // with a null row when there is none
    domain::RunningBalance running;
};

struct LockedRows {
    pg::Array<LockedItem> items;
    pg::Array<LockedWallet> wallets;
    // How many of them were locked in the global order, in which they stand. The others were
    // locked later and without waiting; their indexes are here in that order.
    int items_in_order;
    int wallets_in_order;
    pg::Array<int> other_items;
    pg::Array<int> other_wallets;
};

// Locks the items with these ids, which may repeat. Comes before lock_wallets.
void lock_items(storage::Call &call, LockedRows &rows, pg::Array<std::int64_t> &ids);

struct WantedWallet {
    storage::WalletKey key;
    bool receives;
};

// Locks the wallets, which may repeat.
void lock_wallets(storage::Call &call, LockedRows &rows, pg::Array<WantedWallet> &wanted);

// Index of a locked row; -1 when it is not locked.
int index_of_item(LockedRows &rows, std::int64_t id);
int index_of_wallet(LockedRows &rows, const storage::WalletKey &key);

// The same, locking it when it is not and that needs no waiting; -1 when somebody uses it.
// Nothing may wait for a lock after this.
int try_item(storage::Call &call, LockedRows &rows, std::int64_t id);
int try_wallet(storage::Call &call, LockedRows &rows, const storage::WalletKey &key);

// Looks again, without waiting, for wallets that were missing when their turn came: under a
// later snapshot somebody may have made one.
void find_missing_wallets(storage::Call &call, LockedRows &rows);

// What a wallet that moves often in one call held before one of its journal rows.
struct Milestone {
    int wallet;
    const storage::JournalRow *row;
    std::int64_t balance_minor;
};

// A journal row moves a wallet, by whatever amount.
struct Movement {
    int wallet;
    storage::JournalRow *row;
};

// The journal rows of a call in the order in which they take effect.
struct PendingJournal {
    pg::Array<storage::JournalRow *> rows;
    pg::Array<Movement> movements;
    pg::Array<Milestone> milestones;
};

// Notes that the row, which is pending, moves a wallet (-1: none) that holds so much before.
void count_movement(LockedRows &rows, PendingJournal &journal, int wallet, storage::JournalRow *row,
                    std::int64_t balance_minor);

// Numbers and links the pending rows, writes the items and wallets that they move, and takes back
// wallets that were made and not moved.
void write_rows(storage::Call &call, LockedRows &rows, PendingJournal &journal);

// Appends the rows in bulk, once write_rows has numbered them.
void write_journal(storage::Call &call, LockedRows &rows, PendingJournal &journal);

} // namespace mvm::entry
