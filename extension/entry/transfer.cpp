// mvm_transfer: money from one user to another, in one currency.
#include "entry/arguments.hpp"
#include "entry/payment.hpp"
#include "entry/requirements.hpp"
#include "entry/results.hpp"
#include "pg/guard.hpp"
#include "pg/refusal.hpp"

namespace mvm::entry {

namespace {

void transfer(storage::Call &call, storage::JournalRow &row, storage::Universe universe,
              KeyedCall &keyed)
{
    Payment payment = lock_payment(call, {*row.user_id, universe.id},
                                   storage::WalletKey{*row.counterparty_id, universe.id});
    // The rate that is written down is of the moment at which both wallets are locked.
    if (storage::go_on_from_now(call)) {
        universe = require_universe(call, universe.id);
    }
    row.from_rate = row.to_rate = universe.exchange_rate;
    settle_payment(call, payment, row);
    // From here only I/O can fail.
    write_payment(call, payment, keyed);
}

Datum transfer_function(FunctionCallInfo fcinfo)
{
    const std::int64_t sender_id = int8_argument(fcinfo, 0, "from_user_id");
    const std::int64_t receiver_id = int8_argument(fcinfo, 1, "to_user_id");
    const Datum amount = numeric_argument(fcinfo, 2, "amount");
    const auto universe_id = optional_int4_argument(fcinfo, 3);
    const auto key = key_argument(fcinfo, 4);
    require_positive(amount, "amount");

    storage::Call call;
    storage::begin_write(call, "mvm_transfer()");
    const storage::UserAccount sender = require_user(call, sender_id);
    require_user(call, receiver_id);
    if (sender_id == receiver_id) {
        pg::refuse(domain::ErrorCode::invalid_argument,
                   psprintf("from_user_id and to_user_id are both " INT64_FORMAT ".", sender_id));
    }
    const storage::Universe universe =
        require_universe(call, universe_id.value_or(sender.universe_id));

    storage::JournalRow row{};
    row.kind = domain::JournalKind::transfer;
    row.user_id = sender_id;
    row.counterparty_id = receiver_id;
    row.paid_minor = row.received_minor = require_amount(amount, universe, "amount");
    row.from_universe_id = row.to_universe_id = universe.id;

    KeyedCall keyed = begin_keyed_call(call, sender_id, key,
                                       psprintf("transfer to_user_id=" INT64_FORMAT
                                                " amount_minor=" INT64_FORMAT " universe_id=%d",
                                                receiver_id, *row.paid_minor, universe.id));
    if (keyed.answered) {
        row = keyed.first_answer;
    } else {
        transfer(call, row, universe, keyed);
    }
    const Datum result = transaction_result(fcinfo, call, row);
    storage::end_call(call);
    return result;
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_transfer, mvm::entry::transfer_function)
