// Finding, locking, inserting, updating and deleting rows through the table and
// index access methods. Knows nothing of the market's rules.
#pragma once

#include <optional>

#include "domain/assert.hpp"
#include "storage/call.hpp"

namespace mvm::storage {

// The columns of one row by their numbers, read from it or to be inserted; null until put.
struct Columns {
    Datum values[columns_max] = {};
    bool nulls[columns_max];

    Columns() { memset(nulls, true, sizeof nulls); }

    Datum value(int column) const
    {
        MVM_ASSERT(column >= 1 && column <= columns_max);
        return values[column - 1];
    }
    std::int64_t int8(int column) const { return DatumGetInt64(value(column)); }
    std::int32_t int4(int column) const { return DatumGetInt32(value(column)); }
    TimestampTz time(int column) const { return DatumGetTimestampTz(value(column)); }
    char character(int column) const { return DatumGetChar(value(column)); }
    std::optional<Datum> optional_value(int column) const
    {
        return nulls[column - 1] ? std::nullopt : std::optional(value(column));
    }
    std::optional<std::int64_t> optional_int8(int column) const
    {
        return nulls[column - 1] ? std::nullopt : std::optional(int8(column));
    }

    void put(int column, Datum value)
    {
        MVM_ASSERT(column >= 1 && column <= columns_max);
        values[column - 1] = value;
        nulls[column - 1] = false;
    }
    void put(int column, const std::optional<Datum> &value)
    {
        values[column - 1] = value.value_or(Datum{0});
        nulls[column - 1] = !value.has_value();
    }
    void put(int column, const std::optional<std::int64_t> &value)
    {
        put(column, value ? std::optional(Int64GetDatum(*value)) : std::nullopt);
    }
};

// An equality key of one or two columns.
struct Key {
    ScanKeyData columns[2];
    int column_count;
    // The same as numbers, for the memory of rows' locations.
    bool remembered;
    std::int64_t first;
    std::int32_t second;
};

Key key_of_int4(std::int32_t value);
Key key_of_int8(std::int64_t value);
Key key_of_text(Datum value); // of a column with collation "C"
Key key_of_int4_int4(std::int32_t first, std::int32_t second);
Key key_of_int8_int4(std::int64_t first, std::int32_t second);
Key key_of_int8_text(std::int64_t first, Datum second);

// Finds the row with this primary key as the call's snapshot sees it. It stays
// in the table's read slot until the next row of the table is read; null when
// there is none.
TupleTableSlot *find_row(Call &call, TableId id, Key key);

// The same with a key of another unique index.
TupleTableSlot *find_row_in(Call &call, TableId id, const char *index_name, Key key);

// Whether there is a row with this key of another unique index.
[[nodiscard]] bool has_row(Call &call, TableId id, const char *index_name, Key key);

// How many rows an index finds for these keys, at most `count_max`: rows that are committed by
// now, also where the transaction's snapshot is older, and those of the transaction itself.
std::int64_t count_rows_now(Call &call, TableId id, const char *index_name, ScanKeyData *keys,
                            int key_count, std::int64_t count_max);

// Finds the row and locks it against writers until the transaction ends; the
// copy is its latest version. At READ COMMITTED null also when it was deleted
// meanwhile; at the higher levels 40001 when it changed since the snapshot.
HeapTuple lock_row(Call &call, TableId id, Key key);

enum class TryLock : std::uint8_t {
    locked,
    gone,   // there is no such row
    in_use, // somebody has it locked or, at the higher levels, has changed it since the snapshot
};

// The same for a row that the call can do without: never waits and never raises 40001.
TryLock try_lock_row(Call &call, TableId id, Key key, HeapTuple &row);

// Whether anybody has a row with this primary key, or is making one.
[[nodiscard]] bool has_row_of_anyone(Call &call, TableId id, Key key);

// Inserts a row whose keys are known to be free. `values` and `nulls` have an
// element per column.
void insert_row(Call &call, TableId id, const Datum *values, const bool *nulls);

// Inserts a row unless one with an equal primary key, or an equal value of the
// unique column that is named instead, is there or appears first; waits for a
// transaction that is inserting it. Null when it is taken; 23505 when another
// unique index holds an equal key.
HeapTuple insert_row_if_absent(Call &call, TableId id, const Datum *values, const bool *nulls,
                               int unique_column = 0);

// The same by the primary key, of a row that may be taken back. AFTER triggers
// hear of it, and foreign keys are checked, once the call updates a row of the
// table or ends: until then delete_row undoes it as if it had never been.
HeapTuple insert_row_for_now(Call &call, TableId id, const Datum *values, const bool *nulls);

// A copy of the row that this transaction has written at `location`.
HeapTuple own_row_at(Call &call, TableId id, ItemPointerData location);

// Puts every column of one of `count` rows.
using FillRow = void (*)(const void *rows, int i, Columns &columns);

// Inserts many rows whose keys are known to be free: the table by pages, each
// index in its own order.
void insert_rows(Call &call, TableId id, const void *rows, int count, FillRow fill);

struct ColumnChange {
    int column;
    Datum value;
    bool is_null = false;
};

// Writes a new version of a row that this call has locked or inserted.
void update_row(Call &call, TableId id, HeapTuple row, const ColumnChange *changes,
                int change_count);

// Deletes a row that this transaction has inserted.
void delete_row(Call &call, TableId id, HeapTuple row);

// Whether the table has any row that the call's snapshot sees.
[[nodiscard]] bool has_rows(Call &call, TableId id);

// Whether the market's version has the column.
[[nodiscard]] bool has_column(Call &call, TableId id, int column);

// A column that is never null, and one that may be: null also where the market's
// version does not have it.
Datum column_of(const Table &table, TupleTableSlot *slot, int column);
Datum nullable_column_of(const Table &table, TupleTableSlot *slot, int column, bool &is_null);

// The columns of a row's copy; they point into it.
Columns columns_of(Call &call, TableId id, HeapTuple row);

// Those of the row in a slot of the table, which has `count` of them.
Columns columns_of(const Table &table, TupleTableSlot *slot, int count);

} // namespace mvm::storage
