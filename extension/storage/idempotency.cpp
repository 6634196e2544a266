#include "storage/idempotency.hpp"

#include "pg/refusal.hpp"

namespace mvm::storage {

namespace {

bool find_key(Call &call, IdempotencyKey &key)
{
    TupleTableSlot *slot = make_slot(call, TableId::idempotency_key);
    if (!find_row(call, TableId::idempotency_key, key_of_int8_text(key.user_id, key.key), slot)) {
        return false;
    }
    key.slot = slot;
    key.request = column_of(slot, idempotency_key_column::request);
    key.transaction_id = DatumGetInt64(column_of(slot, idempotency_key_column::transaction_id));
    return true;
}

} // namespace

bool claim_key(Call &call, IdempotencyKey &key)
{
    Datum values[idempotency_key_column::last] = {};
    bool nulls[idempotency_key_column::last] = {};
    values[idempotency_key_column::user_id - 1] = Int64GetDatum(key.user_id);
    nulls[idempotency_key_column::transaction_id - 1] = true;
    values[idempotency_key_column::created_at - 1] = TimestampTzGetDatum(GetCurrentTimestamp());
    values[idempotency_key_column::key - 1] = key.key;
    values[idempotency_key_column::request - 1] = key.request;

    while (!find_key(call, key)) {
        TupleTableSlot *slot = make_new_row_slot(call, TableId::idempotency_key);
        if (insert_row_if_absent(call, TableId::idempotency_key, values, nulls, slot)) {
            key.slot = slot;
            return true;
        }
        // Another transaction used it after our snapshot.
        if (IsolationUsesXactSnapshot()) {
            pg::refuse_stale_snapshot();
        }
        refresh_snapshot(call);
    }
    return false;
}

void record_answer(Call &call, IdempotencyKey &key, std::int64_t transaction_id)
{
    key.transaction_id = transaction_id;
    const ColumnChange change = {idempotency_key_column::transaction_id,
                                 Int64GetDatum(transaction_id)};
    update_row(call, TableId::idempotency_key, key.slot, &change, 1);
}

} // namespace mvm::storage
