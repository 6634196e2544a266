#include "storage/idempotency.hpp"

#include "pg/refusal.hpp"

namespace mvm::storage {

namespace {

const char *text_or_null(const Table &table, TupleTableSlot *slot, int column)
{
    bool is_null = false;
    const Datum value = nullable_column_of(table, slot, column, is_null);
    return is_null ? nullptr : TextDatumGetCString(value);
}

bool find_key(Call &call, IdempotencyKey &key)
{
    TupleTableSlot *slot =
        find_row(call, TableId::idempotency_key, key_of_int8_text(key.user_id, key.key));
    if (slot == nullptr) {
        return false;
    }
    const Table &table = table_of(call, TableId::idempotency_key);
    bool is_refused = false;
    const Datum answer =
        nullable_column_of(table, slot, idempotency_key_column::transaction_id, is_refused);
    key.transaction_id = is_refused ? std::nullopt : std::optional(DatumGetInt64(answer));
    key.request = CStringGetTextDatum(text_or_null(table, slot, idempotency_key_column::request));
    key.refusal = text_or_null(table, slot, idempotency_key_column::refusal);
    key.refusal_detail = text_or_null(table, slot, idempotency_key_column::refusal_detail);
    return true;
}

// Sets the same columns whichever the answer is, so that a batch updates its keys by one statement.
void write_answer(Call &call, const IdempotencyKey &key, const ColumnChange &transaction_id,
                  const ColumnChange &refusal, const ColumnChange &refusal_detail)
{
    HeapTuple row = own_row_at(call, TableId::idempotency_key, key.location);
    const ColumnChange changes[] = {transaction_id, refusal, refusal_detail};
    update_row(call, TableId::idempotency_key, row, changes, lengthof(changes));
    heap_freetuple(row);
}

ColumnChange to_null(int column)
{
    return {column, Datum{0}, true};
}

} // namespace

bool claim_key(Call &call, IdempotencyKey &key)
{
    Datum values[idempotency_key_column::last] = {};
    bool nulls[idempotency_key_column::last] = {};
    values[idempotency_key_column::user_id - 1] = Int64GetDatum(key.user_id);
    nulls[idempotency_key_column::transaction_id - 1] = true;
    nulls[idempotency_key_column::refusal - 1] = true;
    nulls[idempotency_key_column::refusal_detail - 1] = true;
    values[idempotency_key_column::created_at - 1] = TimestampTzGetDatum(GetCurrentTimestamp());
    values[idempotency_key_column::key - 1] = key.key;
    values[idempotency_key_column::request - 1] = key.request;

    while (!find_key(call, key)) {
        CHECK_FOR_INTERRUPTS();
        HeapTuple row = insert_row_if_absent(call, TableId::idempotency_key, values, nulls);
        if (row != nullptr) {
            key.location = row->t_self;
            heap_freetuple(row);
            return true;
        }
        // Another transaction used it after our snapshot.
        if (IsolationUsesXactSnapshot()) {
            pg::raise_stale_snapshot();
        }
        refresh_snapshot(call);
    }
    return false;
}

void record_answer(Call &call, const IdempotencyKey &key, std::int64_t transaction_id)
{
    write_answer(call, key, {idempotency_key_column::transaction_id, Int64GetDatum(transaction_id)},
                 to_null(idempotency_key_column::refusal),
                 to_null(idempotency_key_column::refusal_detail));
}

void record_refusal(Call &call, const IdempotencyKey &key, const char *refusal,
                    const char *refusal_detail)
{
    write_answer(call, key, to_null(idempotency_key_column::transaction_id),
                 {idempotency_key_column::refusal, CStringGetTextDatum(refusal)},
                 {idempotency_key_column::refusal_detail, CStringGetTextDatum(refusal_detail)});
}

} // namespace mvm::storage
