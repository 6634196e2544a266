#include "entry/journal_rows.hpp"

#include "market/requirements.hpp"
#include "pg/numeric.hpp"

namespace mvm::entry {

namespace {

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

void write_trade(RowWriter &writer, storage::Call &call, storage::UniverseSet &universes,
                 const storage::JournalRow &row)
{
    const Scales scales = scales_of(call, universes, row);
    writer.add_int8(row.id);
    writer.add_int8(row.user_id);
    writer.add_int8(row.counterparty_id);
    writer.add_int8(row.item_id);
    writer.add_amount(row.paid_minor, scales.from);
    writer.add_int8(row.quantity);
    writer.add_int4(row.from_universe_id);
    writer.add_int4(row.to_universe_id);
    writer.add_time(row.transaction_time);
    writer.add_amount(row.received_minor, scales.to);
    writer.add(exchange_rate_of(row));
    writer.add(row.idempotency_key);
    writer.add_amount(row.fee_minor, scales.to);
    writer.add_amount(row.tariff_minor, scales.from);
    writer.add(row.memo);
}

void write_transaction(RowWriter &writer, storage::Call &call, storage::UniverseSet &universes,
                       const storage::JournalRow &row)
{
    const Scales scales = scales_of(call, universes, row);
    writer.add_int8(row.id);
    writer.add_text(domain::name_of(row.kind));
    writer.add_int8(row.user_id);
    writer.add_int8(row.counterparty_id);
    writer.add_int8(row.item_id);
    writer.add_int8(row.quantity);
    writer.add_int4(row.from_universe_id);
    writer.add_int4(row.to_universe_id);
    writer.add_amount(row.paid_minor, scales.from);
    writer.add_amount(row.received_minor, scales.to);
    writer.add(row.from_rate ? std::optional(exchange_rate_of(row)) : std::nullopt);
    writer.add(row.from_rate);
    writer.add(row.to_rate);
    writer.add(row.idempotency_key);
    writer.add_time(row.transaction_time);
    writer.add_amount(row.fee_minor, scales.to);
    writer.add_amount(row.tariff_minor, scales.from);
    writer.add_int8(row.reference_id);
    writer.add(row.memo);
}

// The columns that every batch's answer starts with, and those of a refusal.
void write_outcome(RowWriter &writer, int ordinal, const market::Answer &answer)
{
    const market::Refusal &refusal = answer.refusal;
    writer.add_int4(ordinal);
    writer.add_text(answer.refused() ? domain::find_error(refusal.code)->name : "ok");
    writer.add_text(refusal.detail);
    writer.add_bool(answer.replayed);
}

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

// Puts a row for each answer; `write` adds what follows the outcome of one that is not refused.
template <typename Write>
void put_batch(RowWriter &rows, const market::Answer *answers, int count, Write write)
{
    for (int i = 0; i < count; ++i) {
        CHECK_FOR_INTERRUPTS();
        write_outcome(rows, i + 1, answers[i]);
        if (!answers[i].refused()) {
            write(rows, answers[i].row);
        }
        put_row(rows);
    }
}

} // namespace

Datum trade_result(FunctionCallInfo fcinfo, storage::Call &call, storage::UniverseSet &universes,
                   const storage::JournalRow &row)
{
    RowWriter writer = single_row(fcinfo);
    write_trade(writer, call, universes, row);
    return row_result(call, writer);
}

void put_trade(RowWriter &rows, storage::Call &call, storage::UniverseSet &universes,
               const storage::JournalRow &row)
{
    write_trade(rows, call, universes, row);
    put_row(rows);
}

Datum transaction_result(FunctionCallInfo fcinfo, storage::Call &call,
                         const storage::JournalRow &row)
{
    storage::UniverseSet universes{};
    RowWriter writer = single_row(fcinfo);
    write_transaction(writer, call, universes, row);
    return row_result(call, writer);
}

void put_transaction(RowWriter &rows, storage::Call &call, storage::UniverseSet &universes,
                     const storage::JournalRow &row)
{
    write_transaction(rows, call, universes, row);
    put_row(rows);
}

Datum exchange_result(FunctionCallInfo fcinfo, storage::Call &call, storage::UniverseSet &universes,
                      const storage::JournalRow &row)
{
    const Scales scales = scales_of(call, universes, row);
    RowWriter writer = single_row(fcinfo);
    writer.add_amount(row.received_minor, scales.to);
    writer.add_int4(row.from_universe_id);
    writer.add_int4(row.to_universe_id);
    writer.add(exchange_rate_of(row));
    writer.add_amount(row.paid_minor, scales.from);
    writer.add_int8(row.id);
    writer.add_int8(row.user_id);
    writer.add_time(row.transaction_time);
    writer.add_amount(row.fee_minor, scales.to);
    writer.add(row.memo);
    return row_result(call, writer);
}

void put_purchase_batch(RowWriter &rows, storage::Call &call, storage::UniverseSet &universes,
                        const market::Answer *answers, int count)
{
    KnownRatio known{};
    put_batch(rows, answers, count, [&](RowWriter &writer, const storage::JournalRow &row) {
        const Scales scales = scales_of(call, universes, row);
        writer.add_int8(row.id);
        writer.add_amount(row.paid_minor, scales.from);
        writer.add_int8(row.quantity);
        writer.add_int8(row.user_id);
        writer.add_int8(row.counterparty_id);
        writer.add_int8(row.item_id);
        writer.add_int4(row.from_universe_id);
        writer.add_int4(row.to_universe_id);
        writer.add_amount(row.received_minor, scales.to);
        writer.add(exchange_rate_of(known, row));
        writer.add_time(row.transaction_time);
        writer.add_amount(row.fee_minor, scales.to);
        writer.add_amount(row.tariff_minor, scales.from);
        writer.add(row.memo);
    });
}

void put_exchange_batch(RowWriter &rows, storage::Call &call, storage::UniverseSet &universes,
                        const market::Answer *answers, int count)
{
    KnownRatio known{};
    put_batch(rows, answers, count, [&](RowWriter &writer, const storage::JournalRow &row) {
        const Scales scales = scales_of(call, universes, row);
        writer.add_int8(row.id);
        writer.add_amount(row.paid_minor, scales.from);
        writer.add_amount(row.received_minor, scales.to);
        writer.add_int8(row.user_id);
        writer.add_int4(row.from_universe_id);
        writer.add_int4(row.to_universe_id);
        writer.add(exchange_rate_of(known, row));
        writer.add_time(row.transaction_time);
        writer.add_amount(row.fee_minor, scales.to);
        writer.add(row.memo);
    });
}

} // namespace mvm::entry
