#include "entry/results.hpp"

#include "entry/requirements.hpp"
#include "pg/numeric.hpp"

namespace mvm::entry {

namespace {

// Fills the columns of a result row one after another.
struct RowWriter {
    Datum *values;
    bool *nulls;
    int position = 0;

    void add(Datum value)
    {
        values[position] = value;
        nulls[position] = false;
        ++position;
    }
    void add_null()
    {
        values[position] = Datum{0};
        nulls[position] = true;
        ++position;
    }
    void add(const std::optional<Datum> &value)
    {
        if (value) {
            add(*value);
        } else {
            add_null();
        }
    }
    void add_int8(const std::optional<std::int64_t> &value)
    {
        add(value ? std::optional(Int64GetDatum(*value)) : std::nullopt);
    }
    void add_amount(const std::optional<std::int64_t> &amount_minor, int currency_scale)
    {
        add(amount_minor ? std::optional(pg::numeric_of_minor(*amount_minor, currency_scale))
                         : std::nullopt);
    }
};

struct Scales {
    int from;
    int to;
};

Scales scales_of(storage::Call &call, const storage::JournalRow &row)
{
    const int from = require_universe(call, row.from_universe_id).currency_scale;
    const int to = row.to_universe_id == row.from_universe_id
                       ? from
                       : require_universe(call, row.to_universe_id).currency_scale;
    return {from, to};
}

// Every row that this is asked for has rates: only listings have none.
Datum exchange_rate_of(const storage::JournalRow &row)
{
    return pg::numeric_ratio(row.to_rate.value(), row.from_rate.value());
}

} // namespace

Datum row_result(FunctionCallInfo fcinfo, const storage::Call &call, Datum *values, bool *nulls)
{
    const MemoryContext call_context = MemoryContextSwitchTo(call.caller_context);
    TupleDesc descriptor = nullptr;
    if (get_call_result_type(fcinfo, nullptr, &descriptor) != TYPEFUNC_COMPOSITE) {
        ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                        errmsg("function must return a composite type")));
    }
    const Datum result =
        HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls));
    MemoryContextSwitchTo(call_context);
    return result;
}

Datum amount_result(const storage::Call &call, std::int64_t amount_minor, int currency_scale)
{
    const MemoryContext call_context = MemoryContextSwitchTo(call.caller_context);
    const Datum result = pg::numeric_of_minor(amount_minor, currency_scale);
    MemoryContextSwitchTo(call_context);
    return result;
}

void fill_trade(const storage::JournalRow &row, int from_scale, int to_scale, Datum *values,
                bool *nulls)
{
    RowWriter writer{values, nulls};
    writer.add(Int64GetDatum(row.id));
    writer.add_int8(row.user_id);
    writer.add_int8(row.counterparty_id);
    writer.add_int8(row.item_id);
    writer.add_amount(row.paid_minor, from_scale);
    writer.add_int8(row.quantity);
    writer.add(Int32GetDatum(row.from_universe_id));
    writer.add(Int32GetDatum(row.to_universe_id));
    writer.add(TimestampTzGetDatum(row.transaction_time));
    writer.add_amount(row.received_minor, to_scale);
    writer.add(exchange_rate_of(row));
    writer.add(row.idempotency_key);
    Assert(writer.position == trade_column_count);
}

Datum trade_result(FunctionCallInfo fcinfo, storage::Call &call, const storage::JournalRow &row)
{
    const Scales scales = scales_of(call, row);
    Datum values[trade_column_count];
    bool nulls[trade_column_count];
    fill_trade(row, scales.from, scales.to, values, nulls);
    return row_result(fcinfo, call, values, nulls);
}

Datum transaction_result(FunctionCallInfo fcinfo, storage::Call &call,
                         const storage::JournalRow &row)
{
    const Scales scales = scales_of(call, row);
    Datum values[15];
    bool nulls[15];
    RowWriter writer{values, nulls};
    writer.add(Int64GetDatum(row.id));
    writer.add(CStringGetTextDatum(domain::name_of(row.kind)));
    writer.add_int8(row.user_id);
    writer.add_int8(row.counterparty_id);
    writer.add_int8(row.item_id);
    writer.add_int8(row.quantity);
    writer.add(Int32GetDatum(row.from_universe_id));
    writer.add(Int32GetDatum(row.to_universe_id));
    writer.add_amount(row.paid_minor, scales.from);
    writer.add_amount(row.received_minor, scales.to);
    writer.add(exchange_rate_of(row));
    writer.add(row.from_rate);
    writer.add(row.to_rate);
    writer.add(row.idempotency_key);
    writer.add(TimestampTzGetDatum(row.transaction_time));
    return row_result(fcinfo, call, values, nulls);
}

Datum exchange_result(FunctionCallInfo fcinfo, storage::Call &call, const storage::JournalRow &row)
{
    const Scales scales = scales_of(call, row);
    Datum values[8];
    bool nulls[8];
    RowWriter writer{values, nulls};
    writer.add_amount(row.received_minor, scales.to);
    writer.add(Int32GetDatum(row.from_universe_id));
    writer.add(Int32GetDatum(row.to_universe_id));
    writer.add(exchange_rate_of(row));
    writer.add_amount(row.paid_minor, scales.from);
    writer.add(Int64GetDatum(row.id));
    writer.add_int8(row.user_id);
    writer.add(TimestampTzGetDatum(row.transaction_time));
    return row_result(fcinfo, call, values, nulls);
}

Datum universe_result(FunctionCallInfo fcinfo, storage::Call &call,
                      const storage::Universe &universe)
{
    Datum values[6];
    bool nulls[6];
    RowWriter writer{values, nulls};
    writer.add(Int32GetDatum(universe.id));
    writer.add(universe.name);
    writer.add(universe.currency_type);
    writer.add(universe.exchange_rate);
    writer.add(Int32GetDatum(universe.currency_scale));
    writer.add(Int64GetDatum(universe.version));
    return row_result(fcinfo, call, values, nulls);
}

} // namespace mvm::entry
