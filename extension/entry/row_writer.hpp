// Writing the rows that a function returns: a single one of its composite type, or many into its
// result set.
#pragma once

#include <optional>

#include "pg/numeric.hpp"
#include "storage/call.hpp"

namespace mvm::entry {

// Takes the values of a row one after another, in the order of the type's columns. A column that is
// given none is null. The type in an earlier version of the market may have fewer columns: values
// beyond them are left out.
struct RowWriter {
    TupleDesc type;
    Tuplestorestate *set; // null: of a single row
    Datum *values;
    bool *nulls;
    int position;

    void add(Datum value)
    {
        const int column = next();
        if (column < type->natts) {
            values[column] = value;
            nulls[column] = false;
        }
    }
    void add_null() { next(); }
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
    void add_int4(std::int32_t value) { add(Int32GetDatum(value)); }
    void add_bool(bool value) { add(BoolGetDatum(value)); }
    void add_time(TimestampTz time) { add(TimestampTzGetDatum(time)); }
    void add_amount(const std::optional<pg::WideAmount> &amount_minor, int currency_scale)
    {
        add(amount_minor ? std::optional(pg::numeric_of_minor(*amount_minor, currency_scale))
                         : std::nullopt);
    }
    // Null for a null pointer.
    void add_text(const char *text)
    {
        add(text == nullptr ? std::nullopt : std::optional(CStringGetTextDatum(text)));
    }

private:
    // The next column. A downgrade and an update of the extension leave a dropped one in the type.
    int next()
    {
        while (position < type->natts && TupleDescAttr(type, position)->attisdropped) {
            ++position;
        }
        return position++;
    }
};

// The single row of the composite type that the function returns. Made where the row is written, as
// its memory is that of the moment.
RowWriter single_row(FunctionCallInfo fcinfo);

// The row as the function's result, in the caller's memory.
Datum row_result(const storage::Call &call, const RowWriter &row);

// The function's result set, which is empty yet.
RowWriter result_set(FunctionCallInfo fcinfo);

// Puts the row into the set and begins the next one.
void put_row(RowWriter &rows);

// Puts the rows that SPI has just selected into the set, whose columns they have.
void put_selected_rows(RowWriter &rows);

// A numeric as the function's result, in the caller's memory.
Datum amount_result(const storage::Call &call, pg::WideAmount amount_minor, int currency_scale);

} // namespace mvm::entry
