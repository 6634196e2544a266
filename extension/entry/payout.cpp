// mvm_payout: money of the house leaving the market.
#include "entry/arguments.hpp"
#include "entry/keyed_call.hpp"
#include "entry/requirements.hpp"
#include "entry/results.hpp"
#include "pg/guard.hpp"
#include "pg/refusal.hpp"

namespace mvm::entry {

namespace {

using domain::ErrorCode;
using domain::JournalKind;

// The kind of a payout from the house account of that name.
JournalKind kind_of_payout(const char *account)
{
    if (strcmp(account, storage::name_of(storage::HouseAccount::treasury)) == 0) {
        return JournalKind::treasury_payout;
    }
    if (strcmp(account, storage::name_of(storage::HouseAccount::fees)) == 0) {
        return JournalKind::fees_payout;
    }
    pg::refuse(ErrorCode::invalid_argument, psprintf("account is \"%s\".", account),
               "It is one of treasury, fees.");
}

const char *text_argument(FunctionCallInfo fcinfo, int position, const char *name)
{
    if (PG_ARGISNULL(position)) {
        raise(null_argument(name));
    }
    return text_to_cstring(PG_GETARG_TEXT_PP(position));
}

Datum payout_function(FunctionCallInfo fcinfo)
{
    const std::int32_t universe_id = int4_argument(fcinfo, 0, "universe_id");
    const char *account = text_argument(fcinfo, 1, "account");
    const Datum amount = numeric_argument(fcinfo, 2, "amount");
    const auto key = key_argument(fcinfo, 3);
    const auto memo = memo_argument(fcinfo, 4);
    require_positive(amount, "amount");

    storage::JournalRow row{};
    row.kind = kind_of_payout(account);
    storage::Call call;
    storage::begin_write(call, "mvm_payout()");
    const storage::Universe universe = require_universe(call, universe_id);
    row.paid_minor = row.received_minor = require_amount(amount, universe, "amount");
    row.from_universe_id = row.to_universe_id = universe.id;
    row.from_rate = row.to_rate = universe.exchange_rate;
    row.memo = memo;

    KeyedCall keyed = begin_keyed_call(
        call, nobody, key,
        with_memo(psprintf("payout account=%s amount_minor=" INT64_FORMAT " universe_id=%d",
                           account, *row.paid_minor, universe.id),
                  memo));
    if (keyed.answered) {
        row = keyed.first_answer;
    } else {
        require_house_has(call, row);
        // From here only I/O can fail.
        storage::advance_command(call);
        storage::number_journal_row(call, row);
        journal_keyed_call(call, keyed, row);
    }
    const Datum result = transaction_result(fcinfo, call, row);
    storage::end_call(call);
    return result;
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_payout, mvm::entry::payout_function)
