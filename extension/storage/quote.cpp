#include "storage/quote.hpp"

namespace mvm::storage {

void insert_quote(Call &call, const Quote &quote)
{
    Datum values[quote_column::last] = {};
    bool nulls[quote_column::last] = {};
    values[quote_column::id - 1] = Int64GetDatum(quote.id);
    values[quote_column::user_id - 1] = Int64GetDatum(quote.user_id);
    values[quote_column::paid_minor - 1] = Int64GetDatum(quote.paid_minor);
    values[quote_column::received_minor - 1] = Int64GetDatum(quote.received_minor);
    values[quote_column::fee_minor - 1] = Int64GetDatum(quote.fee_minor);
    values[quote_column::created_at - 1] = TimestampTzGetDatum(quote.created_at);
    values[quote_column::expires_at - 1] = TimestampTzGetDatum(quote.expires_at);
    values[quote_column::from_universe_id - 1] = Int32GetDatum(quote.from_universe_id);
    values[quote_column::to_universe_id - 1] = Int32GetDatum(quote.to_universe_id);
    values[quote_column::from_rate - 1] = quote.from_rate;
    values[quote_column::to_rate - 1] = quote.to_rate;
    nulls[quote_column::transaction_id - 1] = true;
    insert_row(call, TableId::quote, values, nulls);
}

bool lock_quote(Call &call, std::int64_t id, Quote &quote)
{
    Key key = key_of_int8(id);
    key.remembered = false; // each is looked up once
    HeapTuple row = lock_row(call, TableId::quote, key);
    if (row == nullptr) {
        return false;
    }
    Datum values[quote_column::last];
    bool nulls[quote_column::last];
    deform_row(call, TableId::quote, row, values, nulls);
    quote.id = id;
    quote.user_id = DatumGetInt64(values[quote_column::user_id - 1]);
    quote.paid_minor = DatumGetInt64(values[quote_column::paid_minor - 1]);
    quote.received_minor = DatumGetInt64(values[quote_column::received_minor - 1]);
    quote.fee_minor = DatumGetInt64(values[quote_column::fee_minor - 1]);
    quote.created_at = DatumGetTimestampTz(values[quote_column::created_at - 1]);
    quote.expires_at = DatumGetTimestampTz(values[quote_column::expires_at - 1]);
    quote.from_universe_id = DatumGetInt32(values[quote_column::from_universe_id - 1]);
    quote.to_universe_id = DatumGetInt32(values[quote_column::to_universe_id - 1]);
    quote.from_rate = values[quote_column::from_rate - 1];
    quote.to_rate = values[quote_column::to_rate - 1];
    quote.transaction_id = std::nullopt;
    if (!nulls[quote_column::transaction_id - 1]) {
        quote.transaction_id = DatumGetInt64(values[quote_column::transaction_id - 1]);
    }
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
