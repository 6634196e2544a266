// Rows of mvm.wallet, and the order in which they are locked.
#pragma once

#include <compare>
#include <optional>

#include "storage/row.hpp"

namespace mvm::storage {

// Ordered as wallets are locked everywhere.
struct WalletKey {
    std::int64_t user_id;
    std::int32_t universe_id;

    friend auto operator<=>(const WalletKey &, const WalletKey &) = default;
};

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
Wallet lock_wallet(Call &call, const WalletKey &key);

// The same without waiting; see try_lock_row. With a null row when there is none.
[[nodiscard]] TryLock try_lock_wallet(Call &call, const WalletKey &key, Wallet &wallet);

// The wallet locked, created empty when there is none; `created` tells whether it was.
Wallet lock_or_create_wallet(Call &call, const WalletKey &key, bool &created);

// Takes back a wallet that this call has created and not credited.
void delete_wallet(Call &call, const Wallet &wallet);

// Writes a locked wallet's new balance, the last journal row that moved it and the next version.
void update_balance(Call &call, Wallet &wallet, std::int64_t balance_minor,
                    std::int64_t last_journal_id);

// Inserts the first wallet of a user that this call created, with the last row that moved it.
void insert_wallet(Call &call, const WalletKey &key, std::int64_t balance_minor,
                   std::int64_t last_journal_id);

// The wallets of a user as the call's snapshot sees them, without their rows.
void read_wallets_of_user(Call &call, std::int64_t user_id, pg::Array<Wallet> &wallets);

} // namespace mvm::storage
