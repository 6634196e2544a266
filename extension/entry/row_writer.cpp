#include "entry/row_writer.hpp"

#include "domain/assert.hpp"
#include "pg/array.hpp"

namespace mvm::entry {

namespace {

void begin_row(RowWriter &writer)
{
    writer.position = 0;
    memset(writer.nulls, true, static_cast<Size>(writer.type->natts));
}

RowWriter writer_of(TupleDesc type, Tuplestorestate *set)
{
    RowWriter writer{};
    writer.type = type;
    writer.set = set;
    writer.values = pg::zeroed<Datum>(type->natts);
    writer.nulls = pg::zeroed<bool>(type->natts);
    begin_row(writer);
    return writer;
}

} // namespace

RowWriter single_row(FunctionCallInfo fcinfo)
{
    TupleDesc type = nullptr;
    if (get_call_result_type(fcinfo, nullptr, &type) != TYPEFUNC_COMPOSITE) {
        ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                        errmsg("function must return a composite type")));
    }
    return writer_of(BlessTupleDesc(type), nullptr);
}

Datum row_result(const storage::Call &call, const RowWriter &row)
{
    MVM_ASSERT(row.set == nullptr);
    const MemoryContext call_context = MemoryContextSwitchTo(call.caller_context);
    const Datum result = HeapTupleGetDatum(heap_form_tuple(row.type, row.values, row.nulls));
    MemoryContextSwitchTo(call_context);
    return result;
}

RowWriter result_set(FunctionCallInfo fcinfo)
{
    InitMaterializedSRF(fcinfo, 0);
    const auto *result = reinterpret_cast<const ReturnSetInfo *>(fcinfo->resultinfo);
    return writer_of(result->setDesc, result->setResult);
}

void put_row(RowWriter &rows)
{
    tuplestore_putvalues(rows.set, rows.type, rows.values, rows.nulls);
    begin_row(rows);
}

void put_selected_rows(RowWriter &rows)
{
    for (uint64 i = 0; i < SPI_processed; ++i) {
        tuplestore_puttuple(rows.set, SPI_tuptable->vals[i]);
    }
}

Datum amount_result(const storage::Call &call, pg::WideAmount amount_minor, int currency_scale)
{
    const MemoryContext call_context = MemoryContextSwitchTo(call.caller_context);
    const Datum result = pg::numeric_of_minor(amount_minor, currency_scale);
    MemoryContextSwitchTo(call_context);
    return result;
}

} // namespace mvm::entry
