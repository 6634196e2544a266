#include "entry/results.hpp"

#include "domain/assert.hpp"
#include "entry/rules.hpp"
#include "market/requirements.hpp"
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

// The row of an earlier call may name universes that this call has not read.
int scale_of(storage::Call &call, storage::UniverseSet &universes, std::int32_t universe_id)
{
    const int index = storage::universe_in(call, universes, universe_id);
    if (index < 0) {
        market::raise(market::no_universe(universe_id));
    }
    return universes.universes[index].currency_scale;
}

Scales scales_of(storage::Call &call, storage::UniverseSet &universes,
                 const storage::JournalRow &row)
{
    return {scale_of(call, universes, row.from_universe_id),
            scale_of(call, universes, row.to_universe_id)};
}

// Listings and restocks have no rates.
Datum exchange_rate_of(const storage::JournalRow &row)
{
    return pg::numeric_ratio(row.to_rate.value(), row.from_rate.value());
}

} // namespace

Datum row_result(FunctionCallInfo fcinfo, const storage::Call &call, const Datum *values,
                 const bool *nulls, int count)
{
    const MemoryContext call_context = MemoryContextSwitchTo(call.caller_context);
    TupleDesc descriptor = nullptr;
    if (get_call_result_type(fcinfo, nullptr, &descriptor) != TYPEFUNC_COMPOSITE) {
        ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                        errmsg("function must return a composite type")));
    }
    auto *row_values = pg::zeroed<Datum>(descriptor->natts);
    auto *row_nulls = pg::zeroed<bool>(descriptor->natts);
    memset(row_nulls, true, static_cast<Size>(descriptor->natts));
    // A downgrade and an update of the extension leave a dropped attribute in the type.
    int column = 0;
    for (int i = 0; i < descriptor->natts && column < count; ++i) {
        if (!TupleDescAttr(descriptor, i)->attisdropped) {
            row_values[i] = values[column];
            row_nulls[i] = nulls[column];
            ++column;
        }
    }
    const Datum result =
        HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), row_values, row_nulls));
    MemoryContextSwitchTo(call_context);
    return result;
}

Datum amount_result(const storage::Call &call, pg::WideAmount amount_minor, int currency_scale)
{
    const MemoryContext call_context = MemoryContextSwitchTo(call.caller_context);
    const Datum result = pg::numeric_of_minor(amount_minor, currency_scale);
    MemoryContextSwitchTo(call_context);
    return result;
}

void fill_trade(storage::Call &call, storage::UniverseSet &universes,
                const storage::JournalRow &row, Datum *values, bool *nulls)
{
    const Scales scales = scales_of(call, universes, row);
    RowWriter writer{values, nulls};
    writer.add(Int64GetDatum(row.id));
    writer.add_int8(row.user_id);
    writer.add_int8(row.counterparty_id);
    writer.add_int8(row.item_id);
    writer.add_amount(row.paid_minor, scales.from);
    writer.add_int8(row.quantity);
    writer.add(Int32GetDatum(row.from_universe_id));
    writer.add(Int32GetDatum(row.to_universe_id));
    writer.add(TimestampTzGetDatum(row.transaction_time));
    writer.add_amount(row.received_minor, scales.to);
    writer.add(exchange_rate_of(row));
    writer.add(row.idempotency_key);
    writer.add_amount(row.fee_minor, scales.to);
    writer.add_amount(row.tariff_minor, scales.from);
    writer.add(row.memo);
    MVM_ASSERT(writer.position == trade_column_count);
}

Datum trade_result(FunctionCallInfo fcinfo, storage::Call &call, storage::UniverseSet &universes,
                   const storage::JournalRow &row)
{
    Datum values[trade_column_count];
    bool nulls[trade_column_count];
    fill_trade(call, universes, row, values, nulls);
    return row_result(fcinfo, call, values, nulls, trade_column_count);
}

Datum exchange_result(FunctionCallInfo fcinfo, storage::Call &call, storage::UniverseSet &universes,
                      const storage::JournalRow &row)
{
    const Scales scales = scales_of(call, universes, row);
    Datum values[10];
    bool nulls[10];
    RowWriter writer{values, nulls};
    writer.add_amount(row.received_minor, scales.to);
    writer.add(Int32GetDatum(row.from_universe_id));
    writer.add(Int32GetDatum(row.to_universe_id));
    writer.add(exchange_rate_of(row));
    writer.add_amount(row.paid_minor, scales.from);
    writer.add(Int64GetDatum(row.id));
    writer.add_int8(row.user_id);
    writer.add(TimestampTzGetDatum(row.transaction_time));
    writer.add_amount(row.fee_minor, scales.to);
    writer.add(row.memo);
    return row_result(fcinfo, call, values, nulls, writer.position);
}

namespace {

constexpr int transaction_column_count = 19;

// Columns of mvm.transactions.
void fill_transaction(storage::Call &call, storage::UniverseSet &universes,
                      const storage::JournalRow &row, RowWriter &writer)
{
    const Scales scales = scales_of(call, universes, row);
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
    writer.add(row.from_rate ? std::optional(exchange_rate_of(row)) : std::nullopt);
    writer.add(row.from_rate);
    writer.add(row.to_rate);
    writer.add(row.idempotency_key);
    writer.add(TimestampTzGetDatum(row.transaction_time));
    writer.add_amount(row.fee_minor, scales.to);
    writer.add_amount(row.tariff_minor, scales.from);
    writer.add_int8(row.reference_id);
    writer.add(row.memo);
}

} // namespace

Datum transaction_result(FunctionCallInfo fcinfo, storage::Call &call,
                         const storage::JournalRow &row)
{
    storage::UniverseSet universes{};
    Datum values[transaction_column_count];
    bool nulls[transaction_column_count];
    RowWriter writer{values, nulls};
    fill_transaction(call, universes, row, writer);
    return row_result(fcinfo, call, values, nulls, writer.position);
}

void put_transaction(storage::Call &call, storage::UniverseSet &universes, ReturnSetInfo *result,
                     const storage::JournalRow &row)
{
    Datum values[transaction_column_count];
    bool nulls[transaction_column_count];
    RowWriter writer{values, nulls};
    fill_transaction(call, universes, row, writer);
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

namespace {

// The columns that every batch's answer starts with, and those of a refusal.
void put_outcome(RowWriter &writer, int ordinal, const market::Answer &answer)
{
    const market::Refusal &refusal = answer.refusal;
    writer.add(Int32GetDatum(ordinal));
    writer.add(
        CStringGetTextDatum(answer.refused() ? domain::find_error(refusal.code)->name : "ok"));
    writer.add(refusal.detail == nullptr ? std::nullopt
                                         : std::optional(CStringGetTextDatum(refusal.detail)));
    writer.add(BoolGetDatum(answer.replayed));
}

// Writes the answer's row; the columns after the outcome are null for a refusal.
void put_row(ReturnSetInfo *result, RowWriter &writer)
{
    while (writer.position < result->setDesc->natts) {
        writer.add_null();
    }
    tuplestore_putvalues(result->setResult, result->setDesc, writer.values, writer.nulls);
}

constexpr int batch_columns_max = 18;

// Orders that follow each other mostly use the same two rates: the ratio is computed when they
// change.
struct KnownRatio {
    Datum from_rate;
    Datum to_rate;
    Datum ratio;
};

Datum exchange_rate_of(KnownRatio &known, const storage::JournalRow &row)
{
    if (known.ratio == 0 || known.from_rate != *row.from_rate || known.to_rate != *row.to_rate) {
        known = {*row.from_rate, *row.to_rate, pg::numeric_ratio(*row.to_rate, *row.from_rate)};
    }
    return known.ratio;
}

// Writes a row for each answer; `put` adds what follows the outcome of one that is not refused.
template <typename Put>
void put_batch(FunctionCallInfo fcinfo, const market::Answer *answers, int count, Put put)
{
    auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    for (int i = 0; i < count; ++i) {
        CHECK_FOR_INTERRUPTS();
        Datum values[batch_columns_max];
        bool nulls[batch_columns_max];
        RowWriter writer{values, nulls};
        put_outcome(writer, i + 1, answers[i]);
        if (!answers[i].refused()) {
            put(writer, answers[i].row);
        }
        put_row(result, writer);
    }
}

} // namespace

void put_purchase_batch(FunctionCallInfo fcinfo, storage::Call &call,
                        storage::UniverseSet &universes, const market::Answer *answers, int count)
{
    KnownRatio known{};
    put_batch(fcinfo, answers, count, [&](RowWriter &writer, const storage::JournalRow &row) {
        const Scales scales = scales_of(call, universes, row);
        writer.add(Int64GetDatum(row.id));
        writer.add_amount(row.paid_minor, scales.from);
        writer.add_int8(row.quantity);
        writer.add_int8(row.user_id);
        writer.add_int8(row.counterparty_id);
        writer.add_int8(row.item_id);
        writer.add(Int32GetDatum(row.from_universe_id));
        writer.add(Int32GetDatum(row.to_universe_id));
        writer.add_amount(row.received_minor, scales.to);
        writer.add(exchange_rate_of(known, row));
        writer.add(TimestampTzGetDatum(row.transaction_time));
        writer.add_amount(row.fee_minor, scales.to);
        writer.add_amount(row.tariff_minor, scales.from);
        writer.add(row.memo);
    });
}

void put_exchange_batch(FunctionCallInfo fcinfo, storage::Call &call,
                        storage::UniverseSet &universes, const market::Answer *answers, int count)
{
    KnownRatio known{};
    put_batch(fcinfo, answers, count, [&](RowWriter &writer, const storage::JournalRow &row) {
        const Scales scales = scales_of(call, universes, row);
        writer.add(Int64GetDatum(row.id));
        writer.add_amount(row.paid_minor, scales.from);
        writer.add_amount(row.received_minor, scales.to);
        writer.add_int8(row.user_id);
        writer.add(Int32GetDatum(row.from_universe_id));
        writer.add(Int32GetDatum(row.to_universe_id));
        writer.add(exchange_rate_of(known, row));
        writer.add(TimestampTzGetDatum(row.transaction_time));
        writer.add_amount(row.fee_minor, scales.to);
        writer.add(row.memo);
    });
}

namespace {

constexpr int statement_columns_max = 9;

} // namespace

void put_leg(ReturnSetInfo *result, const storage::WalletLeg &leg, pg::WideAmount balance_minor,
             int currency_scale)
{
    Datum values[statement_columns_max];
    bool nulls[statement_columns_max];
    RowWriter writer{values, nulls};
    writer.add(Int64GetDatum(leg.transaction_id));
    writer.add(CStringGetTextDatum(domain::name_of(leg.kind)));
    writer.add_int8(leg.counterparty_id);
    writer.add_int8(leg.item_id);
    writer.add_int8(leg.quantity);
    writer.add_amount(leg.amount_minor, currency_scale);
    writer.add(pg::numeric_of_minor(balance_minor, currency_scale));
    writer.add(TimestampTzGetDatum(leg.transaction_time));
    writer.add(leg.memo);
    put_row(result, writer);
}

void put_balance(ReturnSetInfo *result, const char *kind, pg::WideAmount balance_minor,
                 TimestampTz time, int currency_scale)
{
    Datum values[statement_columns_max];
    bool nulls[statement_columns_max];
    RowWriter writer{values, nulls};
    writer.add_null();
    writer.add(CStringGetTextDatum(kind));
    for (int column = 0; column < 4; ++column) {
        writer.add_null();
    }
    writer.add(pg::numeric_of_minor(balance_minor, currency_scale));
    writer.add(TimestampTzGetDatum(time));
    put_row(result, writer);
}

Datum universe_result(FunctionCallInfo fcinfo, storage::Call &call,
                      const storage::Universe &universe, const storage::StoredRules &rules)
{
    Datum values[17];
    bool nulls[17];
    RowWriter writer{values, nulls};
    writer.add(Int32GetDatum(universe.id));
    writer.add(universe.name);
    writer.add(universe.currency_type);
    writer.add(universe.exchange_rate);
    writer.add(Int32GetDatum(universe.currency_scale));
    writer.add(Int64GetDatum(universe.version));
    for (const storage::RuleInfo &info : storage::rule_infos) {
        writer.add(shown_rule(info, rules, universe));
    }
    return row_result(fcinfo, call, values, nulls, writer.position);
}

Datum user_result(FunctionCallInfo fcinfo, storage::Call &call, const storage::UserAccount &user,
                  std::int64_t balance_minor, const storage::Universe &home)
{
    Datum values[6];
    bool nulls[6];
    RowWriter writer{values, nulls};
    writer.add(Int64GetDatum(user.id));
    writer.add(user.username);
    writer.add(Int32GetDatum(user.universe_id));
    writer.add_amount(balance_minor, home.currency_scale);
    writer.add(user.external_id);
    writer.add(user.metadata);
    return row_result(fcinfo, call, values, nulls, writer.position);
}

Datum item_result(FunctionCallInfo fcinfo, storage::Call &call, const storage::Item &item,
                  const storage::Universe &universe)
{
    Datum values[9];
    bool nulls[9];
    RowWriter writer{values, nulls};
    writer.add(Int64GetDatum(item.id));
    writer.add(item.name);
    writer.add(Int32GetDatum(item.universe_id));
    writer.add_int8(item.seller_id);
    writer.add_amount(item.price_minor, universe.currency_scale);
    writer.add(Int64GetDatum(item.stock));
    writer.add(BoolGetDatum(item.listed));
    writer.add(item.external_id);
    writer.add(item.metadata);
    return row_result(fcinfo, call, values, nulls, writer.position);
}

} // namespace mvm::entry
