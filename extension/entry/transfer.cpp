// mvm_transfer: money from one user to another, in one currency.
#include "domain/plan.hpp"

#include "entry/arguments.hpp"
#include "entry/keyed_call.hpp"
#include "entry/orders.hpp"
#include "entry/requirements.hpp"
#include "entry/results.hpp"
#include "pg/guard.hpp"
#include "pg/refusal.hpp"

namespace mvm::entry {

namespace {

// Locks both wallets and moves the money.
void apply_transfer(storage::Call &call, const storage::JournalRow &row,
                    const storage::Universe &universe)
{
    auto [sender, receiver] = lock_paying_wallet(
        call, {*row.user_id, universe.id}, storage::WalletKey{*row.counterparty_id, universe.id});
    const auto plan = domain::plan_transfer(sender.balance_minor, *row.paid_minor,
                                            receiver.balance_minor, *row.received_minor);
    if (!plan.ok()) {
        raise(plan.error == domain::ErrorCode::insufficient_balance
                  ? short_of_money(*row.user_id, universe, sender.balance_minor, *row.paid_minor)
                  : balance_out_of_range(*row.counterparty_id));
    }
    // From here only I/O can fail.
    storage::advance_command(call);
    storage::update_balance(call, sender, plan.value.payer_balance_minor);
    storage::update_balance(call, receiver, plan.value.receiver_balance_minor);
}

Datum transfer_function(FunctionCallInfo fcinfo)
{
    const std::int64_t sender_id = int8_argument(fcinfo, 0, "from_user_id");
    const std::int64_t receiver_id = int8_argument(fcinfo, 1, "to_user_id");
    const Datum amount = numeric_argument(fcinfo, 2, "amount");
    const auto universe_id = optional_int4_argument(fcinfo, 3);
    const auto key = key_argument(fcinfo, 4);
    const auto memo = memo_argument(fcinfo, 5);
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
    row.from_rate = row.to_rate = universe.exchange_rate;
    row.memo = memo;

    KeyedCall keyed =
        begin_keyed_call(call, sender_id, key,
                         with_memo(psprintf("transfer to_user_id=" INT64_FORMAT
                                            " amount_minor=" INT64_FORMAT " universe_id=%d",
                                            receiver_id, *row.paid_minor, universe.id),
                                   memo));
    if (keyed.answered) {
        row = keyed.first_answer;
    } else {
        apply_transfer(call, row, universe);
        journal_keyed_call(call, keyed, row);
    }
    const Datum result = transaction_result(fcinfo, call, row);
    storage::end_call(call);
    return result;
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_transfer, mvm::entry::transfer_function)
