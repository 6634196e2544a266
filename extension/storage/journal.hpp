// Rows of mvm.journal: appending, and reading back by id.
#pragma once

#include "storage/row.hpp"
#include "storage/wallet.hpp"

namespace mvm::storage {

// A fee or a tariff as the journal has it: most markets have neither, and zero is not written.
inline std::optional<std::int64_t> unless_zero(std::int64_t amount_minor)
{
    return amount_minor == 0 ? std::nullopt : std::optional(amount_minor);
}

// The wallets that a row moves: the one with the leg that it calls paid, and the one with the leg
// that it calls received; none where it has no such leg.
struct WalletsOfRow {
    std::optional<WalletKey> from;
    std::optional<WalletKey> to;
};
WalletsOfRow wallets_of(const JournalRow &row);

// Gives the rows, in their order, their ids and one time for all. Called after every lock is held,
// so that ids and times follow the order of effects on each wallet and item, and before the wallets
// are written, which name their last rows.
void number_journal_rows(Call &call, JournalRow *const *rows, int count);

// Appends rows that are numbered.
void append_journal_rows(Call &call, JournalRow *const *rows, int count);

// Reads the row with this id as the call's snapshot sees it; its values are copies.
[[nodiscard]] bool find_journal(Call &call, std::int64_t id, JournalRow &row);

// The row in a slot of the journal. Its text and numeric values point into the slot.
void read_journal(const Table &table, TupleTableSlot *slot, JournalRow &row);

// What walking along the rows of a wallet needs of one.
struct RowLinks {
    std::int64_t id;
    WalletsOfRow wallets;
    std::optional<std::int64_t> from_previous_id;
    std::optional<std::int64_t> to_previous_id;
};

// Of the row in a slot of the journal, without reading all of it.
RowLinks links_in(const Table &table, TupleTableSlot *slot);

} // namespace mvm::storage
