// Every difference between PostgreSQL 15 and 18 that the extension meets.
#pragma once

#include "pg/postgres.hpp"

namespace mvm::pg {

// 18 added the instrumentation argument.
inline IndexScanDesc begin_index_scan(Relation table, Relation index, Snapshot snapshot,
                                      int key_count)
{
#if PG_VERSION_NUM >= 180000
    return index_beginscan(table, index, snapshot, nullptr, key_count, 0);
#else
    return index_beginscan(table, index, snapshot, key_count, 0);
#endif
}

// 16 added the list of result relations to recheck.
inline void init_plan_recheck(EPQState *recheck, EState *estate)
{
#if PG_VERSION_NUM >= 160000
    EvalPlanQualInit(recheck, estate, nullptr, NIL, -1, NIL);
#else
    EvalPlanQualInit(recheck, estate, nullptr, NIL, -1);
#endif
}

// Which indexes an update left to be written: 16 tells BRIN's apart.
struct IndexesToUpdate {
    bool any;
    bool only_summarizing;
};

// table_tuple_update without a crosscheck snapshot; waits for other writers.
inline TM_Result update_tuple(Relation table, ItemPointer tid, TupleTableSlot *next, CommandId cid,
                              TM_FailureData *failure, IndexesToUpdate *indexes)
{
    LockTupleMode lock_mode;
#if PG_VERSION_NUM >= 160000
    TU_UpdateIndexes update = TU_None;
    const TM_Result result =
        table_tuple_update(table, tid, next, cid, GetActiveSnapshot(), InvalidSnapshot, true,
                           failure, &lock_mode, &update);
    *indexes = {update != TU_None, update == TU_Summarizing};
#else
    bool update = false;
    const TM_Result result =
        table_tuple_update(table, tid, next, cid, GetActiveSnapshot(), InvalidSnapshot, true,
                           failure, &lock_mode, &update);
    *indexes = {update, false};
#endif
    return result;
}

// Index entries of a row's new version. 16 added only_summarizing.
inline List *insert_index_entries_of_update(ResultRelInfo *result, TupleTableSlot *slot,
                                            EState *estate, bool only_summarizing)
{
#if PG_VERSION_NUM >= 160000
    return ExecInsertIndexTuples(result, slot, estate, true, false, nullptr, NIL, only_summarizing);
#else
    Assert(!only_summarizing);
    return ExecInsertIndexTuples(result, slot, estate, true, false, nullptr, NIL);
#endif
}

// Index entries of a speculatively inserted row. 16 added only_summarizing.
inline List *insert_index_entries_speculatively(ResultRelInfo *result, TupleTableSlot *slot,
                                                EState *estate, bool *conflict)
{
#if PG_VERSION_NUM >= 160000
    return ExecInsertIndexTuples(result, slot, estate, false, true, conflict, NIL, false);
#else
    return ExecInsertIndexTuples(result, slot, estate, false, true, conflict, NIL);
#endif
}

// Whether no unique index holds the slot's key yet; waits for a transaction
// that is inserting it. 18 added the tuple to leave out.
inline bool unique_keys_are_free(ResultRelInfo *result, TupleTableSlot *slot, EState *estate)
{
    ItemPointerData conflict;
#if PG_VERSION_NUM >= 180000
    ItemPointerData none;
    ItemPointerSetInvalid(&none);
    return ExecCheckIndexConstraints(result, slot, estate, &conflict, &none, NIL);
#else
    return ExecCheckIndexConstraints(result, slot, estate, &conflict, NIL);
#endif
}

// The compiled CHECK constraints of a relation; 18 renamed the field.
inline void set_compiled_checks(ResultRelInfo *result, ExprState **checks)
{
#if PG_VERSION_NUM >= 180000
    result->ri_CheckConstraintExprs = checks;
#else
    result->ri_ConstraintExprs = checks;
#endif
}

// 18 replaced rd_pkindex's accessor by one that asks about deferrable keys.
inline Oid primary_key_index(Relation table)
{
#if PG_VERSION_NUM >= 180000
    return RelationGetPrimaryKeyIndex(table, false);
#else
    return RelationGetPrimaryKeyIndex(table);
#endif
}

} // namespace mvm::pg
