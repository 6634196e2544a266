#include "storage/quote.hpp"

namespace mvm::storage {

void insert_quote(Call &call, const Quote &quote)
{
    Columns columns;
    columns.put(quote_column::id, Int64GetDatum(quote.id));
    columns.put(quote_column::user_id, Int64GetDatum(quote.user_id));
    columns.put(quote_column::paid_minor, Int64GetDatum(quote.paid_minor));
    columns.put(quote_column::received_minor, Int64GetDatum(quote.received_minor));
    columns.put(quote_column::fee_minor, Int64GetDatum(quote.fee_minor));
    columns.put(quote_column::created_at, TimestampTzGetDatum(quote.created_at));
    columns.put(quote_column::expires_at, TimestampTzGetDatum(quote.expires_at));
    columns.put(quote_column::from_universe_id, Int32GetDatum(quote.from_universe_id));
    columns.put(quote_column::to_universe_id, Int32GetDatum(quote.to_universe_id));
    columns.put(quote_column::from_rate, quote.from_rate);
    columns.put(quote_column::to_rate, quote.to_rate);
    columns.put(quote_column::transaction_id, quote.transaction_id);
    insert_row(call, TableId::quote, columns.values, columns.nulls);
}

std::int64_t open_quotes(Call &call, std::int64_t user_id, std::int32_t to_universe_id,
                         TimestampTz now, std::int64_t count_max)
{
    ScanKeyData keys[3];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(user_id));
    ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(to_universe_id));
    ScanKeyInit(&keys[2], 3, BTGreaterStrategyNumber, F_TIMESTAMPTZ_GT, TimestampTzGetDatum(now));
    return count_rows_now(call, TableId::quote, "quote_open_idx", keys, lengthof(keys), count_max);
}

bool lock_quote(Call &call, std::int64_t id, Quote &quote)
{
    Key key = key_of_int8(id);
    key.remembered = false; // each is looked up once
    HeapTuple row = lock_row(call, TableId::quote, key);
    if (row == nullptr) {
        return false;
    }
    const Columns columns = columns_of(call, TableId::quote, row);
    quote.id = id;
    quote.user_id = columns.int8(quote_column::user_id);
    quote.paid_minor = columns.int8(quote_column::paid_minor);
    quote.received_minor = columns.int8(quote_column::received_minor);
    quote.fee_minor = columns.int8(quote_column::fee_minor);
    quote.created_at = columns.time(quote_column::created_at);
    quote.expires_at = columns.time(quote_column::expires_at);
    quote.from_universe_id = columns.int4(quote_column::from_universe_id);
    quote.to_universe_id = columns.int4(quote_column::to_universe_id);
    quote.from_rate = columns.value(quote_column::from_rate);
    quote.to_rate = columns.value(quote_column::to_rate);
    quote.transaction_id = columns.optional_int8(quote_column::transaction_id);
    quote.row = row;
    return true;
}

void accept_quote(Call &call, Quote &quote, std::int64_t transaction_id)
{
    quote.transaction_id = transaction_id;
    const ColumnChange change = {quote_column::transaction_id, Int64GetDatum(transaction_id)};
    update_row(call, TableId::quote, quote.row, &change, 1);
}

} // namespace mvm::storage
