// mvm_transfer: money from one user to another, in one currency.
#include "market/transfer.hpp"

#include "entry/arguments.hpp"
#include "entry/client_arguments.hpp"
#include "entry/journal_rows.hpp"
#include "market/requirements.hpp"
#include "pg/guard.hpp"

namespace mvm::entry {

namespace {

Datum transfer_function(FunctionCallInfo fcinfo)
{
    market::TransferRequest request{};
    request.sender_id = int8_argument(fcinfo, 0, "from_user_id");
    request.receiver_id = int8_argument(fcinfo, 1, "to_user_id");
    request.amount = numeric_argument(fcinfo, 2, "amount");
    request.universe_id = optional_int4_argument(fcinfo, 3);
    request.client = client_arguments(fcinfo, 4, 5);
    market::require_positive(request.amount, "amount");

    storage::Call call;
    storage::begin_write(call, "mvm_transfer()");
    const storage::JournalRow row = market::transfer(call, request);
    const Datum result = transaction_result(fcinfo, call, row);
    storage::end_call(call);
    return result;
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_transfer, mvm::entry::transfer_function)
