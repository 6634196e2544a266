#include "market/stock.hpp"

#include "market/requirements.hpp"
#include "market/single_row.hpp"

namespace mvm::market {

using domain::JournalKind;
using storage::Call;
using storage::JournalRow;

namespace {

JournalRow row_of_pieces(JournalKind kind, const storage::Item &item, std::int64_t quantity)
{
    JournalRow row{};
    row.kind = kind;
    row.user_id = item.seller_id;
    row.item_id = item.id;
    row.quantity = quantity;
    row.from_universe_id = row.to_universe_id = item.universe_id;
    return row;
}

} // namespace

JournalRow restock(Call &call, const RestockRequest &request)
{
    storage::Item seen;
    if (!storage::find_item(call, request.item_id, seen)) {
        raise(no_item(request.item_id));
    }
    const KeyedCall keyed =
        begin_keyed_call(call, seen.seller_id.value_or(nobody), request.client.key,
                         psprintf("restock item_id=" INT64_FORMAT " quantity=" INT64_FORMAT,
                                  request.item_id, request.quantity));
    if (keyed.answered) {
        return keyed.first_answer;
    }

    Desk desk{call};
    Expiry expiry{desk};
    if (lock_item(desk, request.item_id) < 0) {
        raise(no_item(request.item_id));
    }
    // To see the holds that were made while the call waited for the item.
    storage::refresh_snapshot(call);
    const storage::Item &item = desk.items[0].item;
    require_stock_room(call, item, request.quantity);
    JournalRow row = row_of_pieces(JournalKind::restock, item, request.quantity);
    require_range(desk, post(desk, posting_of(desk, &row)), row);
    // From here only I/O can fail.
    write_row(expiry, keyed, row);
    return row;
}

void post_listing(Call &call, const storage::Item &item)
{
    Desk desk{call};
    add_opening_item(desk, item);
    JournalRow row = row_of_pieces(JournalKind::listing, item, item.stock);
    require_range(desk, post(desk, posting_of(desk, &row)), row);
    // From here only I/O can fail.
    write(desk);
}

} // namespace mvm::market
