// mvm_grant: the privileges of a reader, a trader or an operator in one call.
#include "entry/arguments.hpp"
#include "pg/guard.hpp"
#include "pg/refusal.hpp"
#include "storage/schema.hpp"

namespace mvm::entry {

namespace {

constexpr const char *reader_functions[] = {
    "mvm_version", "mvm_convert",   "mvm_balance",   "mvm_trades",    "mvm_audit",
    "mvm_items",   "mvm_statement", "mvm_find_user", "mvm_find_item",
};
constexpr const char *trader_functions[] = {
    "mvm_buy",   "mvm_exchange",     "mvm_buy_batch", "mvm_exchange_batch", "mvm_transfer",
    "mvm_quote", "mvm_accept_quote", "mvm_reserve",   "mvm_capture",        "mvm_release",
};
constexpr const char *operator_functions[] = {"mvm_create_universe",
                                              "mvm_set_exchange_rate",
                                              "mvm_create_user",
                                              "mvm_list_item",
                                              "mvm_deposit",
                                              "mvm_withdraw",
                                              "mvm_seed",
                                              "mvm_purge_idempotency_keys",
                                              "mvm_restock",
                                              "mvm_set_price",
                                              "mvm_delist_item",
                                              "mvm_relist_item",
                                              "mvm_refund",
                                              "mvm_move_user",
                                              "mvm_set_rules",
                                              "mvm_set_route",
                                              "mvm_sweep_holds",
                                              "mvm_audit_checkpoint",
                                              "mvm_purge_quotes",
                                              "mvm_set_user_data",
                                              "mvm_set_item_data"};
constexpr const char *views[] = {"universes",      "users",
                                 "wallets",        "items",
                                 "transactions",   "trades",
                                 "ledger",         "routes",
                                 "rule_changes",   "prices",
                                 "quotes",         "holds",
                                 "exchange_rates", "audit_checkpoints"};

void execute(const char *command)
{
    if (SPI_execute(command, false, 0) < 0) {
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not grant privileges")));
    }
}

// Every function of that name that belongs to the extension; none where the market
// is of an earlier version.
void grant_execute(Oid extension, const char *schema, const char *function, const char *role)
{
    List *name = list_make2(makeString(pstrdup(schema)), makeString(pstrdup(function)));
    for (FuncCandidateList candidate =
             FuncnameGetCandidates(name, -1, NIL, false, false, false, true);
         candidate != nullptr; candidate = candidate->next) {
        if (getExtensionOfObject(ProcedureRelationId, candidate->oid) == extension) {
            execute(psprintf("GRANT EXECUTE ON FUNCTION %s TO %s",
                             format_procedure_qualified(candidate->oid), role));
        }
    }
}

template <std::size_t count>
void grant_execute(FunctionCallInfo fcinfo, const char *const (&functions)[count], const char *role)
{
    const Oid self = fcinfo->flinfo->fn_oid;
    const Oid extension = getExtensionOfObject(ProcedureRelationId, self);
    const char *schema = get_namespace_name(get_func_namespace(self));
    for (const char *function : functions) {
        grant_execute(extension, schema, function, role);
    }
}

int rank_of(const char *privilege_set)
{
    constexpr const char *ranks[] = {"reader", "trader", "operator"};
    for (int rank = 0; rank < static_cast<int>(lengthof(ranks)); ++rank) {
        if (strcmp(privilege_set, ranks[rank]) == 0) {
            return rank;
        }
    }
    pg::refuse(domain::ErrorCode::invalid_argument,
               psprintf("privilege_set is \"%s\".", privilege_set),
               "It is one of reader, trader, operator.");
}

Datum grant_function(FunctionCallInfo fcinfo)
{
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) {
        pg::refuse(domain::ErrorCode::invalid_argument, PG_ARGISNULL(0)
                                                            ? "role_name must not be null."
                                                            : "privilege_set must not be null.");
    }
    const char *role_name = NameStr(*PG_GETARG_NAME(0));
    const int rank = rank_of(text_to_cstring(PG_GETARG_TEXT_PP(1)));
    if (!OidIsValid(get_role_oid(role_name, true))) {
        pg::refuse(domain::ErrorCode::invalid_argument,
                   psprintf("There is no role \"%s\".", role_name));
    }
    const char *role = quote_identifier(role_name);

    SPI_connect();
    execute(psprintf("GRANT USAGE ON SCHEMA mvm TO %s", role));
    for (const char *view : views) {
        if (OidIsValid(get_relname_relid(view, get_namespace_oid(storage::schema_name, false)))) {
            execute(psprintf("GRANT SELECT ON %s.%s TO %s", storage::schema_name, view, role));
        }
    }
    grant_execute(fcinfo, reader_functions, role);
    if (rank >= 1) {
        grant_execute(fcinfo, trader_functions, role);
    }
    if (rank >= 2) {
        grant_execute(fcinfo, operator_functions, role);
    }
    SPI_finish();
    return Datum{0};
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_grant, mvm::entry::grant_function)
