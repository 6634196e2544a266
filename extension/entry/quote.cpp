// mvm_quote, mvm_accept_quote: an exchange at a rate that is frozen for a while.
#include "market/quote.hpp"

#include "entry/arguments.hpp"
#include "entry/journal_rows.hpp"
#include "market/requirements.hpp"
#include "pg/guard.hpp"
#include "pg/numeric.hpp"

namespace mvm::entry {

namespace {

// A row of mvm.quotes, of a quote that nobody has accepted yet.
Datum quote_result(FunctionCallInfo fcinfo, storage::Call &call, const storage::Quote &quote)
{
    const storage::Universe from = market::require_universe(call, quote.from_universe_id);
    const storage::Universe to = market::require_universe(call, quote.to_universe_id);
    RowWriter writer = single_row(fcinfo);
    writer.add_int8(quote.id);
    writer.add_int8(quote.user_id);
    writer.add_amount(quote.paid_minor, from.currency_scale);
    writer.add_amount(quote.received_minor, to.currency_scale);
    writer.add_amount(quote.fee_minor, to.currency_scale);
    writer.add_int4(quote.from_universe_id);
    writer.add_int4(quote.to_universe_id);
    writer.add(pg::numeric_ratio(quote.to_rate, quote.from_rate));
    writer.add_text("open");
    writer.add_time(quote.created_at);
    writer.add_time(quote.expires_at);
    writer.add_null(); // no transaction yet
    return row_result(call, writer);
}

Datum quote_function(FunctionCallInfo fcinfo)
{
    market::QuoteRequest request{};
    request.user_id = int8_argument(fcinfo, 0, "user_id");
    request.amount = numeric_argument(fcinfo, 1, "amount");
    request.from_universe_id = int4_argument(fcinfo, 2, "from_universe_id");
    request.to_universe_id = int4_argument(fcinfo, 3, "to_universe_id");
    const Interval *ttl = interval_argument(fcinfo, 4, "ttl");
    market::require_positive(request.amount, "amount");
    request.lifetime_us = require_lifetime(ttl, "ttl");

    storage::Call call;
    storage::begin_write(call, "mvm_quote()");
    const storage::Quote quote = market::make_quote(call, request);
    const Datum result = quote_result(fcinfo, call, quote);
    storage::end_call(call);
    return result;
}

Datum accept_quote_function(FunctionCallInfo fcinfo)
{
    const std::int64_t quote_id = int8_argument(fcinfo, 0, "quote_id");

    storage::Call call;
    storage::begin_write(call, "mvm_accept_quote()");
    const storage::JournalRow row = market::accept_quote(call, quote_id);
    storage::UniverseSet universes{};
    const Datum result = exchange_result(fcinfo, call, universes, row);
    storage::end_call(call);
    return result;
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_quote, mvm::entry::quote_function)
MVM_SQL_FUNCTION(mvm_accept_quote, mvm::entry::accept_quote_function)
