#include "storage/journal.hpp"

#include "domain/assert.hpp"
#include "storage/house_account.hpp"

namespace mvm::storage {

namespace {

// A value of a row as a column has it.
void get(const Columns &columns, int number, std::int64_t &value)
{
    value = columns.int8(number);
}
void get(const Columns &columns, int number, std::int32_t &value)
{
    value = columns.int4(number);
}
void get(const Columns &columns, int number, domain::JournalKind &kind)
{
    kind = domain::JournalKind{columns.character(number)};
}
void get(const Columns &columns, int number, std::optional<std::int64_t> &value)
{
    value = columns.optional_int8(number);
}
void get(const Columns &columns, int number, std::optional<Datum> &value)
{
    value = columns.optional_value(number);
}

Datum stored(std::int64_t value)
{
    return Int64GetDatum(value);
}
Datum stored(std::int32_t value)
{
    return Int32GetDatum(value);
}
Datum stored(domain::JournalKind kind)
{
    return CharGetDatum(static_cast<char>(kind));
}
const std::optional<std::int64_t> &stored(const std::optional<std::int64_t> &value)
{
    return value;
}
const std::optional<Datum> &stored(const std::optional<Datum> &value)
{
    return value;
}

// A FillRow over an array of pointers to journal rows.
void fill_journal_row(const void *rows, int i, Columns &columns)
{
    const JournalRow &row = *static_cast<JournalRow *const *>(rows)[i];
    visit_journal_columns(
        [&](int number, const auto &column) { columns.put(number, stored(row.*column.member)); });
}

// By-reference values of their own, which outlive the next read.
void copy_references(JournalRow &row)
{
    visit_journal_columns([&](int, const auto &column) {
        auto &value = row.*column.member;
        if constexpr (std::is_same_v<decltype(value), std::optional<Datum> &>) {
            if (value) {
                value = datumCopy(*value, false, -1);
            }
        }
    });
}

} // namespace

void read_journal(const Table &table, TupleTableSlot *slot, JournalRow &row)
{
    const Columns columns = columns_of(table, slot, journal_column_count);
    visit_journal_columns(
        [&](int number, const auto &column) { get(columns, number, row.*column.member); });
}

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
