#include "market/quote.hpp"

#include "market/open_limits.hpp"
#include "market/requirements.hpp"
#include "market/single_row.hpp"

namespace mvm::market {

namespace {

using domain::ErrorCode;
using storage::Call;
using storage::JournalRow;
using storage::Quote;
using storage::UniverseSet;

// Both universes of an exchange, by their indexes, with their currencies, rules and route.
struct Sides {
    int from;
    int to;
    domain::ExchangeOrder order;
};

Sides require_sides(Call &call, UniverseSet &universes, std::int32_t from_id, std::int32_t to_id)
{
    Sides sides{};
    sides.from = storage::universe_in(call, universes, from_id);
    if (sides.from < 0) {
        raise(no_universe(from_id));
    }
    sides.to = storage::universe_in(call, universes, to_id);
    if (sides.to < 0) {
        raise(no_universe(to_id));
    }
    if (from_id == to_id) {
        raise(same_universe(from_id));
    }
    sides.order.payer_currency = universes.currencies[sides.from];
    sides.order.receiver_currency = universes.currencies[sides.to];
    sides.order.payer_rules = universes.universes[sides.from].rules;
    sides.order.receiver_rules = universes.universes[sides.to].rules;
    sides.order.route =
        storage::route_in(universes, storage::route_between(call, universes, sides.from, sides.to));
    return sides;
}

// ---------------------------------------------------------------------------
// Making
// ---------------------------------------------------------------------------

domain::Settlement require_terms(UniverseSet &universes, const Sides &sides)
{
    const domain::Settlement terms = domain::settle_exchange(sides.order);
    const storage::Universe &from = universes.universes[sides.from];
    const storage::Universe &to = universes.universes[sides.to];
    if (terms.error == ErrorCode::rule_violation) {
        raise(broken_rule(terms, 0, from, to));
    }
    if (terms.error != ErrorCode::ok) {
        raise(unusable_conversion(terms.error, sides.order.amount_minor, from, to));
    }
    return terms;
}

Quote new_quote(const QuoteRequest &request, const domain::Settlement &terms,
                const storage::Universe &from, const storage::Universe &to)
{
    Quote quote{};
    quote.id = storage::next_id("quote_id_seq");
    quote.user_id = request.user_id;
    quote.paid_minor = terms.paid_minor;
    quote.received_minor = terms.received_minor;
    quote.fee_minor = terms.fee_minor;
    quote.created_at = GetCurrentTimestamp();
    quote.expires_at = quote.created_at + request.lifetime_us;
    quote.from_universe_id = from.id;
    quote.to_universe_id = to.id;
    quote.from_rate = from.exchange_rate;
    quote.to_rate = to.exchange_rate;
    return quote;
}

} // namespace

Quote make_quote(Call &call, const QuoteRequest &request)
{
    lock_user_with_limits(call, request.user_id);
    UniverseSet universes{};
    Sides sides = require_sides(call, universes, request.from_universe_id, request.to_universe_id);
    const storage::Universe &from = universes.universes[sides.from];
    const storage::Universe &to = universes.universes[sides.to];
    sides.order.amount_minor = require_amount(request.amount, from, "amount");
    const domain::Settlement terms = require_terms(universes, sides);
    require_quote_allowed(call, request.user_id, to, request.lifetime_us);
    const Quote quote = new_quote(request, terms, from, to);
    storage::insert_quote(call, quote);
    return quote;
}

// ---------------------------------------------------------------------------
// Accepting
// ---------------------------------------------------------------------------

namespace {

Quote require_locked_quote(Call &call, std::int64_t quote_id)
{
    Quote quote{};
    if (!storage::lock_quote(call, quote_id, quote)) {
        raise({ErrorCode::quote_not_found,
               psprintf("There is no quote " INT64_FORMAT ".", quote_id), nullptr});
    }
    return quote;
}

void require_open(const Quote &quote)
{
    if (quote.transaction_id) {
        raise({ErrorCode::quote_closed,
               psprintf("Quote " INT64_FORMAT " was accepted by transaction " INT64_FORMAT ".",
                        quote.id, *quote.transaction_id),
               nullptr});
    }
    if (GetCurrentTimestamp() >= quote.expires_at) {
        raise({ErrorCode::quote_closed,
               psprintf("Quote " INT64_FORMAT " expired at %s.", quote.id,
                        timestamptz_to_str(quote.expires_at)),
               nullptr});
    }
}

// A quote freezes the rate, but an operator may close the exchange or the route until it is
// accepted.
void require_open_sides(UniverseSet &universes, const Sides &sides)
{
    const domain::BrokenRule closed =
        domain::first_closed(sides.order.payer_rules.exchange_open,
                             sides.order.receiver_rules.exchange_open, sides.order.route);
    if (closed != domain::BrokenRule::none) {
        domain::Settlement terms;
        terms.rule = closed;
        raise(
            broken_rule(terms, 0, universes.universes[sides.from], universes.universes[sides.to]));
    }
}

JournalRow exchange_row(const Quote &quote)
{
    JournalRow row{};
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

} // namespace

JournalRow accept_quote(Call &call, std::int64_t quote_id)
{
    Quote quote = require_locked_quote(call, quote_id);
    Desk desk{call};
    Expiry expiry{desk};
    lock_wallets(desk, {{{quote.user_id, quote.from_universe_id}, false},
                        {{quote.user_id, quote.to_universe_id}, true}});
    storage::go_on_from_now(call);
    require_open(quote);
    UniverseSet universes{};
    const Sides sides =
        require_sides(call, universes, quote.from_universe_id, quote.to_universe_id);
    require_open_sides(universes, sides);
    JournalRow row = exchange_row(quote);
    post_row(expiry, row, universes.universes[sides.from]);
    // From here only I/O can fail.
    write_row(expiry, KeyedCall{}, row);
    storage::accept_quote(call, quote, row.id);
    return row;
}

} // namespace mvm::market
