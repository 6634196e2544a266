// mvm_refund: undoing a purchase, whole or in part.
#include "domain/refund.hpp"

#include "entry/arguments.hpp"
#include "entry/payment.hpp"
#include "entry/requirements.hpp"
#include "entry/results.hpp"
#include "pg/guard.hpp"
#include "pg/refusal.hpp"
#include "storage/refund.hpp"

namespace mvm::entry {

namespace {

using domain::ErrorCode;
using domain::JournalKind;
using storage::Call;
using storage::JournalRow;

JournalRow require_purchase(Call &call, std::int64_t transaction_id)
{
    JournalRow purchase{};
    if (!storage::find_journal(call, transaction_id, purchase)) {
        pg::refuse(ErrorCode::transaction_not_found,
                   psprintf("There is no transaction " INT64_FORMAT ".", transaction_id));
    }
    if (purchase.kind != JournalKind::purchase) {
        pg::refuse(ErrorCode::invalid_argument,
                   psprintf("Transaction " INT64_FORMAT " is a %s, only a purchase is refunded.",
                            transaction_id, domain::name_of(purchase.kind)));
    }
    return purchase;
}

// How many pieces go back; none asked for: all that are left.
std::int64_t require_left(const JournalRow &purchase, std::int64_t refunded,
                          const std::optional<std::int64_t> &quantity)
{
    const std::int64_t left = *purchase.quantity - refunded;
    if (left == 0 || quantity.value_or(left) > left) {
        pg::refuse(ErrorCode::refund_exceeded,
                   psprintf("Of the " INT64_FORMAT " pieces of transaction " INT64_FORMAT
                            ", " INT64_FORMAT " were refunded; " INT64_FORMAT " are asked for.",
                            *purchase.quantity, purchase.id, refunded,
                            quantity.value_or(*purchase.quantity)));
    }
    return quantity.value_or(left);
}

JournalRow refund_row(const JournalRow &purchase, std::int64_t refunded, std::int64_t quantity)
{
    const domain::PurchaseAmounts whole{*purchase.paid_minor, *purchase.received_minor,
                                        purchase.fee_minor.value_or(0),
                                        purchase.tariff_minor.value_or(0)};
    const domain::PurchaseAmounts part =
        domain::refund_part(whole, *purchase.quantity, refunded, quantity,
                            purchase.from_universe_id == purchase.to_universe_id);
    JournalRow row = purchase;
    row.kind = JournalKind::refund;
    row.quantity = quantity;
    row.paid_minor = part.paid_minor;
    row.received_minor = part.received_minor;
    row.fee_minor = storage::unless_zero(part.fee_minor);
    row.tariff_minor = storage::unless_zero(part.tariff_minor);
    row.idempotency_key = row.memo = std::nullopt; // those are the purchase's own
    row.reference_id = purchase.id;
    return row;
}

// The wallet of the seller of a purchase; none where a treasury sold.
std::optional<storage::WalletKey> wallet_of_seller(const JournalRow &row)
{
    return row.counterparty_id
               ? std::optional(storage::WalletKey{*row.counterparty_id, row.to_universe_id})
               : std::nullopt;
}

// Locks the wallets of both; the seller's, if there is one, pays.
void lock_both(Call &call, Payment &payment, const JournalRow &purchase)
{
    const storage::WalletKey buyer{*purchase.user_id, purchase.from_universe_id};
    const auto seller = wallet_of_seller(purchase);
    pg::Array<WantedWallet> wanted{};
    wanted.push({buyer, false});
    if (seller) {
        wanted.push({*seller, true});
    }
    lock_wallets(call, payment.rows, wanted);
    payment.payer = seller ? index_of_wallet(payment.rows, *seller) : -1;
    payment.receiver = index_of_wallet(payment.rows, buyer);
}

// Moves money and pieces back to where the purchase took them from.
void move_back(Call &call, Payment &payment, JournalRow &row)
{
    LockedRows &rows = payment.rows;
    if (payment.payer >= 0) {
        require_money(call, payment, *row.received_minor);
    }
    require_house_has(call, row);
    domain::RunningBalance &buyer = rows.wallets[payment.receiver].running;
    const auto balance = domain::add_amounts(buyer.balance_minor, *row.paid_minor);
    if (!balance.ok()) {
        raise(balance_out_of_range(*row.user_id));
    }
    require_room_for(call, rows.items[0].item, *row.quantity);
    journal_releases(rows, payment.expired, 0, payment.journal);
    payment.journal.rows.push(&row);
    domain::RunningStock &stock = rows.items[0].running;
    stock = {stock.price_minor, stock.stock + *row.quantity, true};
    count_movement(rows, payment.journal, payment.receiver, &row, buyer.balance_minor);
    buyer = {balance.value, true};
    if (payment.payer >= 0) {
        domain::RunningBalance &seller = rows.wallets[payment.payer].running;
        count_movement(rows, payment.journal, payment.payer, &row, seller.balance_minor);
        seller = {seller.balance_minor - *row.received_minor, true};
    }
}

JournalRow refund(Call &call, const JournalRow &purchase,
                  const std::optional<std::int64_t> &quantity, KeyedCall &keyed)
{
    // The item's lock queues the refunds of its purchases: what others refunded
    // while we waited is seen after it.
    Payment payment{};
    pg::Array<std::int64_t> items{};
    items.push(*purchase.item_id);
    lock_items(call, payment.rows, items);
    if (!payment.rows.items[0].found) {
        raise(no_item(*purchase.item_id));
    }
    storage::refresh_snapshot(call);
    const std::int64_t refunded = storage::refunded_quantity(call, purchase.id);
    JournalRow row = refund_row(purchase, refunded, require_left(purchase, refunded, quantity));
    lock_both(call, payment, purchase);
    move_back(call, payment, row);
    // From here only I/O can fail.
    write_payment(call, payment, keyed);
    storage::insert_refund(call, purchase.id, row.id, *row.quantity);
    return row;
}

Datum refund_function(FunctionCallInfo fcinfo)
{
    const std::int64_t transaction_id = int8_argument(fcinfo, 0, "transaction_id");
    const auto quantity = optional_int8_argument(fcinfo, 1);
    const auto key = key_argument(fcinfo, 2);
    if (quantity && *quantity < 1) {
        raise(quantity_below_one(*quantity));
    }

    storage::Call call;
    storage::begin_write(call, "mvm_refund()");
    const JournalRow purchase = require_purchase(call, transaction_id);
    const char *pieces = quantity ? psprintf(INT64_FORMAT, *quantity) : "rest";
    KeyedCall keyed = begin_keyed_call(
        call, *purchase.user_id, key,
        psprintf("refund transaction_id=" INT64_FORMAT " quantity=%s", transaction_id, pieces));
    const JournalRow row =
        keyed.answered ? keyed.first_answer : refund(call, purchase, quantity, keyed);
    const Datum result = transaction_result(fcinfo, call, row);
    storage::end_call(call);
    return result;
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_refund, mvm::entry::refund_function)
