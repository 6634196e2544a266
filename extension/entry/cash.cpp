// mvm_deposit, mvm_withdraw: money entering and leaving the market.
#include "market/cash.hpp"

#include "entry/arguments.hpp"
#include "entry/client_arguments.hpp"
#include "entry/journal_rows.hpp"
#include "market/requirements.hpp"
#include "pg/guard.hpp"

namespace mvm::entry {

namespace {

using domain::JournalKind;

Datum move_cash(FunctionCallInfo fcinfo, JournalKind kind, const char *function_name)
{
    market::CashRequest request{};
    request.kind = kind;
    request.user_id = int8_argument(fcinfo, 0, "user_id");
    request.amount = numeric_argument(fcinfo, 1, "amount");
    request.universe_id = optional_int4_argument(fcinfo, 2);
    request.client = client_arguments(fcinfo, 3, 4);
    market::require_positive(request.amount, "amount");

    storage::Call call;
    storage::begin_write(call, function_name);
    const storage::JournalRow row = market::move_cash(call, request);
    const Datum result = transaction_result(fcinfo, call, row);
    storage::end_call(call);
    return result;
}

Datum deposit_function(FunctionCallInfo fcinfo)
{
    return move_cash(fcinfo, JournalKind::deposit, "mvm_deposit()");
}

Datum withdraw_function(FunctionCallInfo fcinfo)
{
    return move_cash(fcinfo, JournalKind::withdrawal, "mvm_withdraw()");
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_deposit, mvm::entry::deposit_function)
MVM_SQL_FUNCTION(mvm_withdraw, mvm::entry::withdraw_function)
