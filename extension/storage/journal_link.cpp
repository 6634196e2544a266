#include "storage/journal_link.hpp"

#include "domain/assert.hpp"
#include "domain/leg.hpp"

namespace mvm::storage {

namespace {

RowWallets wallets_of(domain::JournalKind kind, const std::optional<std::int64_t> &user_id,
                      const std::optional<std::int64_t> &counterparty_id,
                      std::int32_t from_universe_id, std::int32_t to_universe_id)
{
    RowWallets wallets;
    if (user_id && domain::paid_by_user(kind) != 0) {
        wallets.from = {*user_id, from_universe_id};
    }
    if (user_id && domain::received_by_user(kind) != 0) {
        wallets.to = {*user_id, to_universe_id};
    } else if (counterparty_id && domain::received_by_counterparty(kind) != 0) {
        wallets.to = {*counterparty_id, to_universe_id};
    }
    if (wallets.to == wallets.from) {
        wallets.to = std::nullopt; // one link is enough
    }
    return wallets;
}

} // namespace

RowWallets wallets_of(const JournalRow &row)
{
    return wallets_of(row.kind, row.user_id, row.counterparty_id, row.from_universe_id,
                      row.to_universe_id);
}

std::optional<std::int64_t> previous_of(const JournalRow &row, const WalletKey &wallet)
{
    return wallets_of(row).from == wallet ? row.from_previous_id : row.to_previous_id;
}

void link_row(JournalRow &row, const WalletKey &wallet,
              std::optional<std::int64_t> &last_journal_id)
{
    if (last_journal_id == row.id) {
        return; // it moves the wallet twice
    }
    MVM_ASSERT(row.id > last_journal_id.value_or(0));
    const RowWallets wallets = wallets_of(row);
    if (wallets.from == wallet) {
        row.from_previous_id = last_journal_id;
    } else {
        MVM_ASSERT(wallets.to == wallet);
        row.to_previous_id = last_journal_id;
    }
    last_journal_id = row.id;
}

RowLinks links_in(const Table &table, TupleTableSlot *slot)
{
    const auto optional_int8 = [&](int column) {
        bool is_null = false;
        const Datum value = nullable_column_of(table, slot, column, is_null);
        return is_null ? std::nullopt : std::optional(DatumGetInt64(value));
    };
    // From the last column on: the row is taken apart once.
    RowLinks links{};
    links.to_previous_id = optional_int8(journal_column::to_previous_id);
    links.from_previous_id = optional_int8(journal_column::from_previous_id);
    links.id = DatumGetInt64(column_of(table, slot, journal_column::id));
    links.wallets = wallets_of(
        domain::JournalKind{DatumGetChar(column_of(table, slot, journal_column::kind))},
        optional_int8(journal_column::user_id), optional_int8(journal_column::counterparty_id),
        DatumGetInt32(column_of(table, slot, journal_column::from_universe_id)),
        DatumGetInt32(column_of(table, slot, journal_column::to_universe_id)));
    return links;
}

} // namespace mvm::storage
