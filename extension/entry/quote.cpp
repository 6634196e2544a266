// mvm_quote, mvm_accept_quote: an exchange at a rate that is frozen for a while.
#include "market/quote.hpp"

#include "entry/arguments.hpp"
#include "entry/results.hpp"
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
    Datum values[] = {
        Int64GetDatum(quote.id),
        Int64GetDatum(quote.user_id),
        pg::numeric_of_minor(quote.paid_minor, from.currency_scale),
        pg::numeric_of_minor(quote.received_minor, to.currency_scale),
        pg::numeric_of_minor(quote.fee_minor, to.currency_scale),
        Int32GetDatum(quote.from_universe_id),
        Int32GetDatum(quote.to_universe_id),
        pg::numeric_ratio(quote.to_rate, quote.from_rate),
        CStringGetTextDatum("open"),
        TimestampTzGetDatum(quote.created_at),
        TimestampTzGetDatum(quote.expires_at),
        Datum{0}, // no transaction yet
    };
    bool nulls[lengthof(values)] = {};
    nulls[lengthof(values) - 1] = true;
    return row_result(fcinfo, call, values, nulls, lengthof(values));
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
