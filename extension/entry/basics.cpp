// mvm_version, mvm.amount and the guard trigger.
#include "pg/guard.hpp"
#include "pg/numeric.hpp"
#include "pg/refusal.hpp"

#include "domain/money.hpp"

namespace mvm::entry {

namespace {

Datum version_function(FunctionCallInfo)
{
    return CStringGetTextDatum(MVM_VERSION);
}

Datum amount_function(FunctionCallInfo fcinfo)
{
    const std::int64_t amount_minor = PG_GETARG_INT64(0);
    const std::int32_t currency_scale = PG_GETARG_INT32(1);
    if (currency_scale < 0 || currency_scale > domain::currency_scale_max) {
        pg::refuse(domain::ErrorCode::invalid_argument,
                   psprintf("currency_scale is %d, it must be 0 to %d.", currency_scale,
                            domain::currency_scale_max));
    }
    return pg::numeric_of_minor(amount_minor, currency_scale);
}

Datum refuse_change_function(FunctionCallInfo fcinfo)
{
    if (!CALLED_AS_TRIGGER(fcinfo)) {
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("mvm.refuse_change() is a trigger function")));
    }
    const auto *trigger = reinterpret_cast<const TriggerData *>(fcinfo->context);
    ereport(ERROR, (errcode(ERRCODE_RESTRICT_VIOLATION),
                    errmsg("\"%s.%s\" does not allow this change",
                           get_namespace_name(RelationGetNamespace(trigger->tg_relation)),
                           RelationGetRelationName(trigger->tg_relation)),
                    errdetail("Trigger \"%s\" keeps the market's history true.",
                              trigger->tg_trigger->tgname)));
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_version, mvm::entry::version_function)
MVM_SQL_FUNCTION(mvm_amount, mvm::entry::amount_function)
MVM_SQL_FUNCTION(mvm_refuse_change, mvm::entry::refuse_change_function)
