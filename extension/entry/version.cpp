// mvm_version
#include "pg/guard.hpp"

namespace mvm::entry {

namespace {

Datum version_function(FunctionCallInfo)
{
    return CStringGetTextDatum(MVM_VERSION);
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_version, mvm::entry::version_function)
