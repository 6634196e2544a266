// Every difference between PostgreSQL 15 and 18 that the extension meets.
#pragma once

#include "domain/assert.hpp"

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

// Which indexes are still to be written after an update: since 16, BRIN indexes are told apart.
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

// BEFORE ROW triggers of an update; false if one of them returned null. 16 and 18 added arguments
// for MERGE.
inline bool fire_before_update(EState *estate, EPQState *recheck, ResultRelInfo *result,
                               ItemPointer tid, TupleTableSlot *next)
{
#if PG_VERSION_NUM >= 180000
    return ExecBRUpdateTriggers(estate, recheck, result, tid, nullptr, next, nullptr, nullptr,
                                false);
#elif PG_VERSION_NUM >= 160000
    return ExecBRUpdateTriggers(estate, recheck, result, tid, nullptr, next, nullptr, nullptr);
#else
    return ExecBRUpdateTriggers(estate, recheck, result, tid, nullptr, next, nullptr);
#endif
}

inline bool fire_before_delete(EState *estate, EPQState *recheck, ResultRelInfo *result,
                               ItemPointer tid)
{
#if PG_VERSION_NUM >= 180000
    return ExecBRDeleteTriggers(estate, recheck, result, tid, nullptr, nullptr, nullptr, nullptr,
                                false);
#elif PG_VERSION_NUM >= 160000
    return ExecBRDeleteTriggers(estate, recheck, result, tid, nullptr, nullptr, nullptr, nullptr);
#else
    return ExecBRDeleteTriggers(estate, recheck, result, tid, nullptr, nullptr);
#endif
}

// Gives the relation a place in the range table, where the executor looks up which columns an
// UPDATE sets. 16 moved them to a list of their own.
inline void put_into_range_table(EState *estate, ResultRelInfo *result, Bitmapset *updated)
{
    auto *entry = makeNode(RangeTblEntry);
    entry->rtekind = RTE_RELATION;
    entry->relid = RelationGetRelid(result->ri_RelationDesc);
    entry->relkind = result->ri_RelationDesc->rd_rel->relkind;
    entry->rellockmode = RowExclusiveLock;
#if PG_VERSION_NUM >= 160000
    addRTEPermissionInfo(&estate->es_rteperminfos, entry)->updatedCols = updated;
#else
    entry->updatedCols = updated;
#endif
    estate->es_range_table = lappend(estate->es_range_table, entry);
    estate->es_range_table_size = static_cast<Index>(list_length(estate->es_range_table));
    result->ri_RangeTableIndex = estate->es_range_table_size;
}

// Index entries of a new row. 16 added only_summarizing.
inline List *insert_index_entries(ResultRelInfo *result, TupleTableSlot *slot, EState *estate)
{
#if PG_VERSION_NUM >= 160000
    return ExecInsertIndexTuples(result, slot, estate, false, false, nullptr, NIL, false);
#else
    return ExecInsertIndexTuples(result, slot, estate, false, false, nullptr, NIL);
#endif
}

// Index entries of a row's new version. 16 added only_summarizing.
inline List *insert_index_entries_of_update(ResultRelInfo *result, TupleTableSlot *slot,
                                            EState *estate, bool only_summarizing)
{
#if PG_VERSION_NUM >= 160000
    return ExecInsertIndexTuples(result, slot, estate, true, false, nullptr, NIL, only_summarizing);
#else
    MVM_ASSERT(!only_summarizing);
    return ExecInsertIndexTuples(result, slot, estate, true, false, nullptr, NIL);
#endif
}

// Index entries of a speculatively inserted row: reports a conflict in the arbiters, and raises one
// in any other index. 16 added only_summarizing.
inline List *insert_index_entries_speculatively(ResultRelInfo *result, TupleTableSlot *slot,
                                                EState *estate, bool *conflict, List *arbiters)
{
#if PG_VERSION_NUM >= 160000
    return ExecInsertIndexTuples(result, slot, estate, false, true, conflict, arbiters, false);
#else
    return ExecInsertIndexTuples(result, slot, estate, false, true, conflict, arbiters);
#endif
}

// Whether none of the arbiters, unique indexes, holds the slot's key yet; waits for a transaction
// that is inserting it. 18 added the tuple to leave out.
inline bool unique_keys_are_free(ResultRelInfo *result, TupleTableSlot *slot, EState *estate,
                                 List *arbiters)
{
    ItemPointerData conflict;
#if PG_VERSION_NUM >= 180000
    ItemPointerData none;
    ItemPointerSetInvalid(&none);
    return ExecCheckIndexConstraints(result, slot, estate, &conflict, &none, arbiters);
#else
    return ExecCheckIndexConstraints(result, slot, estate, &conflict, arbiters);
#endif
}

// Whether the CHECK is to hold; 18 added NOT ENFORCED.
inline bool is_enforced(const ConstrCheck &check)
{
#if PG_VERSION_NUM >= 180000
    return check.ccenforced;
#else
    return true;
#endif
}

// Whether the executor must put in the expressions of columns that are not stored; 18 added them.
inline bool has_virtual_columns(const TupleConstr *constraints)
{
#if PG_VERSION_NUM >= 180000
    return constraints->has_generated_virtual;
#else
    return false;
#endif
}

// Walks the nodes below one of an expression; 16 gave the walker a type.
inline bool walk_below(Node *node, bool (*visit)(Node *, void *), void *context)
{
#if PG_VERSION_NUM >= 160000
    return expression_tree_walker(node, visit, context);
#else
    const auto untyped = reinterpret_cast<void (*)()>(visit);
    return expression_tree_walker(node, reinterpret_cast<bool (*)()>(untyped), context);
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

// Raises 42501 unless the caller owns the relation. 16 asks about objects of every kind alike.
inline void require_ownership(Oid relation)
{
#if PG_VERSION_NUM >= 160000
    const bool owns = object_ownercheck(RelationRelationId, relation, GetUserId());
#else
    const bool owns = pg_class_ownercheck(relation, GetUserId());
#endif
    if (!owns) {
        aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE, get_rel_name(relation));
    }
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
