// Rows of mvm.journal: appending, and reading back by id or one user's in order.
#pragma once

#include "domain/journal_kind.hpp"

#include <optional>

#include "storage/row.hpp"
#include "storage/wallet.hpp"

namespace mvm::storage {

struct JournalRow {
    domain::JournalKind kind;
    std::int64_t id;              // given by append_journal_rows
    TimestampTz transaction_time; // given by append_journal_rows
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

// Appends rows, in their order, and fills in their ids and one time for all. Called after every
// lock is held, so that ids and times follow the order of effects on each wallet and item.
void append_journal_rows(Call &call, JournalRow *const *rows, int count);

// Reads the row with this id as the call's snapshot sees it; its values are copies.
[[nodiscard]] bool find_journal(Call &call, std::int64_t id, JournalRow &row);

// Rows of one user in one role, in the order of their ids.
struct JournalCursor {
    ScanDirection direction;
    const Table *table;
    Relation index;
    IndexScanDesc scan;
    TupleTableSlot *slot;
    bool at_row; // `row` is the current one
    JournalRow row;
};

// `actor` is the row's user_id: the buyer of a purchase. Its seller is the counterparty.
enum class JournalRole : std::uint8_t { actor, counterparty };

// Opens at the newest row with an id below `before_id` and goes back.
void open_journal_before(Call &call, JournalCursor &cursor, JournalRole role, std::int64_t user_id,
                         std::int64_t before_id);

// Opens at the oldest row with an id from `from_id` on and goes forward.
void open_journal_from(Call &call, JournalCursor &cursor, JournalRole role, std::int64_t user_id,
                       std::int64_t from_id);
void next_row(JournalCursor &cursor);
void close_journal(JournalCursor &cursor);

// The current row or the first one further on that is a purchase.
void find_trade(JournalCursor &cursor);

} // namespace mvm::storage
