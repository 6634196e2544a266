#include "storage/compiled_checks.hpp"

#include "pg/compat.hpp"
#include "storage/schema.hpp"

namespace mvm::storage {

namespace {

// The checks of one relation. Never freed: a call further up the stack may be
// using them, and they only change with the definition of a table.
struct CompiledChecks {
    Oid relation;
    bool fresh; // nothing was said about the relation since they were compared
    int count;
    const char **definitions; // as the catalogue stores them
    ExprState **states;       // null where what the check calls may change under us
    bool all_kept;
};

// A session meets the tables of one market; another database is another session.
constexpr int cached_relations_max = table_count;
CompiledChecks cache[cached_relations_max];

void forget_freshness(Datum, Oid relation)
{
    for (CompiledChecks &checks : cache) {
        if (relation == InvalidOid || checks.relation == relation) {
            checks.fresh = false;
        }
    }
}

bool same_definitions(const CompiledChecks &checks, const TupleConstr *constraints)
{
    if (checks.count != constraints->num_check) {
        return false;
    }
    for (int i = 0; i < checks.count; ++i) {
        if (strcmp(checks.definitions[i], constraints->check[i].ccbin) != 0) {
            return false;
        }
    }
    return true;
}

bool is_made_by_users(Oid object)
{
    return object >= FirstNormalObjectId;
}

bool is_function_of_users(Oid function, void *)
{
    return is_made_by_users(function);
}

// Whether a compiled expression is stale once a function, domain or row type of a user's changes:
// nobody tells this cache of that.
bool may_change(Node *node, void *context)
{
    if (node == nullptr) {
        return false;
    }
    if (const auto *variable = reinterpret_cast<Var *>(node); IsA(node, Var)) {
        return variable->varattno == 0 || is_made_by_users(variable->vartype);
    }
    if (const auto *constant = reinterpret_cast<Const *>(node); IsA(node, Const)) {
        return is_made_by_users(constant->consttype);
    }
    if (const auto *cast = reinterpret_cast<CoerceViaIO *>(node);
        IsA(node, CoerceViaIO) && is_made_by_users(cast->resulttype)) {
        return true;
    }
    return IsA(node, CoerceToDomain) ||
           check_functions_in_node(node, is_function_of_users, nullptr) ||
           pg::walk_below(node, may_change, context);
}

// In a memory context of its own, which an error takes along.
void compile(CompiledChecks &checks, Oid relation, const TupleConstr *constraints)
{
    MemoryContext memory =
        AllocSetContextCreate(CurrentMemoryContext, "mvm checks", ALLOCSET_SMALL_SIZES);
    const MemoryContext caller = MemoryContextSwitchTo(memory);
    const auto count = static_cast<Size>(constraints->num_check);
    const char **definitions = static_cast<const char **>(palloc(count * sizeof(char *)));
    ExprState **states = static_cast<ExprState **>(palloc0(count * sizeof(ExprState *)));
    bool all_kept = true;
    for (int i = 0; i < constraints->num_check; ++i) {
        definitions[i] = pstrdup(constraints->check[i].ccbin);
        auto *expression = static_cast<Node *>(stringToNode(definitions[i]));
        if (pg::is_enforced(constraints->check[i]) && !may_change(expression, nullptr)) {
            states[i] =
                ExecInitExpr(expression_planner(reinterpret_cast<Expr *>(expression)), nullptr);
        } else {
            all_kept = false;
        }
    }
    MemoryContextSwitchTo(caller);
    MemoryContextSetParent(memory, TopMemoryContext);
    checks = {relation, true, constraints->num_check, definitions, states, all_kept};
}

// Those that are kept, and the others compiled for this statement alone.
ExprState **states_for_statement(const CompiledChecks &checks, const TupleConstr *constraints,
                                 EState *estate)
{
    const MemoryContext caller = MemoryContextSwitchTo(estate->es_query_cxt);
    auto **states =
        static_cast<ExprState **>(palloc(static_cast<Size>(checks.count) * sizeof(ExprState *)));
    for (int i = 0; i < checks.count; ++i) {
        states[i] = checks.states[i];
        if (states[i] == nullptr && pg::is_enforced(constraints->check[i])) {
            states[i] = ExecPrepareExpr(
                static_cast<Expr *>(stringToNode(constraints->check[i].ccbin)), estate);
        }
    }
    MemoryContextSwitchTo(caller);
    return states;
}

// The slot of the relation, or the one to give it: that of a table which was
// dropped with the extension that this session knew before.
CompiledChecks &entry_of(Oid relation)
{
    CompiledChecks *candidate = nullptr;
    for (CompiledChecks &checks : cache) {
        if (checks.relation == relation) {
            return checks;
        }
        if (candidate == nullptr || !OidIsValid(checks.relation) ||
            (OidIsValid(candidate->relation) && !checks.fresh)) {
            candidate = &checks;
        }
    }
    return *candidate;
}

} // namespace

void attach_compiled_checks(ResultRelInfo *result, EState *estate)
{
    static bool listening = false;
    if (!listening) {
        CacheRegisterRelcacheCallback(forget_freshness, Datum{0});
        listening = true;
    }
    const TupleConstr *constraints = RelationGetDescr(result->ri_RelationDesc)->constr;
    if (constraints == nullptr || constraints->num_check == 0 ||
        pg::has_virtual_columns(constraints)) {
        return;
    }
    const Oid relation = RelationGetRelid(result->ri_RelationDesc);
    CompiledChecks &checks = entry_of(relation);
    if (checks.relation != relation || !checks.fresh) {
        if (checks.relation == relation && same_definitions(checks, constraints)) {
            checks.fresh = true;
        } else {
            compile(checks, relation, constraints);
        }
    }
    pg::set_compiled_checks(result, checks.all_kept
                                        ? checks.states
                                        : states_for_statement(checks, constraints, estate));
}

} // namespace mvm::storage
