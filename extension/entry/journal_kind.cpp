// mvm.journal_kind: the table of journal kinds, for SQL.
#include "domain/journal_kind.hpp"

#include "pg/guard.hpp"

namespace mvm::entry {

namespace {

Datum journal_kind_function(FunctionCallInfo fcinfo)
{
    InitMaterializedSRF(fcinfo, 0);
    auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    for (const domain::KindInfo &info : domain::journal_kinds) {
        Datum values[] = {
            CharGetDatum(static_cast<char>(info.kind)),
            CStringGetTextDatum(info.name),
            Int32GetDatum(info.paid_by_user),
            Int32GetDatum(info.paid_by_treasury),
            Int32GetDatum(info.paid_by_fees),
            Int32GetDatum(info.received_by_user),
            Int32GetDatum(info.received_by_counterparty),
            Int32GetDatum(info.taken_by_house),
            Int32GetDatum(info.stocked),
            Int32GetDatum(info.held),
            Int32GetDatum(info.outside),
        };
        bool nulls[lengthof(values)] = {};
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
    return Datum{0};
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_journal_kind, mvm::entry::journal_kind_function)
