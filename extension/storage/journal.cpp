#include "storage/journal.hpp"

#include "domain/assert.hpp"
#include "storage/balance_snapshot.hpp"
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

void number_journal_rows(Call &call, JournalRow *const *rows, int count)
{
    MVM_ASSERT(call.writes && count > 0);
    const TimestampTz now = GetCurrentTimestamp();
    for (int i = 0; i < count; ++i) {
        CHECK_FOR_INTERRUPTS();
        JournalRow &row = *rows[i];
        row.id = next_id("journal_id_seq");
        row.transaction_time = now;
        row.from_previous_id = row.to_previous_id = std::nullopt;
    }
}

void number_journal_row(Call &call, JournalRow &row)
{
    JournalRow *const rows[] = {&row};
    number_journal_rows(call, rows, 1);
}

void append_journal_rows(Call &call, JournalRow *const *rows, int count)
{
    MVM_ASSERT(count > 0);
    for (int i = 0; i < count; ++i) {
        note_house_movements(call, *rows[i]);
    }
    insert_rows(call, TableId::journal, rows, count, fill_journal_row);
    append_due_snapshots(call, rows[0]->id, rows[0]->transaction_time);
}

void append_journal(Call &call, JournalRow &row)
{
    JournalRow *const rows[] = {&row};
    append_journal_rows(call, rows, 1);
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
