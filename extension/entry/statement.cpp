// mvm_statement: what moved a wallet in a span of time, and the balance after each movement.
#include "entry/arguments.hpp"
#include "entry/row_writer.hpp"
#include "market/requirements.hpp"
#include "pg/guard.hpp"
#include "pg/refusal.hpp"
#include "storage/wallet_history.hpp"

namespace mvm::entry {

namespace {

using domain::ErrorCode;

constexpr std::int32_t lines_max = 100000;

struct Span {
    TimestampTz from_time;
    TimestampTz to_time;
    std::int64_t after_id;
    std::int32_t rows_max;
    bool first_page;
};

Span span_argument(FunctionCallInfo fcinfo)
{
    Span span{};
    span.from_time = time_argument(fcinfo, 2, "from_time");
    span.to_time = time_argument(fcinfo, 3, "to_time");
    span.rows_max = int4_argument(fcinfo, 4, "max_rows");
    const auto after_id = optional_int8_argument(fcinfo, 5);
    span.after_id = after_id.value_or(PG_INT64_MIN);
    span.first_page = !after_id;
    if (span.rows_max < 1 || span.rows_max > lines_max) {
        pg::raise(ErrorCode::invalid_argument,
                  psprintf("max_rows is %d, it must be 1 to %d.", span.rows_max, lines_max));
    }
    if (span.from_time > span.to_time) {
        pg::raise(ErrorCode::invalid_argument, "from_time is after to_time.");
    }
    return span;
}

// The line of a movement, and the balance after it.
void put_leg(RowWriter &rows, const storage::WalletLeg &leg, pg::WideAmount balance_minor,
             int currency_scale)
{
    rows.add_int8(leg.transaction_id);
    rows.add_text(domain::name_of(leg.kind));
    rows.add_int8(leg.counterparty_id);
    rows.add_int8(leg.item_id);
    rows.add_int8(leg.quantity);
    rows.add_amount(leg.amount_minor, currency_scale);
    rows.add_amount(balance_minor, currency_scale);
    rows.add_time(leg.transaction_time);
    rows.add(leg.memo);
    put_row(rows);
}

// The line of a balance by itself.
void put_balance(RowWriter &rows, const char *kind, pg::WideAmount balance_minor, TimestampTz time,
                 int currency_scale)
{
    rows.add_null();
    rows.add_text(kind);
    for (int column = 0; column < 4; ++column) {
        rows.add_null();
    }
    rows.add_amount(balance_minor, currency_scale);
    rows.add_time(time);
    put_row(rows);
}

void put_page(RowWriter &rows, storage::Call &call, std::int64_t user_id, std::int32_t universe_id,
              const Span &span)
{
    const int scale = market::require_universe(call, universe_id).currency_scale;
    storage::WalletHistory history;
    storage::open_wallet_history(call, history, {user_id, universe_id},
                                 {span.to_time, span.from_time, span.after_id});
    const auto in_span = [&] {
        return history.at_leg && history.leg.transaction_time < span.to_time;
    };
    storage::require_explained(user_id, universe_id, history.balance_minor);
    if (span.first_page) {
        put_balance(rows, "opening", history.balance_minor, span.from_time, scale);
    }
    for (std::int32_t count = 0; in_span() && count < span.rows_max; ++count) {
        const pg::WideAmount balance_minor = history.balance_minor + history.leg.amount_minor;
        storage::require_explained(user_id, universe_id, balance_minor);
        put_leg(rows, history.leg, balance_minor, scale);
        storage::next_leg(history);
    }
    if (!in_span()) {
        put_balance(rows, "closing", history.balance_minor, span.to_time, scale);
    }
    storage::close_wallet_history(history);
}

Datum statement_function(FunctionCallInfo fcinfo)
{
    const std::int64_t user_id = int8_argument(fcinfo, 0, "user_id");
    const std::int32_t universe_id = int4_argument(fcinfo, 1, "universe_id");
    const Span span = span_argument(fcinfo);
    RowWriter rows = result_set(fcinfo);

    storage::Call call;
    storage::begin_read(call);
    market::require_user(call, user_id);
    put_page(rows, call, user_id, universe_id, span);
    storage::end_call(call);
    return Datum{0};
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_statement, mvm::entry::statement_function)
