// mvm_relink_journal: linking the journal's rows anew.
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "storage/call.hpp"
#include "storage/relink.hpp"

namespace mvm::entry {

namespace {

Datum relink_journal_function(FunctionCallInfo)
{
    PreventCommandIfReadOnly("mvm_relink_journal()");
    PreventCommandIfParallelMode("mvm_relink_journal()");
    const std::int64_t changed = storage::relink_journal();
    CommandCounterIncrement();
    return Int64GetDatum(changed);
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_relink_journal, mvm::entry::relink_journal_function)
