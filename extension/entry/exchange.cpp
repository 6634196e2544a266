// mvm_convert, mvm_exchange
#include "domain/plan.hpp"

#include "entry/arguments.hpp"
#include "entry/keyed_call.hpp"
#include "entry/requirements.hpp"
#include "entry/results.hpp"
#include "pg/guard.hpp"
#include "pg/numeric.hpp"
#include "pg/refusal.hpp"
#include "storage/wallet.hpp"

namespace mvm::entry {

namespace {

using domain::ErrorCode;

std::int64_t require_conversion(std::int64_t amount_minor, const storage::Universe &from,
                                const storage::Universe &to)
{
    const auto converted =
        domain::plan_conversion(amount_minor, storage::currency_of(from), storage::currency_of(to));
    if (!converted.ok()) {
        const bool too_little = converted.error == ErrorCode::invalid_amount;
        pg::refuse(converted.error,
                   psprintf("%s of universe %d is %s in universe %d.",
                            pg::text_of_minor(amount_minor, from.currency_scale), from.id,
                            too_little ? "less than the smallest unit" : "above the largest amount",
                            to.id));
    }
    return converted.value;
}

Datum convert_function(FunctionCallInfo fcinfo)
{
    const Datum amount = numeric_argument(fcinfo, 0, "amount");
    const std::int32_t from_id = int4_argument(fcinfo, 1, "from_universe_id");
    const std::int32_t to_id = int4_argument(fcinfo, 2, "to_universe_id");
    require_positive(amount, "amount");

    storage::Call call;
    storage::begin_read(call);
    const storage::Universe from = require_universe(call, from_id);
    const storage::Universe to = require_universe(call, to_id);
    require_different_universes(from_id, to_id);
    const std::int64_t amount_minor = require_amount(amount, from, "amount");
    const std::int64_t converted_minor = require_conversion(amount_minor, from, to);
    const Datum result = amount_result(call, converted_minor, to.currency_scale);
    storage::end_call(call);
    return result;
}

void apply_exchange(storage::Call &call, storage::JournalRow &row, const storage::Universe &from,
                    const storage::Universe &to)
{
    row.received_minor = require_conversion(*row.paid_minor, from, to);
    storage::Wallet payer{*row.user_id, from.id, 0, 0, nullptr};
    storage::Wallet receiver{*row.user_id, to.id, 0, 0, nullptr};
    storage::lock_payer_and_receiver(call, payer, receiver);
    const auto plan = domain::plan_transfer(payer.balance_minor, *row.paid_minor,
                                            receiver.balance_minor, *row.received_minor);
    if (!plan.ok()) {
        refuse_transfer(plan.error, *row.user_id, from, payer.balance_minor, *row.paid_minor,
                        *row.user_id);
    }
    // From here only I/O can fail.
    storage::advance_command(call);
    storage::update_balance(call, payer, plan.value.payer_balance_minor);
    storage::update_balance(call, receiver, plan.value.receiver_balance_minor);
}

Datum exchange_function(FunctionCallInfo fcinfo)
{
    const std::int64_t user_id = int8_argument(fcinfo, 0, "user_id");
    const Datum amount = numeric_argument(fcinfo, 1, "amount");
    const std::int32_t from_id = int4_argument(fcinfo, 2, "from_universe_id");
    const std::int32_t to_id = int4_argument(fcinfo, 3, "to_universe_id");
    const auto key = key_argument(fcinfo, 4);
    require_positive(amount, "amount");

    storage::Call call;
    storage::begin_write(call, "mvm_exchange()");
    require_user(call, user_id);
    const storage::Universe from = require_universe(call, from_id);
    const storage::Universe to = require_universe(call, to_id);
    require_different_universes(from_id, to_id);

    storage::JournalRow row{};
    row.kind = domain::JournalKind::exchange;
    row.user_id = user_id;
    row.paid_minor = require_amount(amount, from, "amount");
    row.from_universe_id = from_id;
    row.to_universe_id = to_id;
    row.from_rate = from.exchange_rate;
    row.to_rate = to.exchange_rate;

    KeyedCall keyed = begin_keyed_call(call, user_id, key,
                                       psprintf("exchange amount_minor=" INT64_FORMAT
                                                " from_universe_id=%d to_universe_id=%d",
                                                *row.paid_minor, from_id, to_id));
    if (keyed.answered) {
        row = keyed.first_answer;
    } else {
        apply_exchange(call, row, from, to);
        journal_keyed_call(call, keyed, row);
    }
    const Datum result = exchange_result(fcinfo, call, row);
    storage::end_call(call);
    return result;
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_convert, mvm::entry::convert_function)
MVM_SQL_FUNCTION(mvm_exchange, mvm::entry::exchange_function)
