#include "storage/call.hpp"

#include "domain/assert.hpp"

#include "pg/compat.hpp"
#include "pg/refusal.hpp"
#include "storage/definition.hpp"
#include "storage/house_account.hpp"
#include "storage/table_moment.hpp"
#include "storage/writing.hpp"

namespace mvm::storage {

namespace {

void end_scans(Call &call)
{
    for (Table &table : call.tables) {
        if (table.scan != nullptr) {
            index_endscan(table.scan);
            table.scan = nullptr;
        }
        if (table.fetch != nullptr) {
            table_index_fetch_end(table.fetch);
            table.fetch = nullptr;
        }
    }
}

void create_frame(Call &call)
{
    MemSet(&call, 0, sizeof call);
    call.caller_context = CurrentMemoryContext;
    call.estate = CreateExecutorState();
    MemoryContextSwitchTo(call.estate->es_query_cxt);
}

} // namespace

void begin_read(Call &call)
{
    create_frame(call);
}

void begin_write(Call &call, const char *name)
{
    PreventCommandIfReadOnly(name);
    PreventCommandIfParallelMode(name);

    // What the transaction wrote before becomes visible, as for any volatile function.
    CommandCounterIncrement();
    PushActiveSnapshot(GetTransactionSnapshot());

    create_frame(call);
    call.pushed_snapshots = 1;
    call.writes = true;
    call.estate->es_output_cid = GetCurrentCommandId(true);
    pg::init_plan_recheck(&call.recheck, call.estate);
    AfterTriggerBeginQuery();
}

void end_call(Call &call)
{
    if (call.writes) {
        write_house_movements(call);
        end_writings(call);
        AfterTriggerEndQuery(call.estate);
    }
    ExecResetTupleTable(call.estate->es_tupleTable, false);
    end_scans(call);
    for (Table &table : call.tables) {
        if (table.relation == nullptr) {
            continue;
        }
        for (Writing *writing : {&table.inserting, &table.updating, &table.deleting}) {
            if (writing->indexes_open) {
                ExecCloseIndices(writing->result);
            }
        }
        index_close(table.primary_key, NoLock);
        table_close(table.relation, NoLock);
    }
    if (call.writes) {
        EvalPlanQualEnd(&call.recheck);
    }
    MemoryContextSwitchTo(call.caller_context);
    FreeExecutorState(call.estate);
    for (; call.pushed_snapshots > 0; --call.pushed_snapshots) {
        PopActiveSnapshot();
    }
    if (call.writes) {
        CommandCounterIncrement();
    }
}

void refresh_snapshot(Call &call)
{
    MVM_ASSERT(call.writes);
    if (!IsolationUsesXactSnapshot()) {
        end_scans(call);
        PopActiveSnapshot();
        PushActiveSnapshot(GetTransactionSnapshot());
        call.moment_passed = true; // until all that was read before is read again
    }
}

bool go_on_from_now(Call &call)
{
    if (!call.moment_passed || IsolationUsesXactSnapshot()) {
        return false;
    }
    refresh_snapshot(call);
    call.moment_passed = false;
    return true;
}

void begin_next_command(Call &call)
{
    MVM_ASSERT(call.writes);
    CommandCounterIncrement();
    call.estate->es_output_cid = GetCurrentCommandId(true);
    call.inserted_early = false;
    end_scans(call);
    PopActiveSnapshot();
    PushActiveSnapshot(GetTransactionSnapshot());
}

void advance_command(Call &call)
{
    if (call.inserted_early) {
        CommandCounterIncrement();
        call.estate->es_output_cid = GetCurrentCommandId(true);
        call.inserted_early = false;
    }
}

bool has_table(TableId id)
{
    return OidIsValid(get_relname_relid(table_shapes[static_cast<int>(id)].name,
                                        get_namespace_oid(schema_name, false)));
}

namespace {

// Whether a reading call has opened a table whose rows must be of one moment with those of `id`.
// Users, items and universes only say what they are and what is shown of them.
bool has_read_beside(const Call &call, TableId id)
{
    for (int i = 0; i < table_count; ++i) {
        const auto other = static_cast<TableId>(i);
        if (call.tables[i].relation != nullptr && other != id && other != TableId::universe &&
            other != TableId::user_account && other != TableId::item) {
            return true;
        }
    }
    return false;
}

// As a statement, which takes its snapshot once it has its tables, the call goes on with one that
// sees what the table has. Raises 40001 where it cannot.
void go_on_with_table(Call &call, TableId id, TableMoment moment)
{
    if (moment == TableMoment::changed && IsolationUsesXactSnapshot()) {
        pg::raise_stale_snapshot();
    }
    if (call.writes) {
        return refresh_snapshot(call);
    }
    if (has_read_beside(call, id)) {
        pg::raise_stale_snapshot();
    }
    end_scans(call);
    PushActiveSnapshot(GetTransactionSnapshot()); // scans may still read under the one below
    ++call.pushed_snapshots;
}

} // namespace

Table &table_of(Call &call, TableId id)
{
    Table &table = call.tables[static_cast<int>(id)];
    if (table.relation == nullptr) {
        if (id == TableId::journal) {
            table_of(call, TableId::wallet); // see call.hpp
        }
        const LOCKMODE lock = call.writes ? RowExclusiveLock : AccessShareLock;
        const Oid relation = relation_oid(table_shapes[static_cast<int>(id)].name);
        const bool waited = !ConditionalLockRelationOid(relation, lock);
        if (waited) {
            LockRelationOid(relation, lock);
        }
        table.relation = table_open(relation, NoLock);
        find_columns(id, table);
        table.primary_key = open_primary_key(id, table.relation, lock);
        const TableMoment moment = moment_of(relation, GetActiveSnapshot());
        if (moment != TableMoment::seen) {
            go_on_with_table(call, id, moment);
        } else if (waited && call.writes) {
            refresh_snapshot(call);
        }
    }
    return table;
}

IndexScanDesc key_scan(Call &call, TableId id, int key_count)
{
    Table &table = table_of(call, id);
    if (table.scan == nullptr) {
        table.scan =
            pg::begin_index_scan(table.relation, table.primary_key, GetActiveSnapshot(), key_count);
    }
    return table.scan;
}

TupleTableSlot *read_slot(Call &call, TableId id)
{
    Table &table = table_of(call, id);
    if (table.found == nullptr) {
        table.found = make_slot(call, id);
    }
    return table.found;
}

TupleTableSlot *write_slot(Call &call, TableId id)
{
    Table &table = table_of(call, id);
    if (table.next == nullptr) {
        table.next =
            ExecInitExtraTupleSlot(call.estate, RelationGetDescr(table.relation), &TTSOpsVirtual);
    }
    return table.next;
}

TupleTableSlot *make_slot(Call &call, TableId id)
{
    return table_slot_create(table_of(call, id).relation, &call.estate->es_tupleTable);
}

Oid relation_oid(const char *name)
{
    const Oid schema = get_namespace_oid(schema_name, false);
    const Oid relation = get_relname_relid(name, schema);
    if (!OidIsValid(relation)) {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                        errmsg("relation \"%s.%s\" does not exist", schema_name, name)));
    }
    return relation;
}

std::int64_t next_id(const char *sequence_name)
{
    const Oid sequence = relation_oid(sequence_name);
    require_ids_in_order(sequence);
    // Who may call the function may draw its ids: no privilege on the sequence is asked.
    return nextval_internal(sequence, false);
}

} // namespace mvm::storage
