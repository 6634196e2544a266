// mvm.refuse_change: the trigger that keeps the market's history as it was written.
#include "pg/guard.hpp"

namespace mvm::entry {

namespace {

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

MVM_SQL_FUNCTION(mvm_refuse_change, mvm::entry::refuse_change_function)
