// mvm_payout: money of the house leaving the market.
#include "market/payout.hpp"

#include "entry/arguments.hpp"
#include "entry/client_arguments.hpp"
#include "entry/journal_rows.hpp"
#include "market/requirements.hpp"
#include "pg/guard.hpp"
#include "pg/refusal.hpp"

namespace mvm::entry {

namespace {

using storage::HouseAccount;

HouseAccount house_account_of(const char *name)
{
    for (const HouseAccount account : {HouseAccount::treasury, HouseAccount::fees}) {
        if (strcmp(name, storage::name_of(account)) == 0) {
            return account;
        }
    }
    pg::raise(domain::ErrorCode::invalid_argument, psprintf("account is \"%s\".", name),
              "It is one of treasury, fees.");
}

const char *text_argument(FunctionCallInfo fcinfo, int position, const char *name)
{
    if (PG_ARGISNULL(position)) {
        market::raise(market::null_argument(name));
    }
    return text_to_cstring(PG_GETARG_TEXT_PP(position));
}

Datum payout_function(FunctionCallInfo fcinfo)
{
    market::PayoutRequest request{};
    request.universe_id = int4_argument(fcinfo, 0, "universe_id");
    const char *account = text_argument(fcinfo, 1, "account");
    request.amount = numeric_argument(fcinfo, 2, "amount");
    request.client = client_arguments(fcinfo, 3, 4);
    market::require_positive(request.amount, "amount");
    request.account = house_account_of(account);

    storage::Call call;
    storage::begin_write(call, "mvm_payout()");
    const storage::JournalRow row = market::pay_out(call, request);
    const Datum result = transaction_result(fcinfo, call, row);
    storage::end_call(call);
    return result;
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_payout, mvm::entry::payout_function)
