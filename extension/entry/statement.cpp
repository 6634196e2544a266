// mvm_statement: what moved a wallet in a span of time, and the balance after each movement.
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

// The oldest lines of a span, as many as a page holds, read newest first.
struct Page {
    pg::Array<Line> lines; // a ring once it is full
    std::int64_t count;    // of lines in the span
    std::int64_t opening_minor;
    std::int64_t closing_minor;
};

void add_line(Page &page, std::int32_t rows_max, const Line &line)
{
    if (page.lines.count < rows_max) {
        page.lines.push(line);
    } else {
        page.lines[static_cast<int>(page.count % rows_max)] = line;
    }
    ++page.count;
}

Page read_page(storage::Call &call, std::int64_t user_id, std::int32_t universe_id,
               const Span &span)
{
    Page page{};
    storage::WalletHistory history;
    storage::open_wallet_history(call, history, user_id, universe_id);
    storage::go_back_before(history, span.to_time);
    page.closing_minor = history.balance_minor;
    while (history.at_leg && history.leg.transaction_time >= span.from_time &&
           history.leg.transaction_id > span.after_id) {
        add_line(page, span.rows_max, {history.leg, history.balance_minor});
        storage::next_leg(history);
    }
    page.opening_minor = history.balance_minor;
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
    for (std::int64_t line = page.count - 1; line >= page.count - page.lines.count; --line) {
        const Line &next = page.lines[static_cast<int>(line % span.rows_max)];
        put_leg(result, next.leg, next.balance_minor, scale);
    }
    if (page.count <= span.rows_max) {
        put_balance(result, "closing", page.closing_minor, span.to_time, scale);
    }
    storage::end_call(call);
    return Datum{0};
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_statement, mvm::entry::statement_function)
