// mvm_quote, mvm_accept_quote: an exchange at a rate that is frozen for a while.
#include "storage/quote.hpp"

#include "domain/netting.hpp"

#include "entry/arguments.hpp"
#include "entry/open_limits.hpp"
#include "entry/payment.hpp"
#include "entry/requirements.hpp"
#include "entry/results.hpp"
#include "pg/guard.hpp"
#include "pg/numeric.hpp"
#include "pg/refusal.hpp"

namespace mvm::entry {

namespace {

using domain::ErrorCode;
using storage::Call;

// Both universes of an exchange and the rules between them.
struct Sides {
    storage::UniverseSet universes;
    int from;
    int to;
    domain::ExchangeOrder order;
};

Sides require_sides(Call &call, std::int32_t from_id, std::int32_t to_id)
{
    Sides sides{};
    sides.from = storage::universe_in(call, sides.universes, from_id);
    if (sides.from < 0) {
        raise(no_universe(from_id));
    }
    sides.to = storage::universe_in(call, sides.universes, to_id);
    if (sides.to < 0) {
        raise(no_universe(to_id));
    }
    if (from_id == to_id) {
        raise(same_universe(from_id));
    }
    sides.order.payer_currency = sides.universes.currencies[sides.from];
    sides.order.receiver_currency = sides.universes.currencies[sides.to];
    sides.order.payer_rules = sides.universes.universes[sides.from].rules;
    sides.order.receiver_rules = sides.universes.universes[sides.to].rules;
    sides.order.route = storage::route_in(call, sides.universes, sides.from, sides.to);
    return sides;
}

// What the exchange would do to wallets that can pay and receive anything.
domain::Settlement require_terms(Sides &sides)
{
    domain::RunningBalance payer{PG_INT64_MAX, false};
    domain::RunningBalance receiver{0, false};
    const domain::Settlement terms = domain::settle_exchange(sides.order, payer, receiver);
    const storage::Universe &from = sides.universes.universes[sides.from];
    const storage::Universe &to = sides.universes.universes[sides.to];
    if (terms.error == ErrorCode::rule_violation) {
        raise(broken_rule(terms, 0, from, to));
    }
    if (terms.error != ErrorCode::ok) {
        raise(unusable_conversion(terms.error, sides.order.amount_minor, from, to));
    }
    return terms;
}

Datum quote_function(FunctionCallInfo fcinfo)
{
    const std::int64_t user_id = int8_argument(fcinfo, 0, "user_id");
    const Datum amount = numeric_argument(fcinfo, 1, "amount");
    const std::int32_t from_id = int4_argument(fcinfo, 2, "from_universe_id");
    const std::int32_t to_id = int4_argument(fcinfo, 3, "to_universe_id");
    const Interval *ttl = interval_argument(fcinfo, 4, "ttl");
    require_positive(amount, "amount");
    const std::int64_t lifetime_us = require_lifetime(ttl, "ttl");

    Call call;
    storage::begin_write(call, "mvm_quote()");
    lock_user_with_limits(call, user_id);
    Sides sides = require_sides(call, from_id, to_id);
    const storage::Universe &from = sides.universes.universes[sides.from];
    const storage::Universe &to = sides.universes.universes[sides.to];
    sides.order.amount_minor = require_amount(amount, from, "amount");
    const domain::Settlement terms = require_terms(sides);
    require_room_for_quote(call, user_id, to, lifetime_us);

    storage::Quote quote{};
    quote.id = storage::next_id("quote_id_seq");
    quote.user_id = user_id;
    quote.paid_minor = terms.paid_minor;
    quote.received_minor = terms.received_minor;
    quote.fee_minor = terms.fee_minor;
    quote.created_at = GetCurrentTimestamp();
    quote.expires_at = quote.created_at + lifetime_us;
    quote.from_universe_id = from_id;
    quote.to_universe_id = to_id;
    quote.from_rate = from.exchange_rate;
    quote.to_rate = to.exchange_rate;
    storage::insert_quote(call, quote);

    Datum values[] = {
        Int64GetDatum(quote.id),
        Int64GetDatum(user_id),
        pg::numeric_of_minor(quote.paid_minor, from.currency_scale),
        pg::numeric_of_minor(quote.received_minor, to.currency_scale),
        pg::numeric_of_minor(quote.fee_minor, to.currency_scale),
        Int32GetDatum(from_id),
        Int32GetDatum(to_id),
        pg::numeric_ratio(quote.to_rate, quote.from_rate),
        CStringGetTextDatum("open"),
        TimestampTzGetDatum(quote.created_at),
        TimestampTzGetDatum(quote.expires_at),
        Datum{0}, // no transaction yet
    };
    bool nulls[lengthof(values)] = {};
    nulls[lengthof(values) - 1] = true;
    const Datum result = row_result(fcinfo, call, values, nulls, lengthof(values));
    storage::end_call(call);
    return result;
}

storage::Quote require_locked_quote(Call &call, std::int64_t quote_id)
{
    storage::Quote quote{};
    if (!storage::lock_quote(call, quote_id, quote)) {
        pg::refuse(ErrorCode::quote_not_found,
                   psprintf("There is no quote " INT64_FORMAT ".", quote_id));
    }
    return quote;
}

void require_open(const storage::Quote &quote)
{
    if (quote.transaction_id) {
        pg::refuse(ErrorCode::quote_closed,
                   psprintf("Quote " INT64_FORMAT " was accepted by transaction " INT64_FORMAT ".",
                            quote.id, *quote.transaction_id));
    }
    if (GetCurrentTimestamp() >= quote.expires_at) {
        pg::refuse(ErrorCode::quote_closed,
                   psprintf("Quote " INT64_FORMAT " expired at %s.", quote.id,
                            timestamptz_to_str(quote.expires_at)));
    }
}

// The rate was frozen, not the operator's right to close an exchange.
void require_open_sides(Call &call, const storage::Quote &quote)
{
    Sides sides = require_sides(call, quote.from_universe_id, quote.to_universe_id);
    const domain::BrokenRule closed =
        domain::first_closed(sides.order.payer_rules.exchange_open,
                             sides.order.receiver_rules.exchange_open, sides.order.route);
    if (closed != domain::BrokenRule::none) {
        domain::Settlement terms;
        terms.rule = closed;
        raise(broken_rule(terms, 0, sides.universes.universes[sides.from],
                          sides.universes.universes[sides.to]));
    }
}

storage::JournalRow exchange_row(const storage::Quote &quote)
{
    storage::JournalRow row{};
    row.kind = domain::JournalKind::exchange;
    row.user_id = quote.user_id;
    row.paid_minor = quote.paid_minor;
    row.received_minor = quote.received_minor;
    row.fee_minor = storage::unless_zero(quote.fee_minor);
    row.from_universe_id = quote.from_universe_id;
    row.to_universe_id = quote.to_universe_id;
    row.from_rate = quote.from_rate;
    row.to_rate = quote.to_rate;
    row.reference_id = quote.id;
    return row;
}

Datum accept_quote_function(FunctionCallInfo fcinfo)
{
    const std::int64_t quote_id = int8_argument(fcinfo, 0, "quote_id");

    Call call;
    storage::begin_write(call, "mvm_accept_quote()");
    storage::Quote quote = require_locked_quote(call, quote_id);
    Payment payment = lock_payment(call, {quote.user_id, quote.from_universe_id},
                                   storage::WalletKey{quote.user_id, quote.to_universe_id});
    storage::go_on_from_now(call);
    require_open(quote);
    require_open_sides(call, quote);
    storage::JournalRow row = exchange_row(quote);
    settle_payment(call, payment, row);
    // From here only I/O can fail.
    KeyedCall without_key{};
    write_payment(call, payment, without_key);
    storage::accept_quote(call, quote, row.id);

    storage::UniverseSet universes{};
    const Datum result = exchange_result(fcinfo, call, universes, row);
    storage::end_call(call);
    return result;
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_quote, mvm::entry::quote_function)
MVM_SQL_FUNCTION(mvm_accept_quote, mvm::entry::accept_quote_function)
