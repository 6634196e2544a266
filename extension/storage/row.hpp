// Finding, locking, inserting and updating rows through the table and index
// access methods. Knows nothing of the market's rules.
#pragma once

#include "storage/call.hpp"

namespace mvm::storage {

// An equality key of one or two columns.
struct Key {
    ScanKeyData columns[2];
    int column_count;
};

Key key_of_int4(std::int32_t value);
Key key_of_text(Datum value); // of a column with collation "C"
Key key_of_int8(std::int64_t value);
Key key_of_int8_int4(std::int64_t first, std::int32_t second);
Key key_of_int8_text(std::int64_t first, Datum second);

// Finds the row with this primary key as the call's snapshot sees it.
[[nodiscard]] bool find_row(Call &call, TableId id, Key key, TupleTableSlot *slot);

// The same by another unique index of the table.
[[nodiscard]] bool find_row_by_index(Call &call, TableId id, const char *index_name, Key key,
                                     TupleTableSlot *slot);

// Locks the row in `slot` against writers until the transaction ends and reads
// its latest version into `slot`. At READ COMMITTED false when it was deleted;
// at the higher levels 40001 when it changed since the snapshot.
[[nodiscard]] bool lock_row(Call &call, TableId id, TupleTableSlot *slot);

// Inserts a row whose keys are known to be free. `values` and `nulls` have an
// element per column.
void insert_row(Call &call, TableId id, const Datum *values, const bool *nulls);

// Inserts a row unless one with an equal unique key is there or appears first;
// waits for a transaction that is inserting it. False when the key is taken.
// On success `slot`, made by make_new_row_slot, holds the row.
[[nodiscard]] bool insert_row_if_absent(Call &call, TableId id, const Datum *values,
                                        const bool *nulls, TupleTableSlot *slot);

// A slot for a row that is being built, released by end_call.
TupleTableSlot *make_new_row_slot(Call &call, TableId id);

// Whether the table has any row that the call's snapshot sees.
[[nodiscard]] bool has_rows(Call &call, TableId id);

struct ColumnChange {
    int column;
    Datum value;
};

// Writes a new version of the row in `slot`, which this call has locked or inserted.
void update_row(Call &call, TableId id, TupleTableSlot *slot, const ColumnChange *changes,
                int change_count);

// A column that is never null, and one that may be.
Datum column_of(TupleTableSlot *slot, int column);
Datum nullable_column_of(TupleTableSlot *slot, int column, bool &is_null);

} // namespace mvm::storage
