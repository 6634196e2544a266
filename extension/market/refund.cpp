#include "market/refund.hpp"

#include "domain/refund.hpp"

#include "market/requirements.hpp"
#include "market/single_row.hpp"
#include "storage/refund.hpp"

namespace mvm::market {

namespace {

using domain::ErrorCode;
using domain::JournalKind;
using storage::Call;
using storage::JournalRow;

JournalRow require_purchase(Call &call, std::int64_t transaction_id)
{
    JournalRow purchase{};
    if (!storage::find_journal(call, transaction_id, purchase)) {
        raise({ErrorCode::transaction_not_found,
               psprintf("There is no transaction " INT64_FORMAT ".", transaction_id), nullptr});
    }
    if (purchase.kind != JournalKind::purchase) {
        raise({ErrorCode::invalid_argument,
               psprintf("Transaction " INT64_FORMAT " is a %s, only a purchase is refunded.",
                        transaction_id, domain::name_of(purchase.kind)),
               nullptr});
    }
    return purchase;
}

// How many pieces go back: as many as are asked for, or all that are left.
std::int64_t require_left(const JournalRow &purchase, std::int64_t refunded,
                          const std::optional<std::int64_t> &quantity)
{
    const std::int64_t left = *purchase.quantity - refunded;
    if (left == 0 || quantity.value_or(left) > left) {
        raise({ErrorCode::refund_exceeded,
               psprintf("Of the " INT64_FORMAT " pieces of transaction " INT64_FORMAT
                        ", " INT64_FORMAT " were refunded; " INT64_FORMAT " are asked for.",
                        *purchase.quantity, purchase.id, refunded,
                        quantity.value_or(*purchase.quantity)),
               nullptr});
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
    clear_client_fields(row); // those are the purchase's own
    row.reference_id = purchase.id;
    return row;
}

// The buyer's wallet, and the seller's where a treasury did not sell.
void lock_both(Desk &desk, const JournalRow &purchase)
{
    pg::Array<WantedWallet> wanted{};
    wanted.push({{*purchase.user_id, purchase.from_universe_id}, false});
    if (purchase.counterparty_id) {
        wanted.push({{*purchase.counterparty_id, purchase.to_universe_id}, true});
    }
    lock_wallets(desk, wanted);
}

// Checks in this order: the seller's money, the house's, then room in the buyer's wallet and the
// stock.
void post_refund(Expiry &expiry, JournalRow &row, const storage::Universe &seller_universe)
{
    Desk &desk = expiry.desk;
    const Obstacle found = post_releasing(expiry, posting_of(desk, &row));
    require_money(desk, found, seller_universe);
    require_house_has(desk.call, row);
    require_range(desk, found, row);
    require_stock_room(desk.call, desk.items[0].item, *row.quantity);
}

} // namespace

JournalRow refund(Call &call, const RefundRequest &request)
{
    const JournalRow purchase = require_purchase(call, request.transaction_id);
    const char *pieces = request.quantity ? psprintf(INT64_FORMAT, *request.quantity) : "rest";
    const KeyedCall keyed =
        begin_keyed_call(call, *purchase.user_id, request.client.key,
                         psprintf("refund transaction_id=" INT64_FORMAT " quantity=%s",
                                  request.transaction_id, pieces));
    if (keyed.answered) {
        return keyed.first_answer;
    }
    const storage::Universe seller_universe = require_universe(call, purchase.to_universe_id);

    // Refunds of one item's purchases wait for each other here; after that, this one sees what the
    // others have refunded.
    Desk desk{call};
    Expiry expiry{desk};
    if (lock_item(desk, *purchase.item_id) < 0) {
        raise(no_item(*purchase.item_id));
    }
    storage::refresh_snapshot(call);
    const std::int64_t refunded = storage::refunded_quantity(call, purchase.id);
    JournalRow row =
        refund_row(purchase, refunded, require_left(purchase, refunded, request.quantity));
    lock_both(desk, purchase);
    post_refund(expiry, row, seller_universe);
    // From here only I/O can fail.
    write_row(expiry, keyed, row);
    storage::insert_refund(call, purchase.id, row.id, *row.quantity);
    return row;
}

} // namespace mvm::market
