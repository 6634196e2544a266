#include "market/hold.hpp"

#include "market/open_limits.hpp"
#include "market/requirements.hpp"
#include "market/single_row.hpp"
#include "pg/numeric.hpp"
#include "pg/refusal.hpp"

namespace mvm::market {

namespace {

using domain::ErrorCode;
using storage::Call;
using storage::Hold;
using storage::HoldState;
using storage::JournalRow;

Refusal no_hold(std::int64_t hold_id)
{
    return {ErrorCode::hold_not_found, psprintf("There is no hold " INT64_FORMAT ".", hold_id),
            nullptr};
}

Hold require_hold(Call &call, std::int64_t hold_id)
{
    Hold hold{};
    if (!storage::find_hold(call, hold_id, hold)) {
        raise(no_hold(hold_id));
    }
    return hold;
}

// ---------------------------------------------------------------------------
// Setting aside
// ---------------------------------------------------------------------------

// The hold with the terms at which the order was settled.
Hold new_hold(Call &call, storage::UniverseSet &universes, const Order &order, const Answer &answer)
{
    const JournalRow &row = answer.row;
    const int from = storage::universe_in(call, universes, row.from_universe_id);
    const int to = storage::universe_in(call, universes, answer.hold.item_universe_id);
    const storage::Universe &item_universe = universes.universes[to];
    const domain::Share tariff =
        storage::route_in(universes, storage::known_route(universes, from, to)).tariff;
    Hold hold{};
    hold.id = *row.reference_id;
    hold.buyer_id = *row.user_id;
    hold.item_id = *row.item_id;
    hold.seller_id = answer.hold.seller_id;
    hold.quantity = *row.quantity;
    hold.price_minor = answer.hold.price_minor;
    hold.paid_minor = *row.paid_minor;
    hold.created_at = row.transaction_time;
    hold.expires_at = row.transaction_time + order.lifetime_us;
    hold.from_universe_id = row.from_universe_id;
    hold.to_universe_id = item_universe.id;
    hold.state = HoldState::active;
    hold.from_rate = *row.from_rate;
    hold.to_rate = item_universe.exchange_rate;
    hold.sale_fee_rate = storage::stored_rules(call, item_universe)[storage::Rule::sale_fee_rate];
    if (!(tariff == domain::Share{})) {
        hold.tariff_rate = pg::numeric_of_minor(tariff.mantissa, tariff.scale);
    }
    return hold;
}

} // namespace

Hold reserve(Call &call, Order order)
{
    lock_user_with_limits(call, order.user_id);
    order.hold_id = storage::next_id("hold_id_seq");
    storage::UniverseSet universes{};
    Answer answer{};
    execute_orders(call, universes, &order, &answer, 1);
    if (answer.refused()) {
        raise(answer.refusal);
    }
    if (answer.replayed) {
        return require_hold(call, answer.row.reference_id.value_or(0));
    }
    const Hold hold = new_hold(call, universes, order, answer);
    storage::insert_hold(call, hold);
    return hold;
}

// ---------------------------------------------------------------------------
// Ending
// ---------------------------------------------------------------------------

namespace {

// Locks, in the global order, what the end of a hold changes: item, wallets, hold. `seller` is the
// wallet that a capture pays to, if it is not a treasury.
Hold lock_hold(Desk &desk, const Hold &seen, const std::optional<storage::WalletKey> &seller)
{
    if (lock_item(desk, seen.item_id) < 0) {
        raise(no_item(seen.item_id));
    }
    pg::Array<WantedWallet> wanted{};
    wanted.push({{seen.buyer_id, seen.from_universe_id}, false});
    if (seller) {
        wanted.push({*seller, true});
    }
    lock_wallets(desk, wanted);
    Hold hold{};
    if (!storage::lock_hold(desk.call, seen.id, hold)) {
        raise(no_hold(seen.id));
    }
    if (hold.item_id != seen.item_id || hold.buyer_id != seen.buyer_id ||
        hold.seller_id != seen.seller_id || hold.from_universe_id != seen.from_universe_id ||
        hold.to_universe_id != seen.to_universe_id) {
        pg::raise_stale_snapshot(); // changed by hand meanwhile: other rows would have to be locked
    }
    return hold;
}

void require_active(const Hold &hold)
{
    if (hold.state != HoldState::active) {
        raise({ErrorCode::hold_closed,
               psprintf("Hold " INT64_FORMAT " was %s.", hold.id, storage::name_of(hold.state)),
               nullptr});
    }
    if (hold.expires_at <= GetCurrentTimestamp()) {
        raise({ErrorCode::hold_closed,
               psprintf("Hold " INT64_FORMAT " expired at %s.", hold.id,
                        timestamptz_to_str(hold.expires_at)),
               nullptr});
    }
}

std::int64_t require_pieces(const Hold &hold, const std::optional<std::int64_t> &wanted)
{
    const std::int64_t quantity = wanted.value_or(hold.quantity);
    if (quantity > hold.quantity) {
        raise({ErrorCode::invalid_quantity,
               psprintf("Hold " INT64_FORMAT " is of " INT64_FORMAT " pieces, " INT64_FORMAT
                        " are asked for.",
                        hold.id, hold.quantity, quantity),
               nullptr});
    }
    return quantity;
}

domain::Currency frozen_currency(Datum rate, const storage::Universe &universe)
{
    const auto frozen = domain::rate_from_decimal(pg::text_of_numeric(rate));
    return {frozen.value, universe.currency_scale};
}

domain::Share frozen_share(const std::optional<Datum> &rate, int below)
{
    return rate ? domain::share_from_decimal(pg::text_of_numeric(*rate), below).value
                : domain::Share{};
}

// The purchase of `quantity` pieces at the hold's terms.
domain::PurchasePlan require_capture(const Hold &hold, std::int64_t quantity,
                                     const storage::Universe &home,
                                     const storage::Universe &item_universe)
{
    domain::PurchaseTerms terms;
    terms.quantity = quantity;
    terms.price_minor = hold.price_minor;
    terms.stock = hold.quantity;
    terms.same_currency = hold.from_universe_id == hold.to_universe_id;
    terms.buyer_currency = frozen_currency(hold.from_rate, home);
    terms.item_currency = frozen_currency(hold.to_rate, item_universe);
    terms.sale_fee = frozen_share(hold.sale_fee_rate, domain::fee_rate_below);
    terms.tariff = frozen_share(hold.tariff_rate, domain::tariff_rate_below);
    const auto plan = domain::plan_capture(terms, hold.paid_minor);
    if (plan.error == ErrorCode::invalid_amount) {
        raise(fee_takes_all(quantity, hold.price_minor, terms.sale_fee, item_universe));
    }
    if (!plan.ok()) {
        raise({ErrorCode::amount_out_of_range,
               psprintf("Hold " INT64_FORMAT " does not cover its purchase.", hold.id), nullptr});
    }
    return plan.value;
}

JournalRow purchase_row(const Hold &hold, std::int64_t quantity, const domain::PurchasePlan &plan)
{
    JournalRow row{};
    row.kind = domain::JournalKind::purchase;
    row.user_id = hold.buyer_id;
    row.counterparty_id = hold.seller_id;
    row.item_id = hold.item_id;
    row.quantity = quantity;
    row.paid_minor = plan.paid_minor;
    row.received_minor = plan.received_minor;
    row.fee_minor = storage::unless_zero(plan.fee_minor);
    row.tariff_minor = storage::unless_zero(plan.tariff_minor);
    row.from_universe_id = hold.from_universe_id;
    row.to_universe_id = hold.to_universe_id;
    row.from_rate = hold.from_rate;
    row.to_rate = hold.to_rate;
    row.reference_id = hold.id;
    return row;
}

KeyedCall begin_keyed_capture(Call &call, const Hold &hold, const CaptureRequest &request)
{
    const char *pieces = request.quantity ? psprintf(INT64_FORMAT, *request.quantity) : "all";
    return begin_keyed_call(
        call, hold.buyer_id, request.client.key,
        psprintf("capture hold_id=" INT64_FORMAT " quantity=%s", hold.id, pieces));
}

} // namespace

// In the journal a capture is the release of the whole hold and a purchase.
JournalRow capture(Call &call, const CaptureRequest &request)
{
    const Hold seen = require_hold(call, request.hold_id);
    const KeyedCall keyed = begin_keyed_capture(call, seen, request);
    if (keyed.answered) {
        return keyed.first_answer;
    }
    const storage::Universe home = require_universe(call, seen.from_universe_id);
    const storage::Universe item_universe = require_universe(call, seen.to_universe_id);
    const auto seller =
        seen.seller_id ? std::optional(storage::WalletKey{*seen.seller_id, seen.to_universe_id})
                       : std::nullopt;

    Desk desk{call};
    Expiry expiry{desk};
    Hold hold = lock_hold(desk, seen, seller);
    require_active(hold);
    const std::int64_t quantity = require_pieces(hold, request.quantity);
    JournalRow released = release_row(hold);
    JournalRow row =
        purchase_row(hold, quantity, require_capture(hold, quantity, home, item_universe));
    require_range(desk, post_both(desk, posting_of(desk, &released), posting_of(desk, &row)), row);
    // From here only I/O can fail.
    write_row(expiry, keyed, row);
    storage::close_hold(call, hold, HoldState::captured, quantity);
    return row;
}

Hold release(Call &call, std::int64_t hold_id)
{
    const Hold seen = require_hold(call, hold_id);
    Desk desk{call};
    Hold hold = lock_hold(desk, seen, std::nullopt);
    require_active(hold);
    JournalRow row = release_row(hold);
    require_range(desk, post(desk, posting_of(desk, &row)), row);
    // From here only I/O can fail.
    write(desk);
    storage::close_hold(call, hold, HoldState::released, 0);
    return hold;
}

int sweep_holds(Call &call, int count_max)
{
    Desk desk{call};
    Expiry expiry{desk};
    const int swept = release_any(expiry, count_max);
    // From here only I/O can fail.
    write(expiry);
    return swept;
}

} // namespace mvm::market
