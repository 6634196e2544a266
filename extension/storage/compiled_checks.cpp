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
    ExprState **states;
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

void compile(CompiledChecks &checks, Oid relation, const TupleConstr *constraints)
{
    const MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);
    const auto count = static_cast<Size>(constraints->num_check);
    const char **definitions = static_cast<const char **>(palloc(count * sizeof(char *)));
    ExprState **states = static_cast<ExprState **>(palloc(count * sizeof(ExprState *)));
    for (int i = 0; i < constraints->num_check; ++i) {
        definitions[i] = pstrdup(constraints->check[i].ccbin);
        auto *expression = static_cast<Expr *>(stringToNode(definitions[i]));
        states[i] = ExecInitExpr(expression_planner(expression), nullptr);
    }
    MemoryContextSwitchTo(caller);
    checks = {relation, true, constraints->num_check, definitions, states};
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

void attach_compiled_checks(ResultRelInfo *result)
{
    static bool listening = false;
    if (!listening) {
        CacheRegisterRelcacheCallback(forget_freshness, Datum{0});
        listening = true;
    }
    const TupleConstr *constraints = RelationGetDescr(result->ri_RelationDesc)->constr;
    if (constraints == nullptr || constraints->num_check == 0) {
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
    pg::set_compiled_checks(result, checks.states);
}

} // namespace mvm::storage
