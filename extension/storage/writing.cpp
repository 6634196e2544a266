#include "storage/writing.hpp"

#include "domain/assert.hpp"

#include "pg/compat.hpp"
#include "storage/compiled_checks.hpp"

namespace mvm::storage {

namespace {

// ---------------------------------------------------------------------------
// What is refused before the first row
// ---------------------------------------------------------------------------

[[noreturn]] void refuse_feature(Relation table, const char *what)
{
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("the market cannot write to table \"%s.%s\"", schema_name,
                           RelationGetRelationName(table)),
                    errdetail_internal("%s", what)));
}

bool is_enabled(const RewriteRule &rule)
{
    const bool on_replica = SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA;
    return rule.enabled != RULE_DISABLED &&
           rule.enabled != (on_replica ? RULE_FIRES_ON_ORIGIN : RULE_FIRES_ON_REPLICA);
}

void refuse_rules(Relation table, CmdType operation)
{
    const RuleLock *rules = table->rd_rules;
    if (rules == nullptr) {
        return;
    }
    for (int i = 0; i < rules->numLocks; ++i) {
        if (rules->rules[i]->event == operation && is_enabled(*rules->rules[i])) {
            refuse_feature(table, "It has a rule, which only rewrites plain statements.");
        }
    }
}

void refuse_what_cannot_be_written(Relation table, CmdType operation)
{
    refuse_children(table);
    refuse_rules(table, operation);
    CheckCmdReplicaIdentity(table, operation);
}

// ---------------------------------------------------------------------------
// Beginning
// ---------------------------------------------------------------------------

void fire_before_statement(Call &call, const Writing &writing)
{
    const TriggerDesc *triggers = writing.result->ri_TrigDesc;
    if (triggers == nullptr) {
        return;
    }
    switch (writing.operation) {
    case CMD_INSERT:
        call.owner_intervened |= triggers->trig_insert_before_statement;
        return ExecBSInsertTriggers(call.estate, writing.result);
    case CMD_UPDATE:
        call.owner_intervened |= triggers->trig_update_before_statement;
        return ExecBSUpdateTriggers(call.estate, writing.result);
    default:
        call.owner_intervened |= triggers->trig_delete_before_statement;
        return ExecBSDeleteTriggers(call.estate, writing.result);
    }
}

// The market may take back a wallet that it has made, though nobody else may delete one.
void lift_own_guard(ResultRelInfo *result)
{
    TriggerDesc *triggers = result->ri_TrigDesc; // a copy of the executor's own
    for (int i = 0; triggers != nullptr && i < triggers->numtriggers; ++i) {
        const Oid function = triggers->triggers[i].tgfoid;
        const char *name = get_func_name(function);
        if (name != nullptr && strcmp(name, "refuse_change") == 0 &&
            get_func_namespace(function) == get_namespace_oid(schema_name, false)) {
            triggers->triggers[i].tgenabled = TRIGGER_DISABLED;
        }
    }
}

void begin(Call &call, Table &table, Writing &writing, CmdType operation, Bitmapset *updated)
{
    refuse_what_cannot_be_written(table.relation, operation);
    writing.operation = operation;
    ResultRelInfo *result = makeNode(ResultRelInfo);
    InitResultRelInfo(result, table.relation, 0, nullptr, 0);
    if (operation == CMD_UPDATE) {
        pg::put_into_range_table(call.estate, result, updated);
    } else if (operation == CMD_DELETE) {
        lift_own_guard(result);
    }
    if (operation != CMD_DELETE) {
        attach_compiled_checks(result, call.estate);
    }
    // Lets AFTER triggers find the relation without opening it again.
    call.estate->es_opened_result_relations =
        lappend(call.estate->es_opened_result_relations, result);
    writing.result = result;
    writing.captured = MakeTransitionCaptureState(result->ri_TrigDesc,
                                                  RelationGetRelid(table.relation), operation);
    call.writings.push(&writing);
    fire_before_statement(call, writing);
}

// The null of a domain, which the domain may refuse.
Node *null_of_domain(const FormData_pg_attribute *attribute)
{
    std::int32_t base_modifier = attribute->atttypmod;
    const Oid base = getBaseTypeAndTypmod(attribute->atttypid, &base_modifier);
    Const *null = makeConst(base, base_modifier, attribute->attcollation, attribute->attlen,
                            Datum{0}, true, attribute->attbyval);
    return coerce_to_domain(reinterpret_cast<Node *>(null), base, base_modifier,
                            attribute->atttypid, COERCION_IMPLICIT, COERCE_IMPLICIT_CAST, -1,
                            false);
}

// What a new row gets in columns that the market does not know: their defaults, and where there
// is none, null.
void find_owner_defaults(Call &call, Table &table)
{
    TupleDesc descriptor = RelationGetDescr(table.relation);
    for (int i = 0; i < descriptor->natts; ++i) {
        const FormData_pg_attribute *attribute = TupleDescAttr(descriptor, i);
        bool is_known = attribute->attisdropped || attribute->attgenerated != '\0';
        for (int column = 0; !is_known && column < columns_max; ++column) {
            is_known = table.attributes[column] == i + 1;
        }
        if (is_known) {
            continue;
        }
        Node *value = build_column_default(table.relation, i + 1);
        if (value == nullptr && get_typtype(attribute->atttypid) == TYPTYPE_DOMAIN) {
            value = null_of_domain(attribute);
        }
        if (value != nullptr) {
            table.owner_defaults.push(
                {static_cast<AttrNumber>(i + 1),
                 ExecPrepareExpr(reinterpret_cast<Expr *>(value), call.estate)});
        }
    }
}

// Whether a foreign key may care about an update of these columns: one of theirs, or one that
// others may refer to.
bool touches_foreign_keys(Relation table, const Bitmapset *updated)
{
    if (bms_overlap(RelationGetIndexAttrBitmap(table, INDEX_ATTR_BITMAP_KEY), updated)) {
        return true;
    }
    ListCell *cell = nullptr;
    foreach (cell, RelationGetFKeyList(table)) {
        const auto *key = static_cast<const ForeignKeyCacheInfo *>(lfirst(cell));
        for (int i = 0; i < key->nkeys; ++i) {
            if (bms_is_member(key->conkey[i] - FirstLowInvalidHeapAttributeNumber, updated)) {
                return true;
            }
        }
    }
    return false;
}

bool has_triggers_beside_foreign_keys(const TriggerDesc *triggers)
{
    for (int i = 0; i < triggers->numtriggers; ++i) {
        const Trigger &trigger = triggers->triggers[i];
        if (TRIGGER_FOR_UPDATE(trigger.tgtype) && TRIGGER_FOR_AFTER(trigger.tgtype) &&
            TRIGGER_FOR_ROW(trigger.tgtype) &&
            RI_FKey_trigger_type(trigger.tgfoid) == RI_TRIGGER_NONE) {
            return true;
        }
    }
    return false;
}

// Whether AFTER triggers must see every row of an update. Foreign keys need not, unless the update
// may touch their columns.
bool fires_after_each_row(const Writing &writing, Relation table, const Bitmapset *updated)
{
    const TriggerDesc *triggers = writing.result->ri_TrigDesc;
    if (writing.captured != nullptr) {
        return true;
    }
    if (triggers == nullptr || !triggers->trig_update_after_row) {
        return false;
    }
    const TupleConstr *constraints = RelationGetDescr(table)->constr;
    return triggers->trig_update_before_row ||
           (constraints != nullptr && constraints->has_generated_stored) ||
           has_triggers_beside_foreign_keys(triggers) || touches_foreign_keys(table, updated);
}

Bitmapset *columns_in(const Table &table, const ColumnChange *changes, int change_count)
{
    Bitmapset *columns = nullptr;
    for (int i = 0; i < change_count; ++i) {
        const AttrNumber attribute = table.attributes[changes[i].column - 1];
        if (attribute == 0) {
            elog(ERROR, "table \"%s.%s\" has no column number %d to update", schema_name,
                 RelationGetRelationName(table.relation), changes[i].column);
        }
        columns = bms_add_member(columns, attribute - FirstLowInvalidHeapAttributeNumber);
    }
    return columns;
}

} // namespace

void refuse_children(Relation table)
{
    // The flag stays when the last child goes, so the catalogue has the last word.
    if (table->rd_rel->relhassubclass &&
        find_inheritance_children(RelationGetRelid(table), NoLock) != NIL) {
        refuse_feature(table, "Tables inherit from it, and rows of theirs would count as its own.");
    }
}

Writing &inserting(Call &call, TableId id)
{
    Table &table = table_of(call, id);
    Writing &writing = table.inserting;
    if (writing.result == nullptr) {
        const MemoryContext caller = MemoryContextSwitchTo(call.estate->es_query_cxt);
        if (!table.plain) {
            find_owner_defaults(call, table);
        }
        begin(call, table, writing, CMD_INSERT, nullptr);
        open_indexes(writing);
        MemoryContextSwitchTo(caller);
    }
    return writing;
}

Writing &updating(Call &call, TableId id, const ColumnChange *changes, int change_count)
{
    Table &table = table_of(call, id);
    Writing &writing = table.updating;
    if (writing.result == nullptr) {
        const MemoryContext caller = MemoryContextSwitchTo(call.estate->es_query_cxt);
        Bitmapset *updated = columns_in(table, changes, change_count);
        begin(call, table, writing, CMD_UPDATE, updated);
        writing.fires_after_each_row = fires_after_each_row(writing, table.relation, updated);
        MemoryContextSwitchTo(caller);
    }
    MVM_ASSERT(bms_equal(ExecGetUpdatedCols(writing.result, call.estate),
                         columns_in(table, changes, change_count)));
    return writing;
}

Writing &deleting(Call &call, TableId id)
{
    Table &table = table_of(call, id);
    Writing &writing = table.deleting;
    if (writing.result == nullptr) {
        const MemoryContext caller = MemoryContextSwitchTo(call.estate->es_query_cxt);
        begin(call, table, writing, CMD_DELETE, nullptr);
        MemoryContextSwitchTo(caller);
    }
    return writing;
}

void open_indexes(Writing &writing)
{
    if (!writing.indexes_open) {
        ExecOpenIndices(writing.result, writing.operation == CMD_INSERT);
        writing.indexes_open = true;
    }
}

// ---------------------------------------------------------------------------
// Rows
// ---------------------------------------------------------------------------

namespace {

void put_owner_defaults(Call &call, Table &table, TupleTableSlot *slot)
{
    ExprContext *context = GetPerTupleExprContext(call.estate);
    for (const OwnerDefault &owner_default : table.owner_defaults) {
        const int at = owner_default.attribute - 1;
        slot->tts_values[at] =
            ExecEvalExprSwitchContext(owner_default.value, context, &slot->tts_isnull[at]);
    }
}

} // namespace

void store_new_row(Call &call, TableId id, TupleTableSlot *slot, const Datum *values,
                   const bool *nulls)
{
    Table &table = table_of(call, id);
    const auto count = static_cast<std::size_t>(slot->tts_tupleDescriptor->natts);
    ExecClearTuple(slot);
    if (table.plain) {
        memcpy(slot->tts_values, values, count * sizeof(Datum));
        memcpy(slot->tts_isnull, nulls, count * sizeof(bool));
    } else {
        memset(slot->tts_values, 0, count * sizeof(Datum));
        memset(slot->tts_isnull, true, count * sizeof(bool));
        for (int column = 0; column < table_shapes[static_cast<int>(id)].columns; ++column) {
            if (table.attributes[column] > 0) {
                slot->tts_values[table.attributes[column] - 1] = values[column];
                slot->tts_isnull[table.attributes[column] - 1] = nulls[column];
            }
        }
        put_owner_defaults(call, table, slot);
    }
    ExecStoreVirtualTuple(slot);
    slot->tts_tableOid = RelationGetRelid(table.relation);
}

void check_row(Call &call, Writing &writing, TupleTableSlot *slot)
{
    ResultRelInfo *result = writing.result;
    Relation table = result->ri_RelationDesc;
    slot->tts_tableOid = RelationGetRelid(table);
    const TupleConstr *constraints = RelationGetDescr(table)->constr;
    if (constraints != nullptr && constraints->has_generated_stored) {
        ExecComputeStoredGenerated(result, call.estate, slot, writing.operation);
    }
    // The error's text shows columns that the statement sets also to those who may not read them:
    // theirs, for a statement, but here the market's.
    const Index range_table_index = result->ri_RangeTableIndex;
    result->ri_RangeTableIndex = 0;
    if (constraints != nullptr) {
        ExecConstraints(result, slot, call.estate);
    }
    if (table->rd_rel->relispartition) {
        ExecPartitionCheck(result, slot, call.estate, true);
    }
    result->ri_RangeTableIndex = range_table_index;
}

bool fires_after_update(const Writing &writing, HeapTuple row)
{
    if (writing.fires_after_each_row) {
        return true;
    }
    // Of a row that is this transaction's own, the check of the insert's foreign keys is left to
    // the newest version.
    const TriggerDesc *triggers = writing.result->ri_TrigDesc;
    return triggers != nullptr && triggers->trig_update_after_row &&
           TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(row->t_data));
}

void refuse_changed_row(Relation table)
{
    ereport(ERROR,
            (errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
             errmsg("row of \"%s.%s\" was changed by a trigger while the market was writing it",
                    schema_name, RelationGetRelationName(table))));
}

void announce_arrivals(Call &call, Table &table)
{
    if (table.arrivals.count == 0) {
        return;
    }
    const Writing &writing = table.inserting;
    TupleTableSlot *slot = ExecGetTriggerNewSlot(call.estate, writing.result);
    for (int i = 0; i < table.arrivals.count; ++i) {
        CHECK_FOR_INTERRUPTS();
        Arrival &arrival = table.arrivals[i];
        if (!ItemPointerIsValid(&arrival.location)) {
            continue; // it was taken back
        }
        if (!table_tuple_fetch_row_version(table.relation, &arrival.location, SnapshotSelf, slot)) {
            refuse_changed_row(table.relation);
        }
        ExecARInsertTriggers(call.estate, writing.result, slot, arrival.recheck, writing.captured);
    }
    ExecClearTuple(slot);
    table.arrivals.count = 0;
    table.next_arrival = 0;
}

void end_writings(Call &call)
{
    for (Table &table : call.tables) {
        announce_arrivals(call, table);
    }
    for (Writing *writing : call.writings) {
        switch (writing->operation) {
        case CMD_INSERT:
            ExecASInsertTriggers(call.estate, writing->result, writing->captured);
            break;
        case CMD_UPDATE:
            ExecASUpdateTriggers(call.estate, writing->result, writing->captured);
            break;
        default:
            ExecASDeleteTriggers(call.estate, writing->result, writing->captured);
        }
    }
}

} // namespace mvm::storage
