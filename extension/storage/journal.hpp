// Rows of mvm.journal: appending, and reading back by id.
#pragma once

#include "domain/journal_kind.hpp"

#include <optional>

#include "storage/row.hpp"
#include "storage/wallet.hpp"

namespace mvm::storage {

struct JournalRow {
    domain::JournalKind kind;
    std::int64_t id;              // given by number_journal_rows
    TimestampTz transaction_time; // given by number_journal_rows
    std::optional<std::int64_t> user_id;
    std::optional<std::int64_t> counterparty_id;
    std::optional<std::int64_t> item_id;
    std::optional<std::int64_t> quantity;
    std::optional<std::int64_t> paid_minor;
    std::optional<std::int64_t> received_minor;
    std::int32_t from_universe_id;
    std::int32_t to_universe_id;
    std::optional<Datum> from_rate;           // numeric
    std::optional<Datum> to_rate;             // numeric
    std::optional<Datum> idempotency_key;     // text
    std::optional<std::int64_t> fee_minor;    // none: no fee; in to_universe_id's currency
    std::optional<std::int64_t> tariff_minor; // none: no tariff; in from_universe_id's currency
    std::optional<std::int64_t> reference_id; // the purchase that a refund undoes
    std::optional<Datum> memo;                // text: the client's own note
    // The rows before this one of the wallet that it moves in from_universe_id and of the one in
    // to_universe_id. 0: it is the wallet's first; none: there is no such wallet, or the row is not
    // known. See wallet_chain.hpp.
    std::optional<std::int64_t> from_previous_id;
    std::optional<std::int64_t> to_previous_id;
};

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
