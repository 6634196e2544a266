// mvm_reserve, mvm_capture, mvm_release, mvm_sweep_holds: stock and money set aside at frozen
// terms.
#include "storage/hold.hpp"

#include "domain/plan.hpp"

#include "entry/arguments.hpp"
#include "entry/expired_holds.hpp"
#include "entry/keyed_call.hpp"
#include "entry/open_limits.hpp"
#include "entry/orders.hpp"
#include "entry/requirements.hpp"
#include "entry/results.hpp"
#include "pg/guard.hpp"
#include "pg/numeric.hpp"
#include "pg/refusal.hpp"
#include "storage/journal_link.hpp"

namespace mvm::entry {

namespace {

using domain::ErrorCode;
using storage::Call;
using storage::Hold;
using storage::HoldState;

const char *name_of(HoldState state)
{
    switch (state) {
    case HoldState::active:
        return "active";
    case HoldState::captured:
        return "captured";
    case HoldState::released:
        return "released";
    case HoldState::expired:
        return "expired";
    }
    return "unknown";
}

// A row of mvm.holds.
Datum hold_result(FunctionCallInfo fcinfo, Call &call, const Hold &hold)
{
    const storage::Universe home = require_universe(call, hold.from_universe_id);
    const storage::Universe item_universe = require_universe(call, hold.to_universe_id);
    const bool is_over =
        hold.state == HoldState::active && hold.expires_at <= GetCurrentTimestamp();
    Datum values[] = {
        Int64GetDatum(hold.id),
        Int64GetDatum(hold.buyer_id),
        Int64GetDatum(hold.item_id),
        Int64GetDatum(hold.seller_id.value_or(0)),
        Int64GetDatum(hold.quantity),
        Int64GetDatum(hold.captured_quantity),
        pg::numeric_of_minor(hold.paid_minor, home.currency_scale),
        pg::numeric_of_minor(hold.price_minor, item_universe.currency_scale),
        Int32GetDatum(hold.from_universe_id),
        Int32GetDatum(hold.to_universe_id),
        pg::numeric_ratio(hold.to_rate, hold.from_rate),
        CStringGetTextDatum(name_of(is_over ? HoldState::expired : hold.state)),
        TimestampTzGetDatum(hold.created_at),
        TimestampTzGetDatum(hold.expires_at),
    };
    bool nulls[lengthof(values)] = {};
    nulls[3] = !hold.seller_id.has_value();
    return row_result(fcinfo, call, values, nulls, lengthof(values));
}

Hold require_hold(Call &call, std::int64_t hold_id)
{
    Hold hold{};
    if (!storage::find_hold(call, hold_id, hold)) {
        pg::refuse(ErrorCode::hold_not_found,
                   psprintf("There is no hold " INT64_FORMAT ".", hold_id));
    }
    return hold;
}

// ---------------------------------------------------------------------------
// Setting aside
// ---------------------------------------------------------------------------

// The terms that the order was settled on, frozen.
Hold new_hold(Call &call, storage::UniverseSet &universes, const Order &order)
{
    const storage::Universe &home = universes.universes[order.payer_universe];
    const storage::Universe &item_universe = universes.universes[order.receiver_universe];
    const domain::RouteRules route =
        storage::route_in(call, universes, order.payer_universe, order.receiver_universe);
    Hold hold{};
    hold.id = *order.row.reference_id;
    hold.buyer_id = *order.row.user_id;
    hold.item_id = *order.row.item_id;
    hold.seller_id = order.seller_id;
    hold.quantity = *order.row.quantity;
    hold.price_minor = order.price_minor;
    hold.paid_minor = *order.row.paid_minor;
    hold.created_at = order.row.transaction_time;
    hold.expires_at = order.row.transaction_time + order.lifetime_us;
    hold.from_universe_id = home.id;
    hold.to_universe_id = item_universe.id;
    hold.state = HoldState::active;
    hold.from_rate = home.exchange_rate;
    hold.to_rate = item_universe.exchange_rate;
    hold.sale_fee_rate = storage::stored_rules(call, item_universe).sale_fee_rate;
    if (!(route.tariff == domain::Share{})) {
        hold.tariff_rate = pg::numeric_of_minor(route.tariff.mantissa, route.tariff.scale);
    }
    return hold;
}

Datum reserve_function(FunctionCallInfo fcinfo)
{
    Order order{};
    order.row.kind = domain::JournalKind::hold;
    order.row.user_id = int8_argument(fcinfo, 0, "buyer_id");
    order.row.item_id = int8_argument(fcinfo, 1, "item_id");
    order.row.quantity = int8_argument(fcinfo, 2, "quantity");
    const Interval *ttl = interval_argument(fcinfo, 3, "ttl");
    order.key = key_argument(fcinfo, 4);
    order.lifetime_us = require_lifetime(ttl, "ttl");
    if (*order.row.quantity < 1) {
        raise(quantity_below_one(*order.row.quantity));
    }

    Call call;
    storage::begin_write(call, "mvm_reserve()");
    lock_user_with_limits(call, *order.row.user_id);
    order.row.reference_id = storage::next_id("hold_id_seq");
    storage::UniverseSet universes{};
    execute_orders(call, universes, &order, 1);
    if (order.refusal.code != ErrorCode::ok) {
        raise(order.refusal);
    }
    Hold hold{};
    if (order.replayed) {
        hold = require_hold(call, order.row.reference_id.value_or(0));
    } else {
        hold = new_hold(call, universes, order);
        storage::insert_hold(call, hold);
    }
    const Datum result = hold_result(fcinfo, call, hold);
    storage::end_call(call);
    return result;
}

// ---------------------------------------------------------------------------
// Ending
// ---------------------------------------------------------------------------

// What a hold's end touches, locked in the global order: item, wallets, hold.
struct Locked {
    storage::Item item;
    storage::Wallet buyer;
    storage::Wallet seller; // of a capture; null row where a treasury sells
    Hold hold;
};

Locked lock_hold_and_all(Call &call, const Hold &seen, bool with_seller)
{
    Locked locked{};
    if (!storage::lock_item(call, seen.item_id, locked.item)) {
        raise(no_item(seen.item_id));
    }
    const auto seller =
        with_seller && seen.seller_id
            ? std::optional(storage::WalletKey{*seen.seller_id, seen.to_universe_id})
            : std::nullopt;
    const auto wallets =
        storage::lock_wallets(call, {seen.buyer_id, seen.from_universe_id}, seller);
    locked.buyer = wallets.own;
    locked.seller = wallets.other;
    if (!storage::lock_hold(call, seen.id, locked.hold)) {
        pg::refuse(ErrorCode::hold_not_found,
                   psprintf("There is no hold " INT64_FORMAT ".", seen.id));
    }
    const Hold &hold = locked.hold;
    if (hold.item_id != seen.item_id || hold.buyer_id != seen.buyer_id ||
        hold.seller_id != seen.seller_id || hold.from_universe_id != seen.from_universe_id ||
        hold.to_universe_id != seen.to_universe_id) {
        pg::refuse_stale_snapshot(); // the owner changed it by hand: other rows are to be locked
    }
    return locked;
}

void require_active(const Hold &hold)
{
    if (hold.state != HoldState::active) {
        pg::refuse(ErrorCode::hold_closed,
                   psprintf("Hold " INT64_FORMAT " was %s.", hold.id, name_of(hold.state)));
    }
    if (hold.expires_at <= GetCurrentTimestamp()) {
        pg::refuse(ErrorCode::hold_closed, psprintf("Hold " INT64_FORMAT " expired at %s.", hold.id,
                                                    timestamptz_to_str(hold.expires_at)));
    }
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

// The purchase of `quantity` of the pieces at the hold's terms.
domain::PurchasePlan require_capture(Call &call, const Hold &hold, std::int64_t quantity)
{
    const storage::Universe item_universe = require_universe(call, hold.to_universe_id);
    domain::PurchaseTerms terms;
    terms.quantity = quantity;
    terms.price_minor = hold.price_minor;
    terms.stock = hold.quantity;
    terms.same_currency = hold.from_universe_id == hold.to_universe_id;
    terms.buyer_currency =
        frozen_currency(hold.from_rate, require_universe(call, hold.from_universe_id));
    terms.item_currency = frozen_currency(hold.to_rate, item_universe);
    terms.sale_fee = frozen_share(hold.sale_fee_rate, domain::fee_rate_below);
    terms.tariff = frozen_share(hold.tariff_rate, domain::tariff_rate_below);
    const auto plan = domain::plan_capture(terms, hold.paid_minor);
    if (plan.error == ErrorCode::invalid_amount) {
        raise(fee_takes_all(quantity, hold.price_minor, terms.sale_fee, item_universe));
    }
    if (!plan.ok()) {
        pg::refuse(ErrorCode::amount_out_of_range,
                   psprintf("Hold " INT64_FORMAT " does not cover its purchase.", hold.id));
    }
    return plan.value;
}

storage::JournalRow purchase_row(const Hold &hold, std::int64_t quantity,
                                 const domain::PurchasePlan &plan)
{
    storage::JournalRow row{};
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

// What ends a hold: its release and, of a capture, the purchase of what is captured.
struct End {
    storage::JournalRow release;
    storage::JournalRow purchase;
    std::int64_t captured_quantity; // 0: nothing
};

PendingJournal journal_of(End &end)
{
    PendingJournal journal{};
    journal.rows.push(&end.release);
    if (end.captured_quantity > 0) {
        journal.rows.push(&end.purchase);
    }
    return journal;
}

// Numbers the rows, links them and writes the wallets: both rows move the buyer's, a purchase also
// the seller's.
void write_wallets(Call &call, Locked &locked, PendingJournal &journal, std::int64_t buyer_minor,
                   std::int64_t seller_minor)
{
    storage::Wallet &buyer = locked.buyer;
    auto last_journal_id = buyer.last_journal_id;
    for (storage::JournalRow *row : journal.rows) {
        storage::number_journal_row(call, *row); // each at a time of its own
        storage::link_row(*row, {buyer.user_id, buyer.universe_id}, last_journal_id);
    }
    storage::update_balance(call, buyer, {buyer_minor, last_journal_id, journal.rows.count});
    storage::Wallet &seller = locked.seller;
    if (seller.row != nullptr) {
        last_journal_id = seller.last_journal_id;
        storage::link_row(*journal.rows[journal.rows.count - 1],
                          {seller.user_id, seller.universe_id}, last_journal_id);
        storage::update_balance(call, seller, {seller_minor, last_journal_id, 1});
    }
}

// Puts stock and money of the hold's pieces back, but for what a capture takes.
PendingJournal write_end(Call &call, Locked &locked, End &end)
{
    const std::int64_t captured_quantity = end.captured_quantity;
    const std::int64_t paid_minor = end.purchase.paid_minor.value_or(0);
    const std::int64_t received_minor =
        locked.seller.row == nullptr ? 0 : end.purchase.received_minor.value_or(0);
    const Hold &hold = locked.hold;
    const auto stock = domain::add_amounts(locked.item.stock, hold.quantity - captured_quantity);
    const auto buyer =
        domain::add_amounts(locked.buyer.balance_minor, hold.paid_minor - paid_minor);
    const auto seller = domain::add_amounts(locked.seller.balance_minor, received_minor);
    if (!stock.ok()) {
        raise(stock_out_of_range(hold.item_id));
    }
    if (!buyer.ok() || !seller.ok()) {
        raise(balance_out_of_range(buyer.ok() ? *hold.seller_id : hold.buyer_id));
    }
    // From here only I/O can fail.
    storage::advance_command(call);
    if (stock.value != locked.item.stock) {
        storage::update_stock(call, locked.item, stock.value);
    }
    PendingJournal journal = journal_of(end);
    write_wallets(call, locked, journal, buyer.value, seller.value);
    return journal;
}

// In the journal a capture is the release of the whole hold and a purchase.
storage::JournalRow capture(Call &call, const Hold &seen, const std::optional<std::int64_t> &wanted,
                            KeyedCall &keyed)
{
    Locked locked = lock_hold_and_all(call, seen, true);
    require_active(locked.hold);
    const std::int64_t quantity = wanted.value_or(locked.hold.quantity);
    if (quantity > locked.hold.quantity) {
        pg::refuse(ErrorCode::invalid_quantity, psprintf("Hold " INT64_FORMAT " is of " INT64_FORMAT
                                                         " pieces, " INT64_FORMAT " are asked for.",
                                                         seen.id, locked.hold.quantity, quantity));
    }
    const domain::PurchasePlan plan = require_capture(call, locked.hold, quantity);
    End end{release_row(locked.hold), purchase_row(locked.hold, quantity, plan), quantity};
    PendingJournal journal = write_end(call, locked, end);
    LockedRows none{};
    journal_keyed_call(call, keyed, none, journal);
    storage::close_hold(call, locked.hold, HoldState::captured, quantity);
    return end.purchase;
}

Datum capture_function(FunctionCallInfo fcinfo)
{
    const std::int64_t hold_id = int8_argument(fcinfo, 0, "hold_id");
    const auto quantity = optional_int8_argument(fcinfo, 1);
    const auto key = key_argument(fcinfo, 2);
    if (quantity && *quantity < 1) {
        raise(quantity_below_one(*quantity));
    }

    Call call;
    storage::begin_write(call, "mvm_capture()");
    const Hold hold = require_hold(call, hold_id);
    const char *pieces = quantity ? psprintf(INT64_FORMAT, *quantity) : "all";
    KeyedCall keyed =
        begin_keyed_call(call, hold.buyer_id, key,
                         psprintf("capture hold_id=" INT64_FORMAT " quantity=%s", hold_id, pieces));
    const storage::JournalRow row =
        keyed.answered ? keyed.first_answer : capture(call, hold, quantity, keyed);
    storage::UniverseSet universes{};
    const Datum result = trade_result(fcinfo, call, universes, row);
    storage::end_call(call);
    return result;
}

Datum release_function(FunctionCallInfo fcinfo)
{
    const std::int64_t hold_id = int8_argument(fcinfo, 0, "hold_id");

    Call call;
    storage::begin_write(call, "mvm_release()");
    const Hold seen = require_hold(call, hold_id);
    Locked locked = lock_hold_and_all(call, seen, false);
    require_active(locked.hold);
    End end{release_row(locked.hold), {}, 0};
    PendingJournal journal = write_end(call, locked, end);
    storage::append_journal_rows(call, journal.rows.data, journal.rows.count);
    storage::close_hold(call, locked.hold, HoldState::released, 0);
    const Datum result = hold_result(fcinfo, call, locked.hold);
    storage::end_call(call);
    return result;
}

Datum sweep_holds_function(FunctionCallInfo fcinfo)
{
    const std::int32_t rows_max = int4_argument(fcinfo, 0, "max_rows");
    if (rows_max < 1) {
        pg::refuse(ErrorCode::invalid_argument,
                   psprintf("max_rows is %d, it must be 1 or more.", rows_max));
    }
    Call call;
    storage::begin_write(call, "mvm_sweep_holds()");
    LockedRows rows{};
    ExpiredHolds expired{};
    PendingJournal journal{};
    const int swept = release_any(call, rows, expired, rows_max);
    journal_releases(rows, expired, 0, journal);
    // From here only I/O can fail.
    write_rows(call, rows, journal);
    write_releases(call, expired);
    write_journal(call, rows, journal);
    storage::end_call(call);
    return Int64GetDatum(swept);
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_reserve, mvm::entry::reserve_function)
MVM_SQL_FUNCTION(mvm_capture, mvm::entry::capture_function)
MVM_SQL_FUNCTION(mvm_release, mvm::entry::release_function)
MVM_SQL_FUNCTION(mvm_sweep_holds, mvm::entry::sweep_holds_function)
