// mvm.journal_kind: the table of journal kinds, for SQL.
#include "domain/journal_kind.hpp"

#include "entry/row_writer.hpp"
#include "pg/guard.hpp"

namespace mvm::entry {

namespace {

Datum journal_kind_function(FunctionCallInfo fcinfo)
{
    RowWriter rows = result_set(fcinfo);
    for (const domain::KindInfo &info : domain::journal_kinds) {
        rows.add(CharGetDatum(static_cast<char>(info.kind)));
        rows.add_text(info.name);
        rows.add_int4(info.paid_by_user);
        rows.add_int4(info.paid_by_treasury);
        rows.add_int4(info.paid_by_fees);
        rows.add_int4(info.received_by_user);
        rows.add_int4(info.received_by_counterparty);
        rows.add_int4(info.taken_by_house);
        rows.add_int4(info.stocked);
        rows.add_int4(info.held);
        rows.add_int4(info.outside);
        put_row(rows);
    }
    return Datum{0};
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_journal_kind, mvm::entry::journal_kind_function)
