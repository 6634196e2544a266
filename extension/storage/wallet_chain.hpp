// Walking the chain of a wallet's journal rows, newest first: a row names, for each wallet that it
// moves, that wallet's row before it, and the wallet names its last one. A row that moves one
// wallet twice has one link, from_previous_id.
//
// The wallet and the rows are read under one snapshot, which then sees every row that the chain
// names. Each step looks whether the row is the wallet's, and older than the one that named it: a
// chain that is damaged raises ERRCODE_DATA_CORRUPTED and never shows another history. One that is
// not known (rows of a dump of 1.1, or inserted by hand) raises 55000 and names
// mvm_relink_journal(); it never shows a shorter history.
#pragma once

#include "storage/journal.hpp"

namespace mvm::storage {

// A chain ends at ids up to this one: whoever moves old rows out of the journal raises it.
inline constexpr std::int64_t floor_id = 0;

// Whether the market's version links its rows.
[[nodiscard]] bool is_linked(Call &call);

// Reads rows by their ids. A serializable transaction takes predicate locks on the rows only: on
// pages of the index, which everybody's new rows go to, it would conflict with strangers. That is
// enough, for the rows that name a row are locked, and it never goes.
struct JournalReader {
    const Table *table;
    IndexScanDesc scan;
    TupleTableSlot *slot; // the row read last
    // The table's length, up to which places of rows may be guessed; 0: none are.
    BlockNumber block_count;
};

void open_journal_reader(Call &call, JournalReader &reader);

// False when the call's snapshot sees no such row.
[[nodiscard]] bool read_row(JournalReader &reader, std::int64_t id);

void close_journal_reader(JournalReader &reader);

// A place in a wallet's chain: before the row with `next_id`, the next older one.
struct WalletChain {
    WalletKey wallet;
    std::optional<std::int64_t> next_id; // 0: the chain is at its end; none: it is not known
};

// Whether the chain has a row to go to; 55000 when that is not known.
[[nodiscard]] bool has_next(const WalletChain &chain);

// Reads the chain's next row, not yet going past it.
void read_next_row(JournalReader &reader, const WalletChain &chain);

// Goes to the row before one of the chain's rows. DATA_CORRUPTED when it is not the chain's, or
// names one that is not older.
void go_before(WalletChain &chain, const RowLinks &links);

// Goes past the row that was read. DATA_CORRUPTED when it is not the chain's.
void step_over(JournalReader &reader, WalletChain &chain);

// Goes down to the first row with an id below `before_id`.
void skip_to(JournalReader &reader, WalletChain &chain, std::int64_t before_id);

} // namespace mvm::storage
