// mvm_balance, mvm_trades
#include "entry/arguments.hpp"
#include "market/requirements.hpp"
#include "entry/results.hpp"
#include "pg/guard.hpp"
#include "pg/refusal.hpp"
#include "storage/hold.hpp"
#include "storage/wallet_history.hpp"

namespace mvm::entry {

namespace {

// What the wallet held before `at`.
pg::WideAmount balance_before(storage::Call &call, std::int64_t user_id, std::int32_t universe_id,
                              TimestampTz at)
{
    const pg::WideAmount balance_minor =
        storage::balance_at_place(call, user_id, universe_id, {at, at, PG_INT64_MIN}).balance_minor;
    storage::require_explained(user_id, universe_id, balance_minor);
    return balance_minor;
}

Datum balance_function(FunctionCallInfo fcinfo)
{
    const std::int64_t user_id = int8_argument(fcinfo, 0, "user_id");
    const auto universe_id = optional_int4_argument(fcinfo, 1);
    const auto at = added_time_argument(fcinfo, 2);

    storage::Call call;
    storage::begin_read(call);
    const storage::UserAccount user = market::require_user(call, user_id);
    const storage::Universe universe =
        market::require_universe(call, universe_id.value_or(user.universe_id));
    const pg::WideAmount balance_minor =
        at ? balance_before(call, user_id, universe.id, *at)
           : storage::balance_with_expired(call, storage::read_wallet(call, user_id, universe.id));
    const Datum result = amount_result(call, balance_minor, universe.currency_scale);
    storage::end_call(call);
    return result;
}

void put_trade(storage::Call &call, storage::UniverseSet &universes, ReturnSetInfo *result,
               const storage::JournalRow &row)
{
    Datum values[trade_column_count];
    bool nulls[trade_column_count];
    fill_trade(call, universes, row, values, nulls);
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum trades_function(FunctionCallInfo fcinfo)
{
    const std::int64_t user_id = int8_argument(fcinfo, 0, "user_id");
    const std::int32_t rows_max = int4_argument(fcinfo, 1, "max_rows");
    const std::int64_t before_id = optional_int8_argument(fcinfo, 2).value_or(PG_INT64_MAX);
    if (rows_max < 1) {
        pg::refuse(domain::ErrorCode::invalid_argument,
                   psprintf("max_rows is %d, it must be 1 or more.", rows_max));
    }
    InitMaterializedSRF(fcinfo, 0);
    auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);

    storage::Call call;
    storage::begin_read(call);
    market::require_user(call, user_id);

    // Two index scans, newest first, merged by id.
    storage::UniverseSet universes{};
    storage::JournalCursor bought;
    storage::JournalCursor sold;
    storage::open_journal_before(call, bought, storage::JournalRole::actor, user_id, before_id);
    storage::open_journal_before(call, sold, storage::JournalRole::counterparty, user_id,
                                 before_id);
    for (std::int32_t rows = 0; rows < rows_max; ++rows) {
        storage::find_trade(bought);
        storage::find_trade(sold);
        if (!bought.at_row && !sold.at_row) {
            break;
        }
        const bool take_bought = bought.at_row && (!sold.at_row || bought.row.id > sold.row.id);
        storage::JournalCursor &newest = take_bought ? bought : sold;
        put_trade(call, universes, result, newest.row);
        storage::next_row(newest);
    }
    storage::close_journal(sold);
    storage::close_journal(bought);
    storage::end_call(call);
    return Datum{0};
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_balance, mvm::entry::balance_function)
MVM_SQL_FUNCTION(mvm_trades, mvm::entry::trades_function)
