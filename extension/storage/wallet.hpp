// Rows of mvm.wallet, and the order in which they are locked.
#pragma once

#include <optional>

#include "storage/row.hpp"

namespace mvm::storage {

struct Wallet {
    std::int64_t user_id;
    std::int32_t universe_id;
    std::int64_t balance_minor; // 0 where there is no wallet yet
    std::int64_t version;
    HeapTuple row; // null: there is no wallet
    // The last journal row that moved it; 0: there is none; none: it is not known.
    std::optional<std::int64_t> last_journal_id;
};

// The wallet as the call's snapshot sees it.
Wallet read_wallet(Call &call, std::int64_t user_id, std::int32_t universe_id);

// The wallet locked for this transaction; with a null row when there is none.
Wallet lock_wallet(Call &call, std::int64_t user_id, std::int32_t universe_id);

// The same without waiting; see try_lock_row. With a null row when there is none.
[[nodiscard]] TryLock try_lock_wallet(Call &call, const WalletKey &key, Wallet &wallet);

// The wallet locked, created empty when there is none; `created` tells whether it was.
Wallet lock_or_create_wallet(Call &call, std::int64_t user_id, std::int32_t universe_id,
                             bool &created);

struct WalletPair {
    Wallet own;
    Wallet other; // with a null row where there is no other
};

// Locks two wallets in the global order: the own as lock_wallet does, the other, if
// there is one, as lock_or_create_wallet does.
WalletPair lock_wallets(Call &call, const WalletKey &own, const std::optional<WalletKey> &other);

// Takes back a wallet that this call has created and not credited.
void delete_wallet(Call &call, const Wallet &wallet);

// What journal rows make of a wallet.
struct MovedWallet {
    std::int64_t balance_minor;
    std::optional<std::int64_t> last_journal_id; // the last of the rows
    int movements;                               // how many rows
};

// Writes a locked wallet's new balance, its last row and the next version. The call is going to
// append the rows to the journal: after this, and not before.
void update_balance(Call &call, Wallet &wallet, const MovedWallet &moved);

// Inserts the first wallet of a user that this call created, with its first journal row.
void insert_wallet(Call &call, const WalletKey &wallet, std::int64_t balance_minor,
                   std::int64_t last_journal_id);

// The wallets of a user as the call's snapshot sees them, without their rows.
void read_wallets_of_user(Call &call, std::int64_t user_id, pg::Array<Wallet> &wallets);

} // namespace mvm::storage
