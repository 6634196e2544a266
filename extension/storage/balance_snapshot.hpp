// Rows of mvm.balance_snapshot: what a wallet held at points of its history, so that a
// balance of the past is counted from the nearest one and not from the wallet's first day.
#pragma once

#include "storage/wallet.hpp"

namespace mvm::storage {

// The wallet's balance by the journal rows with ids below `before_id`, and by no others.
struct BalanceSnapshot {
    std::int64_t before_id;
    std::int64_t balance_minor;
};

// Before its first journal row every wallet is empty.
inline constexpr BalanceSnapshot no_history = {PG_INT64_MIN, 0};

// One for about so many movements: statements then read few rows that they do not show,
// and trades hardly pay for it.
inline constexpr int movements_per_snapshot = 64;

// Whether a call that is about to change a wallet of this version by so many journal rows
// is to remember first what it holds.
[[nodiscard]] bool snapshot_is_due(std::int64_t version, int movements);

// Remembers what a locked wallet held before the row with `snapshot.before_id`, which was
// appended at `taken_at`. Does nothing in a market of version 1.0, which has no statements.
void append_balance_snapshot(Call &call, const WalletKey &key, const BalanceSnapshot &snapshot,
                             TimestampTz taken_at);

// The last one whose journal rows all have ids below `id`.
BalanceSnapshot balance_snapshot_before_id(Call &call, std::int64_t user_id,
                                           std::int32_t universe_id, std::int64_t id);

// The last one whose journal rows all were written before `at`.
BalanceSnapshot balance_snapshot_before_time(Call &call, std::int64_t user_id,
                                             std::int32_t universe_id, TimestampTz at);

} // namespace mvm::storage
