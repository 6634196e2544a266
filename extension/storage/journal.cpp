#include "storage/journal.hpp"

#include "domain/assert.hpp"
#include "pg/compat.hpp"
#include "storage/house_account.hpp"

namespace mvm::storage {

namespace {

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
}

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

WalletsOfRow wallets_of(const JournalRow &row)
{
    const domain::KindInfo &kind = domain::info_of(row.kind);
    WalletsOfRow wallets{};
    if (kind.paid_by_user != 0) {
        wallets.from = {*row.user_id, row.from_universe_id};
    }
    if (kind.received_by_user != 0) {
        wallets.to = {*row.user_id, row.to_universe_id};
    } else if (kind.received_by_counterparty != 0 && row.counterparty_id) {
        wallets.to = {*row.counterparty_id, row.to_universe_id};
    }
    return wallets;
}

void append_journal_rows(Call &call, JournalRow *const *rows, int count)
{
    MVM_ASSERT(count > 0);
    const TimestampTz now = GetCurrentTimestamp();
    for (int i = 0; i < count; ++i) {
        CHECK_FOR_INTERRUPTS();
        rows[i]->id = next_id("journal_id_seq");
        rows[i]->transaction_time = now;
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

namespace {

void open_journal(Call &call, JournalCursor &cursor, JournalRole role, std::int64_t user_id,
                  ScanDirection direction, const ScanKeyData &condition)
{
    const char *index_name =
        role == JournalRole::actor ? "journal_user_id_idx" : "journal_counterparty_id_idx";
    cursor.direction = direction;
    cursor.table = &table_of(call, TableId::journal);
    cursor.index = open_index(index_name);
    cursor.slot = make_slot(call, TableId::journal);
    cursor.scan = pg::begin_index_scan(table_of(call, TableId::journal).relation, cursor.index,
                                       GetActiveSnapshot(), 2);
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(user_id));
    keys[1] = condition;
    index_rescan(cursor.scan, keys, 2, nullptr, 0);
    next_row(cursor);
}

} // namespace

void open_journal_before(Call &call, JournalCursor &cursor, JournalRole role, std::int64_t user_id,
                         std::int64_t before_id)
{
    ScanKeyData condition;
    ScanKeyInit(&condition, 2, BTLessStrategyNumber, F_INT8LT, Int64GetDatum(before_id));
    open_journal(call, cursor, role, user_id, BackwardScanDirection, condition);
}

void open_journal_from(Call &call, JournalCursor &cursor, JournalRole role, std::int64_t user_id,
                       std::int64_t from_id)
{
    ScanKeyData condition;
    ScanKeyInit(&condition, 2, BTGreaterEqualStrategyNumber, F_INT8GE, Int64GetDatum(from_id));
    open_journal(call, cursor, role, user_id, ForwardScanDirection, condition);
}

void next_row(JournalCursor &cursor)
{
    CHECK_FOR_INTERRUPTS();
    cursor.at_row = index_getnext_slot(cursor.scan, cursor.direction, cursor.slot);
    if (cursor.at_row) {
        read_journal(*cursor.table, cursor.slot, cursor.row);
    }
}

void close_journal(JournalCursor &cursor)
{
    index_endscan(cursor.scan);
    index_close(cursor.index, NoLock);
}

void find_trade(JournalCursor &cursor)
{
    while (cursor.at_row && cursor.row.kind != domain::JournalKind::purchase) {
        next_row(cursor);
    }
}

} // namespace mvm::storage
