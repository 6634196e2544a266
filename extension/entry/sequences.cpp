// mvm_sync_sequences: bringing sequences up to the ids that are in use. Logical replication
// does not replicate sequences, so those of a promoted replica are behind.
#include "entry/row_writer.hpp"
#include "pg/guard.hpp"
#include "storage/call.hpp"

namespace mvm::entry {

namespace {

struct Position {
    std::int64_t reached;
    std::int64_t highest;
};

void require_selected(int outcome)
{
    if (outcome != SPI_OK_SELECT) {
        ereport(ERROR,
                (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not read the market's sequences")));
    }
}

std::int64_t int8_of(HeapTuple row, int column)
{
    bool is_null = false;
    return DatumGetInt64(SPI_getbinval(row, SPI_tuptable->tupdesc, column, &is_null));
}

// The position of a sequence, and the highest id in use, as committed by now.
Position position_of(const char *sequence)
{
    Oid types[] = {TEXTOID};
    Datum values[] = {CStringGetTextDatum(sequence)};
    PushActiveSnapshot(GetLatestSnapshot());
    require_selected(SPI_execute_with_args("SELECT reached, COALESCE(highest, reached)"
                                           " FROM mvm.sequence_position WHERE sequence_name = $1",
                                           1, types, values, nullptr, true, 1));
    PopActiveSnapshot();
    return {int8_of(SPI_tuptable->vals[0], 1), int8_of(SPI_tuptable->vals[0], 2)};
}

// Moves the sequence forward if it lies behind. While it is locked nobody draws an id, and
// whoever drew one has ended, so that it cannot go back. No other lock is held meanwhile, so
// that nobody waits in a circle.
bool sync_sequence(const char *sequence, Position &position)
{
    const Oid id = storage::relation_oid(sequence);
    LockRelationOid(id, ShareRowExclusiveLock);
    position = position_of(sequence);
    const bool behind = position.reached < position.highest;
    if (behind) {
        DirectFunctionCall2(setval_oid, ObjectIdGetDatum(id), Int64GetDatum(position.highest));
    }
    UnlockRelationOid(id, ShareRowExclusiveLock);
    return behind;
}

Datum sync_sequences_function(FunctionCallInfo fcinfo)
{
    PreventCommandIfReadOnly("mvm_sync_sequences()");
    RowWriter rows = result_set(fcinfo);
    SPI_connect();
    require_selected(SPI_execute("SELECT sequence_name FROM mvm.sequence_position"
                                 " WHERE reached < highest ORDER BY sequence_name",
                                 true, 0));
    SPITupleTable *behind = SPI_tuptable;
    for (uint64 i = 0; i < behind->numvals; ++i) {
        const char *sequence = SPI_getvalue(behind->vals[i], behind->tupdesc, 1);
        Position position{};
        if (sync_sequence(sequence, position)) {
            rows.add_text(psprintf("%s.%s", storage::schema_name, sequence));
            rows.add_int8(position.reached);
            rows.add_int8(position.highest);
            put_row(rows);
        }
    }
    SPI_finish();
    return Datum{0};
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_sync_sequences, mvm::entry::sync_sequences_function)
