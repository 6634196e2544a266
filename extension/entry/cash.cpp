// mvm_deposit, mvm_withdraw: money entering and leaving the market.
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

using domain::JournalKind;

void apply_deposit(storage::Call &call, const storage::JournalRow &row,
                   const storage::Universe &universe)
{
    bool created = false;
    storage::Wallet wallet =
        storage::lock_or_create_wallet(call, *row.user_id, universe.id, created);
    const auto balance = domain::add_amounts(wallet.balance_minor, *row.received_minor);
    if (!balance.ok()) {
        raise(balance_out_of_range(*row.user_id));
    }
    // From here only I/O can fail.
    storage::advance_command(call);
    storage::update_balance(call, wallet, balance.value);
}

void apply_withdrawal(storage::Call &call, const storage::JournalRow &row,
                      const storage::Universe &universe)
{
    storage::Wallet wallet =
        lock_paying_wallet(call, {*row.user_id, universe.id}, std::nullopt).own;
    if (wallet.balance_minor < *row.paid_minor) {
        raise(short_of_money(*row.user_id, universe, wallet.balance_minor, *row.paid_minor));
    }
    // From here only I/O can fail.
    storage::advance_command(call);
    storage::update_balance(call, wallet, wallet.balance_minor - *row.paid_minor);
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
    const storage::Universe universe =
        require_universe(call, universe_id.value_or(user.universe_id));

    storage::JournalRow row{};
    row.kind = kind;
    row.user_id = user_id;
    row.paid_minor = row.received_minor = require_amount(amount, universe, "amount");
    row.from_universe_id = row.to_universe_id = universe.id;
    row.from_rate = row.to_rate = universe.exchange_rate;
    row.memo = memo;

    KeyedCall keyed =
        begin_keyed_call(call, user_id, key,
                         with_memo(psprintf("%s amount_minor=" INT64_FORMAT " universe_id=%d",
                                            domain::name_of(kind), *row.paid_minor, universe.id),
                                   memo));
    if (keyed.answered) {
        row = keyed.first_answer;
    } else {
        if (kind == JournalKind::deposit) {
            apply_deposit(call, row, universe);
        } else {
            apply_withdrawal(call, row, universe);
        }
        journal_keyed_call(call, keyed, row);
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
