#include "pg/refusal.hpp"

#include "domain/assert.hpp"

namespace mvm::pg {

void raise(domain::ErrorCode code, const char *detail, const char *hint)
{
    const domain::ErrorInfo *info = domain::find_error(code);
    MVM_ASSERT(info != nullptr);
    const char *state = info->sqlstate;
    ereport(ERROR, (errcode(MAKE_SQLSTATE(state[0], state[1], state[2], state[3], state[4])),
                    errmsg("%s", info->text), errdetail_internal("%s", detail),
                    hint != nullptr ? errhint("%s", hint) : 0));
}

void raise_stale_snapshot()
{
    ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                    errmsg("could not serialize access due to concurrent update"),
                    errhint("Repeat the transaction.")));
}

} // namespace mvm::pg
