// mvm_balance, mvm_trades, mvm_transactions
#include "entry/arguments.hpp"
#include "entry/journal_rows.hpp"
#include "market/requirements.hpp"
#include "pg/guard.hpp"
#include "pg/refusal.hpp"
#include "storage/hold.hpp"
#include "storage/user_history.hpp"
#include "storage/wallet_history.hpp"

namespace mvm::entry {

namespace {

// What the wallet held before `at`.
pg::WideAmount balance_before(storage::Call &call, std::int64_t user_id, std::int32_t universe_id,
                              TimestampTz at)
{
    const pg::WideAmount balance_minor =
        storage::balance_at_place(call, {user_id, universe_id}, {at, at, PG_INT64_MIN});
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

// What a page is asked for with: a user, how many rows, and before which one.
struct Page {
    std::int64_t user_id;
    std::int32_t rows_max;
    std::int64_t before_id;
};

Page page_argument(FunctionCallInfo fcinfo)
{
    const Page page{int8_argument(fcinfo, 0, "user_id"), int4_argument(fcinfo, 1, "max_rows"),
                    optional_int8_argument(fcinfo, 2).value_or(PG_INT64_MAX)};
    if (page.rows_max < 1) {
        pg::raise(domain::ErrorCode::invalid_argument,
                  psprintf("max_rows is %d, it must be 1 or more.", page.rows_max));
    }
    return page;
}

Datum trades_function(FunctionCallInfo fcinfo)
{
    const Page page = page_argument(fcinfo);
    RowWriter rows = result_set(fcinfo);

    storage::Call call;
    storage::begin_read(call);
    market::require_user(call, page.user_id);
    storage::UniverseSet universes{};
    storage::UserHistory history;
    storage::open_user_history(call, history, page.user_id, page.before_id,
                               storage::Stocking::without);
    storage::JournalRow row{};
    for (std::int32_t count = 0; count < page.rows_max && storage::read_row(history, row);) {
        if (row.kind == domain::JournalKind::purchase) {
            put_trade(rows, call, universes, row);
            ++count;
        }
    }
    storage::close_user_history(history);
    storage::end_call(call);
    return Datum{0};
}

Datum transactions_function(FunctionCallInfo fcinfo)
{
    const Page page = page_argument(fcinfo);
    RowWriter rows = result_set(fcinfo);

    storage::Call call;
    storage::begin_read(call);
    market::require_user(call, page.user_id);
    storage::UniverseSet universes{};
    storage::UserHistory history;
    storage::open_user_history(call, history, page.user_id, page.before_id,
                               storage::Stocking::with);
    storage::JournalRow row{};
    for (std::int32_t count = 0; count < page.rows_max && storage::read_row(history, row);
         ++count) {
        put_transaction(rows, call, universes, row);
    }
    storage::close_user_history(history);
    storage::end_call(call);
    return Datum{0};
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_balance, mvm::entry::balance_function)
MVM_SQL_FUNCTION(mvm_trades, mvm::entry::trades_function)
MVM_SQL_FUNCTION(mvm_transactions, mvm::entry::transactions_function)
