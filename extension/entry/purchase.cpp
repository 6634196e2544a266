// mvm_buy
#include "domain/plan.hpp"

#include "entry/arguments.hpp"
#include "entry/keyed_call.hpp"
#include "entry/requirements.hpp"
#include "entry/results.hpp"
#include "pg/guard.hpp"
#include "pg/numeric.hpp"
#include "pg/refusal.hpp"
#include "storage/wallet.hpp"

namespace mvm::entry {

namespace {

using domain::ErrorCode;

void require_not_own(const storage::Item &item, std::int64_t buyer_id)
{
    if (item.seller_id == buyer_id) {
        pg::refuse(
            ErrorCode::own_item,
            psprintf("Item " INT64_FORMAT " is sold by user " INT64_FORMAT ".", item.id, buyer_id));
    }
}

domain::PurchasePlan require_purchase(const storage::Item &item, std::int64_t quantity,
                                      const storage::Universe &home,
                                      const storage::Universe &item_universe)
{
    domain::PurchaseTerms terms{};
    terms.quantity = quantity;
    terms.price_minor = item.price_minor;
    terms.stock = item.stock;
    terms.same_currency = home.id == item_universe.id;
    if (!terms.same_currency) {
        terms.buyer_currency = storage::currency_of(home);
        terms.item_currency = storage::currency_of(item_universe);
    }
    const auto plan = domain::plan_purchase(terms);
    if (plan.error == ErrorCode::insufficient_stock) {
        pg::refuse(plan.error, psprintf("Item " INT64_FORMAT " has " INT64_FORMAT
                                        " left, " INT64_FORMAT " are asked for.",
                                        item.id, item.stock, quantity));
    }
    if (!plan.ok()) {
        pg::refuse(plan.error,
                   psprintf(INT64_FORMAT " at %s is above the largest amount.", quantity,
                            pg::text_of_minor(item.price_minor, item_universe.currency_scale)));
    }
    return plan.value;
}

// Moves the money; a seller of none is the treasury, whose account is derived
// from the journal and needs no row.
void apply_payment(storage::Call &call, const storage::JournalRow &row,
                   const storage::Universe &home)
{
    storage::Wallet payer{*row.user_id, home.id, 0, 0, nullptr};
    storage::Wallet receiver{row.counterparty_id.value_or(0), row.to_universe_id, 0, 0, nullptr};
    if (row.counterparty_id) {
        storage::lock_payer_and_receiver(call, payer, receiver);
    } else {
        payer = storage::lock_wallet(call, payer.user_id, payer.universe_id);
    }
    const std::int64_t received_minor = row.counterparty_id ? *row.received_minor : 0;
    const auto plan = domain::plan_transfer(payer.balance_minor, *row.paid_minor,
                                            receiver.balance_minor, received_minor);
    if (!plan.ok()) {
        refuse_transfer(plan.error, *row.user_id, home, payer.balance_minor, *row.paid_minor,
                        receiver.user_id);
    }
    // From here only I/O can fail.
    storage::advance_command(call);
    storage::update_balance(call, payer, plan.value.payer_balance_minor);
    if (row.counterparty_id) {
        storage::update_balance(call, receiver, plan.value.receiver_balance_minor);
    }
}

void apply_purchase(storage::Call &call, storage::JournalRow &row,
                    const storage::UserAccount &buyer)
{
    storage::Item item = require_item(call, *row.item_id);
    require_not_own(item, buyer.id);
    const storage::Universe home = require_universe(call, buyer.universe_id);
    const storage::Universe item_universe =
        item.universe_id == home.id ? home : require_universe(call, item.universe_id);
    const domain::PurchasePlan plan = require_purchase(item, *row.quantity, home, item_universe);

    row.counterparty_id = item.seller_id;
    row.paid_minor = plan.paid_minor;
    row.received_minor = plan.received_minor;
    row.from_universe_id = home.id;
    row.to_universe_id = item_universe.id;
    row.from_rate = home.exchange_rate;
    row.to_rate = item_universe.exchange_rate;
    apply_payment(call, row, home);
    storage::update_stock(call, item, plan.stock_left);
}

Datum buy_function(FunctionCallInfo fcinfo)
{
    const std::int64_t buyer_id = int8_argument(fcinfo, 0, "buyer_id");
    const std::int64_t item_id = int8_argument(fcinfo, 1, "item_id");
    const std::int64_t quantity = int8_argument(fcinfo, 2, "quantity");
    const auto key = key_argument(fcinfo, 3);
    if (quantity < 1) {
        pg::refuse(ErrorCode::invalid_quantity,
                   psprintf("quantity is " INT64_FORMAT ", it must be 1 or more.", quantity));
    }

    storage::Call call;
    storage::begin_write(call, "mvm_buy()");
    const storage::UserAccount buyer = require_user(call, buyer_id);

    storage::JournalRow row{};
    row.kind = domain::JournalKind::purchase;
    row.user_id = buyer_id;
    row.item_id = item_id;
    row.quantity = quantity;

    KeyedCall keyed = begin_keyed_call(
        call, buyer_id, key,
        psprintf("purchase item_id=" INT64_FORMAT " quantity=" INT64_FORMAT, item_id, quantity));
    if (keyed.answered) {
        row = keyed.first_answer;
    } else {
        apply_purchase(call, row, buyer);
        journal_keyed_call(call, keyed, row);
    }
    const Datum result = trade_result(fcinfo, call, row);
    storage::end_call(call);
    return result;
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_buy, mvm::entry::buy_function)
