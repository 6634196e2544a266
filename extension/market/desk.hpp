// The desk: where money and stock move, and nowhere else. It locks the items and wallets of a call,
// each once and in the global order, keeps what they hold while movements are posted on them, and
// writes each of them once, with the journal in bulk. It knows nothing of orders, holds or quotes:
// those are plans made on it, which read, lock, plan and post.
#pragma once

#include <initializer_list>

#include "domain/error.hpp"
#include "domain/movement.hpp"
#include "storage/item.hpp"
#include "storage/journal.hpp"
#include "storage/wallet.hpp"

namespace mvm::market {

using domain::Held;

struct LockedItem {
    std::int64_t id;
    bool found;
    bool opening;       // this call has inserted it with the stock that is posted
    int movements;      // postings on it
    storage::Item item; // as it was locked
    Held stock;
};

struct LockedWallet {
    storage::WalletKey key;
    bool receives;          // made where it is missing
    bool made;              // by this call: taken back unless something is posted on it
    bool opening;           // of a user that this call makes: it is inserted with its balance
    int movements;          // postings on it
    storage::Wallet wallet; // as it was locked; with a null row where there is none
    Held balance_minor;
};

// A journal row and the locked rows that it moves, by their indexes; -1: none.
struct Posting {
    storage::JournalRow *row;
    int item;
    int from; // the wallet with the leg that the row calls paid
    int to;   // the wallet with the leg that it calls received
};

struct Desk {
    storage::Call &call;
    pg::Array<LockedItem> items{};
    pg::Array<LockedWallet> wallets{};
    // How many of them were locked in the global order, in which they stand. The others were
    // locked later and without waiting; their indexes are here in that order.
    int items_in_order = 0;
    int wallets_in_order = 0;
    pg::Array<int> other_items{};
    pg::Array<int> other_wallets{};
    pg::Array<Posting> postings{}; // in the order in which they take effect
};

// ---------------------------------------------------------------------------
// Locking: items, then wallets, then nothing that may wait
// ---------------------------------------------------------------------------

// Locks the items with these ids, which may repeat.
void lock_items(Desk &desk, pg::Array<std::int64_t> &ids);

// Locks one item; its index, or -1 when there is none.
[[nodiscard]] int lock_item(Desk &desk, std::int64_t id);

struct WantedWallet {
    storage::WalletKey key;
    bool receives; // it may be credited: made when it is missing
};

// Locks the wallets, which may repeat.
void lock_wallets(Desk &desk, pg::Array<WantedWallet> &wanted);
void lock_wallets(Desk &desk, std::initializer_list<WantedWallet> wanted);

// Adds the first wallet of a user that this call has made, which nobody else can know of; its
// index.
int add_opening_wallet(Desk &desk, const storage::WalletKey &key);

// Adds an item that this call has just inserted with its stock, which is still to be posted; its
// index.
int add_opening_item(Desk &desk, const storage::Item &item);

// Index of a locked row; -1 when it is not locked.
int index_of_item(Desk &desk, std::int64_t id);
int index_of_wallet(Desk &desk, const storage::WalletKey &key);

// The same, locking it when it is not and that needs no waiting; -1 when somebody uses it.
int try_item(Desk &desk, std::int64_t id);
int try_wallet(Desk &desk, const storage::WalletKey &key);

// Looks again, without waiting, for wallets that were missing when their turn came: under a
// later snapshot somebody may have made one.
void find_missing_wallets(Desk &desk);

// ---------------------------------------------------------------------------
// Posting
// ---------------------------------------------------------------------------

// Why a posting cannot be made.
struct Obstacle {
    domain::ErrorCode error; // ok: none; insufficient_balance, insufficient_stock,
                             // amount_out_of_range
    int wallet;              // index of the wallet in the way; -1: the item is
    Held held;               // what that holds
    std::int64_t needed;     // what the posting takes from it

    bool exists() const { return error != domain::ErrorCode::ok; }
};

// The posting of a row on rows that are locked. The journal row must live until `write`.
Posting posting_of(Desk &desk, storage::JournalRow *row);

// Moves what the row says, as domain::journal_kinds has it, or nothing.
[[nodiscard]] Obstacle post(Desk &desk, const Posting &posting);

// The same for two rows that take effect as one: only what they leave is bounded.
[[nodiscard]] Obstacle post_both(Desk &desk, const Posting &first, const Posting &second);

// Takes postings back, all but the first `kept`.
void take_back(Desk &desk, int kept);

// ---------------------------------------------------------------------------
// Writing
// ---------------------------------------------------------------------------

// Writes the items, the wallets, the journal rows, which get their ids and time, and snapshots of
// balances where they are due. From here on only input and output can fail.
void write(Desk &desk);

} // namespace mvm::market
