// The desk: all money and stock moves here. A call locks its items and wallets at the desk, each
// once and in the global order; posts journal rows on them, which changes their balances and stocks
// in memory; and writes each of them once, with the journal in bulk. The desk knows nothing of
// orders, holds or quotes: the other files of this folder use it to carry out what they have
// planned.
#pragma once

#include <initializer_list>

#include "domain/error.hpp"
#include "domain/movement.hpp"
#include "storage/item.hpp"
#include "storage/journal.hpp"
#include "storage/wallet.hpp"

namespace mvm::market {

using domain::RunningAmount;

struct LockedItem {
    std::int64_t id;
    bool found;
    bool opening;       // inserted by this call, with a stock that is still to be posted
    int movements;      // how many postings move it
    storage::Item item; // as it was locked
    RunningAmount stock;
};

struct LockedWallet {
    storage::WalletKey key;
    bool receives;          // it may be credited: it is made if it is missing
    bool made;              // made by this call: deleted again unless something is posted on it
    bool opening;           // the first one of a new user: inserted at the end, with its balance
    int movements;          // how many postings move it
    storage::Wallet wallet; // as it was locked; its row is null if there is no such wallet
    RunningAmount balance_minor;
    // The last journal row that moves it, once the rows are linked; none: it is not known.
    std::optional<std::int64_t> last_journal_id;
};

// A journal row and the locked rows that it moves, by their indexes at the desk; -1: none.
struct Posting {
    storage::JournalRow *row;
    int item;
    int from; // the wallet that the row's paid amount moves
    int to;   // the wallet that its received amount moves
};

// The balance of a wallet before one of the call's journal rows, and its last row by then.
struct DueSnapshot {
    int wallet;
    const storage::JournalRow *before;
    std::int64_t balance_minor;
    std::optional<std::int64_t> last_journal_id;
};

struct Desk {
    storage::Call &call;
    pg::Array<LockedItem> items{};
    pg::Array<LockedWallet> wallets{};
    // The first ones were locked in the global order and stand in it: so many of them.
    int items_in_order = 0;
    int wallets_in_order = 0;
    // Those behind them were locked later, without waiting: their indexes, sorted by their keys.
    pg::Array<int> other_items{};
    pg::Array<int> other_wallets{};
    pg::Array<Posting> postings{};          // in the order in which they take effect
    pg::Array<DueSnapshot> due_snapshots{}; // found when the wallets are written
};

// ---------------------------------------------------------------------------
// Locking: items, then wallets, then nothing that may wait
// ---------------------------------------------------------------------------

// Locks the items with these ids, which may repeat and get sorted. `found` says which there are.
void lock_items(Desk &desk, pg::Array<std::int64_t> &ids);

// Locks one item; its index, or -1 when there is none.
[[nodiscard]] int lock_item(Desk &desk, std::int64_t id);

struct WantedWallet {
    storage::WalletKey key;
    bool receives; // it may be credited: it is made if it is missing
};

// Locks the wallets, which may repeat and get sorted.
void lock_wallets(Desk &desk, pg::Array<WantedWallet> &wanted);
void lock_wallets(Desk &desk, std::initializer_list<WantedWallet> wanted);

// Adds the first wallet of a user that this call has made, without a lock: nobody else knows that
// user. Its index.
int add_opening_wallet(Desk &desk, const storage::WalletKey &key);

// Adds an item that this call has just inserted and whose stock is still to be posted. Its index.
int add_opening_item(Desk &desk, const storage::Item &item);

// Index of a locked row; -1 if it is not locked.
int index_of_item(Desk &desk, std::int64_t id);
int index_of_wallet(Desk &desk, const storage::WalletKey &key);

// Index of a row that is locked now if it was not yet; -1 if another session is using it. Never
// waits.
int try_lock_item(Desk &desk, std::int64_t id);
int try_lock_wallet(Desk &desk, const storage::WalletKey &key);

// Looks again, without waiting, for wallets that were missing when they were to be locked: another
// session may have made one since.
void find_missing_wallets(Desk &desk);

// ---------------------------------------------------------------------------
// Posting
// ---------------------------------------------------------------------------

// Why a posting cannot be made.
struct Obstacle {
    domain::ErrorCode error; // ok: none; insufficient_balance, insufficient_stock,
                             // amount_out_of_range
    int wallet;              // index of the wallet in the way; -1: the item is
    RunningAmount available; // what is there
    std::int64_t needed;     // what the posting takes

    bool exists() const { return error != domain::ErrorCode::ok; }
};

// What the journal row moves (domain::journal_kinds).
domain::Movement movement_of(const storage::JournalRow &row);

// The posting of a journal row whose item and wallets are locked. The row must live until `write`.
Posting posting_of(Desk &desk, storage::JournalRow *row);

// Moves what the row says, or nothing if there is an obstacle.
[[nodiscard]] Obstacle post(Desk &desk, const Posting &posting);

// The same for two rows that take effect as one: in between, a balance may pass the largest amount,
// and an item that gives as many pieces as it gets is not written. Neither can be taken back.
[[nodiscard]] Obstacle post_both(Desk &desk, const Posting &first, const Posting &second);

// Takes back all postings but the first `kept`.
void take_back(Desk &desk, int kept);

// ---------------------------------------------------------------------------
// Writing
// ---------------------------------------------------------------------------

// Gives the journal rows their ids and time, links each with the row before it of every wallet that
// it moves, and writes the items. From here only I/O can fail.
void write_items(Desk &desk);

// Writes the journal rows, the wallets, and the snapshots of balances that are due. Holds that the
// call ends must be closed before, as a trigger on the journal may look at them.
void write_journal_and_wallets(Desk &desk);

// Both, of a call that ends no hold.
void write(Desk &desk);

} // namespace mvm::market
