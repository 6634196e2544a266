// mvm_statement: what moved a wallet in a span of time, and the balance after each movement.
#include <algorithm>

#include "entry/arguments.hpp"
#include "entry/requirements.hpp"
#include "entry/results.hpp"
#include "pg/array.hpp"
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
        pg::refuse(ErrorCode::invalid_argument,
                   psprintf("max_rows is %d, it must be 1 to %d.", span.rows_max, lines_max));
    }
    if (span.from_time > span.to_time) {
        pg::refuse(ErrorCode::invalid_argument, "from_time is after to_time.");
    }
    return span;
}

struct Line {
    storage::WalletLeg leg;
    std::int64_t balance_minor;
};

struct Page {
    std::int64_t opening_minor;
    pg::Array<Line> lines;
    bool is_last;
    std::int64_t closing_minor; // of the last page
};

bool is_later(const storage::BalanceSnapshot &a, const storage::BalanceSnapshot &b)
{
    return a.before_id < b.before_id;
}

// The nearest known balance before the page's first line, and before the span's end.
storage::BalanceSnapshot start_of_page(storage::Call &call, std::int64_t user_id,
                                       std::int32_t universe_id, const Span &span)
{
    const auto before_span =
        storage::balance_snapshot_before_time(call, user_id, universe_id, span.from_time);
    if (span.first_page) {
        return before_span;
    }
    const auto before_page =
        storage::balance_snapshot_before_id(call, user_id, universe_id, span.after_id);
    const auto before_end =
        storage::balance_snapshot_before_time(call, user_id, universe_id, span.to_time);
    return std::min(std::max(before_span, before_page, is_later), before_end, is_later);
}

Page read_page(storage::Call &call, std::int64_t user_id, std::int32_t universe_id,
               const Span &span)
{
    Page page{};
    storage::WalletHistory history;
    storage::open_wallet_history(call, history, user_id, universe_id,
                                 start_of_page(call, user_id, universe_id, span));
    const auto in_time = [&] {
        return history.at_leg && history.leg.transaction_time < span.to_time;
    };
    while (in_time() && (history.leg.transaction_time < span.from_time ||
                         history.leg.transaction_id <= span.after_id)) {
        storage::next_leg(history);
    }
    page.opening_minor = history.balance_minor;
    while (in_time() && page.lines.count < span.rows_max) {
        const storage::WalletLeg leg = history.leg;
        storage::next_leg(history);
        page.lines.push({leg, history.balance_minor});
    }
    page.is_last = !in_time();
    page.closing_minor = history.balance_minor;
    storage::close_wallet_history(history);
    return page;
}

Datum statement_function(FunctionCallInfo fcinfo)
{
    const std::int64_t user_id = int8_argument(fcinfo, 0, "user_id");
    const std::int32_t universe_id = int4_argument(fcinfo, 1, "universe_id");
    const Span span = span_argument(fcinfo);
    InitMaterializedSRF(fcinfo, 0);
    auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);

    storage::Call call;
    storage::begin_read(call);
    require_user(call, user_id);
    const int scale = require_universe(call, universe_id).currency_scale;
    Page page = read_page(call, user_id, universe_id, span);
    if (span.first_page) {
        put_balance(result, "opening", page.opening_minor, span.from_time, scale);
    }
    for (const Line &line : page.lines) {
        put_leg(result, line.leg, line.balance_minor, scale);
    }
    if (page.is_last) {
        put_balance(result, "closing", page.closing_minor, span.to_time, scale);
    }
    storage::end_call(call);
    return Datum{0};
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_statement, mvm::entry::statement_function)
