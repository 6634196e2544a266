// mvm_refund: undoing a purchase, whole or in part.
#include "market/refund.hpp"

#include "entry/arguments.hpp"
#include "entry/client_arguments.hpp"
#include "entry/journal_rows.hpp"
#include "market/refusals.hpp"
#include "pg/guard.hpp"

namespace mvm::entry {

namespace {

Datum refund_function(FunctionCallInfo fcinfo)
{
    market::RefundRequest request{};
    request.transaction_id = int8_argument(fcinfo, 0, "transaction_id");
    request.quantity = optional_int8_argument(fcinfo, 1);
    request.client = key_argument(fcinfo, 2);
    if (request.quantity && *request.quantity < 1) {
        market::raise(market::quantity_below_one(*request.quantity));
    }

    storage::Call call;
    storage::begin_write(call, "mvm_refund()");
    const storage::JournalRow row = market::refund(call, request);
    const Datum result = transaction_result(fcinfo, call, row);
    storage::end_call(call);
    return result;
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_refund, mvm::entry::refund_function)
