// mvm_deposit, mvm_withdraw: money entering and leaving the market.
#include "entry/arguments.hpp"
#include "entry/payment.hpp"
#include "entry/requirements.hpp"
#include "entry/results.hpp"
#include "pg/guard.hpp"
#include "pg/refusal.hpp"
#include "storage/journal_link.hpp"

namespace mvm::entry {

namespace {

using domain::JournalKind;

// The rate that is written down is of the moment at which the wallet is locked.
void settle_rate(storage::Call &call, storage::Universe &universe, storage::JournalRow &row)
{
    if (storage::go_on_from_now(call)) {
        universe = require_universe(call, universe.id);
    }
    row.from_rate = row.to_rate = universe.exchange_rate;
}

void deposit(storage::Call &call, storage::JournalRow &row, storage::Universe &universe,
             KeyedCall &keyed)
{
    bool created = false;
    storage::Wallet wallet =
        storage::lock_or_create_wallet(call, *row.user_id, universe.id, created);
    settle_rate(call, universe, row);
    const auto balance = domain::add_amounts(wallet.balance_minor, *row.received_minor);
    if (!balance.ok()) {
        raise(balance_out_of_range(*row.user_id));
    }
    // From here only I/O can fail.
    storage::advance_command(call);
    storage::number_journal_row(call, row);
    auto last_journal_id = wallet.last_journal_id;
    storage::link_row(row, {wallet.user_id, wallet.universe_id}, last_journal_id);
    storage::update_balance(call, wallet, {balance.value, last_journal_id, 1});
    journal_keyed_call(call, keyed, row);
}

void withdraw(storage::Call &call, storage::JournalRow &row, storage::Universe &universe,
              KeyedCall &keyed)
{
    Payment payment = lock_payment(call, {*row.user_id, universe.id}, std::nullopt);
    settle_rate(call, universe, row);
    settle_payment(call, payment, row);
    // From here only I/O can fail.
    write_payment(call, payment, keyed);
}

Datum move_cash(FunctionCallInfo fcinfo, JournalKind kind, const char *function_name)
{
    const std::int64_t user_id = int8_argument(fcinfo, 0, "user_id");
    const Datum amount = numeric_argument(fcinfo, 1, "amount");
    const auto universe_id = optional_int4_argument(fcinfo, 2);
    const auto key = key_argument(fcinfo, 3);
    const auto memo = memo_argument(fcinfo, 4);
    require_positive(amount, "amount");

    storage::Call call;
    storage::begin_write(call, function_name);
    const storage::UserAccount user = require_user(call, user_id);
    storage::Universe universe = require_universe(call, universe_id.value_or(user.universe_id));

    storage::JournalRow row{};
    row.kind = kind;
    row.user_id = user_id;
    row.paid_minor = row.received_minor = require_amount(amount, universe, "amount");
    row.from_universe_id = row.to_universe_id = universe.id;
    row.memo = memo;

    KeyedCall keyed =
        begin_keyed_call(call, user_id, key,
                         with_memo(psprintf("%s amount_minor=" INT64_FORMAT " universe_id=%d",
                                            domain::name_of(kind), *row.paid_minor, universe.id),
                                   memo));
    if (keyed.answered) {
        row = keyed.first_answer;
    } else if (kind == JournalKind::deposit) {
        deposit(call, row, universe, keyed);
    } else {
        withdraw(call, row, universe, keyed);
    }
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
