// Rows of mvm.balance_snapshot: what a wallet held at points of its history, so that a
// balance of the past is counted from the nearest one and not from the wallet's first day.
#pragma once

#include <optional>

#include "storage/wallet.hpp"

namespace mvm::storage {

// The wallet's balance by the journal rows with ids below `before_id`, and by no others.
struct BalanceSnapshot {
    std::int64_t before_id;
    std::int64_t balance_minor;
    // The last of those rows; 0: there was none; none: it is not known.
    std::optional<std::int64_t> last_journal_id;
};

// One for about so many movements: statements then read few rows that they do not show,
// and trades hardly pay for it.
inline constexpr int movements_per_snapshot = 64;

// Whether a call that is about to change a wallet of this version by so many journal rows
// is to remember first what it holds.
[[nodiscard]] bool snapshot_is_due(std::int64_t version, int movements);

// Remembers what a locked wallet held before the row with `snapshot.before_id`, which was
// appended at `taken_at`. Does nothing in a market of version 1.0, which has no statements.
void append_balance_snapshot(Call &call, const WalletKey &wallet, const BalanceSnapshot &snapshot,
                             TimestampTz taken_at);

// The first one whose `before_id` is `id` or above; none when there is none.
std::optional<BalanceSnapshot> balance_snapshot_from_id(Call &call, const WalletKey &wallet,
                                                        std::int64_t id);

// The first one taken at `at` or later; none when there is none.
std::optional<BalanceSnapshot> balance_snapshot_from_time(Call &call, const WalletKey &wallet,
                                                          TimestampTz at);

} // namespace mvm::storage
