// Which wallets a journal row moves, and the chains that link each wallet's rows: a row names, for
// each of its wallets, that wallet's row before it; the wallet names its last one.
#pragma once

#include "storage/journal.hpp"
#include "storage/wallet_key.hpp"

namespace mvm::storage {

// The wallets that a row moves, at most two.
struct RowWallets {
    std::optional<WalletKey> from; // in from_universe_id
    std::optional<WalletKey> to;   // in to_universe_id; none where it is the same wallet
};

RowWallets wallets_of(const JournalRow &row);

// The wallet's row before this one, which moves it; see JournalRow.
std::optional<std::int64_t> previous_of(const JournalRow &row, const WalletKey &wallet);

// Appends a numbered row to the chain of a wallet that it moves: the row takes the wallet's last
// one, and becomes it. Rows come in the order of their ids.
void link_row(JournalRow &row, const WalletKey &wallet,
              std::optional<std::int64_t> &last_journal_id);

// What chains need of a row.
struct RowLinks {
    std::int64_t id;
    RowWallets wallets;
    std::optional<std::int64_t> from_previous_id;
    std::optional<std::int64_t> to_previous_id;
};

// Of the row in a slot of the journal.
RowLinks links_in(const Table &table, TupleTableSlot *slot);

} // namespace mvm::storage
