// A user's journal rows, newest first: the chains of all their wallets, merged by id. A row that
// moves two of them is shown once. In a market of 1.0 or 1.1, through the indexes on users.
#pragma once

#include "storage/indexed_journal.hpp"
#include "storage/wallet_chain.hpp"

namespace mvm::storage {

struct UserHistory {
    bool linked;
    JournalReader reader;
    pg::Array<WalletChain> chains;
    Relation stocking_index; // of the user's listings and restocks, which move no wallet
    IndexScanDesc stocking;  // null: they are not wanted
    TupleTableSlot *stocking_slot;
    std::int64_t stocking_id; // 0: there are no more
    std::int64_t read_id;     // of the row read last; 0: none yet
    IndexedJournal indexed;
};

enum class Stocking : std::uint8_t { without, with };

// Opens before the newest row with an id below `before_id`.
void open_user_history(Call &call, UserHistory &history, std::int64_t user_id,
                       std::int64_t before_id, Stocking stocking);

// Reads the next row; false when there is none left. Its text and numeric values are there until
// the next one is read.
[[nodiscard]] bool read_row(UserHistory &history, JournalRow &row);

void close_user_history(UserHistory &history);

} // namespace mvm::storage
