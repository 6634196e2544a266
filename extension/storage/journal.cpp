#include "storage/journal.hpp"

#include "domain/assert.hpp"
#include "storage/house_account.hpp"

namespace mvm::storage {

void read_journal(const Table &table, TupleTableSlot *slot, JournalRow &row)
{
    const Columns columns = columns_of(table, slot, journal_column::last);
    row.kind = domain::JournalKind{columns.character(journal_column::kind)};
    row.id = columns.int8(journal_column::id);
    row.transaction_time = columns.time(journal_column::transaction_time);
    row.user_id = columns.optional_int8(journal_column::user_id);
    row.counterparty_id = columns.optional_int8(journal_column::counterparty_id);
    row.item_id = columns.optional_int8(journal_column::item_id);
    row.quantity = columns.optional_int8(journal_column::quantity);
    row.paid_minor = columns.optional_int8(journal_column::paid_minor);
    row.received_minor = columns.optional_int8(journal_column::received_minor);
    row.from_universe_id = columns.int4(journal_column::from_universe_id);
    row.to_universe_id = columns.int4(journal_column::to_universe_id);
    row.from_rate = columns.optional_value(journal_column::from_rate);
    row.to_rate = columns.optional_value(journal_column::to_rate);
    row.idempotency_key = columns.optional_value(journal_column::idempotency_key);
    row.fee_minor = columns.optional_int8(journal_column::fee_minor);
    row.tariff_minor = columns.optional_int8(journal_column::tariff_minor);
    row.reference_id = columns.optional_int8(journal_column::reference_id);
    row.memo = columns.optional_value(journal_column::memo);
    row.from_previous_id = columns.optional_int8(journal_column::from_previous_id);
    row.to_previous_id = columns.optional_int8(journal_column::to_previous_id);
}

namespace {

// A FillRow over an array of pointers to journal rows.
void fill_journal_row(const void *rows, int i, Columns &columns)
{
    const JournalRow &row = *static_cast<JournalRow *const *>(rows)[i];
    columns.put(journal_column::id, Int64GetDatum(row.id));
    columns.put(journal_column::transaction_time, TimestampTzGetDatum(row.transaction_time));
    columns.put(journal_column::user_id, row.user_id);
    columns.put(journal_column::counterparty_id, row.counterparty_id);
    columns.put(journal_column::item_id, row.item_id);
    columns.put(journal_column::quantity, row.quantity);
    columns.put(journal_column::paid_minor, row.paid_minor);
    columns.put(journal_column::received_minor, row.received_minor);
    columns.put(journal_column::from_universe_id, Int32GetDatum(row.from_universe_id));
    columns.put(journal_column::to_universe_id, Int32GetDatum(row.to_universe_id));
    columns.put(journal_column::kind, CharGetDatum(static_cast<char>(row.kind)));
    columns.put(journal_column::from_rate, row.from_rate);
    columns.put(journal_column::to_rate, row.to_rate);
    columns.put(journal_column::idempotency_key, row.idempotency_key);
    columns.put(journal_column::fee_minor, row.fee_minor);
    columns.put(journal_column::tariff_minor, row.tariff_minor);
    columns.put(journal_column::reference_id, row.reference_id);
    columns.put(journal_column::memo, row.memo);
    columns.put(journal_column::from_previous_id, row.from_previous_id);
    columns.put(journal_column::to_previous_id, row.to_previous_id);
}

// By-reference values of their own, which outlive the next read.
void copy_references(JournalRow &row)
{
    for (std::optional<Datum> *value :
         {&row.from_rate, &row.to_rate, &row.idempotency_key, &row.memo}) {
        if (*value) {
            *value = datumCopy(**value, false, -1);
        }
    }
}

} // namespace

namespace {

WalletsOfRow wallets_of(domain::JournalKind row_kind, const std::optional<std::int64_t> &user_id,
                        const std::optional<std::int64_t> &counterparty_id,
                        std::int32_t from_universe_id, std::int32_t to_universe_id)
{
    const domain::KindInfo &kind = domain::info_of(row_kind);
    WalletsOfRow wallets{};
    if (kind.paid_by_user != 0) {
        wallets.from = {*user_id, from_universe_id};
    }
    if (kind.received_by_user != 0) {
        wallets.to = {*user_id, to_universe_id};
    } else if (kind.received_by_counterparty != 0 && counterparty_id) {
        wallets.to = {*counterparty_id, to_universe_id};
    }
    return wallets;
}

} // namespace

WalletsOfRow wallets_of(const JournalRow &row)
{
    return wallets_of(row.kind, row.user_id, row.counterparty_id, row.from_universe_id,
                      row.to_universe_id);
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

void number_journal_rows(Call &call, JournalRow *const *rows, int count)
{
    MVM_ASSERT(call.writes && count > 0);
    const TimestampTz now = GetCurrentTimestamp();
    for (int i = 0; i < count; ++i) {
        CHECK_FOR_INTERRUPTS();
        rows[i]->id = next_id("journal_id_seq");
        rows[i]->transaction_time = now;
    }
}

void append_journal_rows(Call &call, JournalRow *const *rows, int count)
{
    MVM_ASSERT(count > 0);
    for (int i = 0; i < count; ++i) {
        CHECK_FOR_INTERRUPTS();
        note_house_movements(call, *rows[i]);
    }
    insert_rows(call, TableId::journal, rows, count, fill_journal_row);
}

bool find_journal(Call &call, std::int64_t id, JournalRow &row)
{
    Key key = key_of_int8(id);
    key.remembered = false; // hardly any row is asked for twice
    TupleTableSlot *slot = find_row(call, TableId::journal, key);
    if (slot == nullptr) {
        return false;
    }
    ExecMaterializeSlot(slot);
    read_journal(table_of(call, TableId::journal), slot, row);
    copy_references(row);
    return true;
}

} // namespace mvm::storage
