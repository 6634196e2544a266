#include "market/single_row.hpp"

#include "domain/assert.hpp"
#include "market/requirements.hpp"

namespace mvm::market {

using domain::ErrorCode;

void take_rate_of_now(storage::Call &call, storage::Universe &universe, storage::JournalRow &row)
{
    if (storage::go_on_from_now(call)) {
        universe = require_universe(call, universe.id);
    }
    row.from_rate = row.to_rate = universe.exchange_rate;
}

void require_money(Desk &desk, const Obstacle &found, const storage::Universe &payer_universe)
{
    if (found.error == ErrorCode::insufficient_balance) {
        raise(short_of_money(desk.wallets[found.wallet].key.user_id, payer_universe,
                             static_cast<std::int64_t>(found.available), found.needed));
    }
}

void require_range(Desk &desk, const Obstacle &found, const storage::JournalRow &row)
{
    if (found.exists()) {
        MVM_ASSERT(found.error == ErrorCode::amount_out_of_range);
        raise(found.wallet < 0 ? stock_out_of_range(*row.item_id)
                               : balance_out_of_range(desk.wallets[found.wallet].key.user_id));
    }
}

void post_row(Expiry &expiry, storage::JournalRow &row, const storage::Universe &payer_universe)
{
    Desk &desk = expiry.desk;
    const Obstacle found = post_releasing(expiry, posting_of(desk, &row));
    require_money(desk, found, payer_universe);
    require_range(desk, found, row);
}

void write_row(Expiry &expiry, const KeyedCall &keyed, storage::JournalRow &row)
{
    Desk &desk = expiry.desk;
    put_key(keyed, row);
    write(expiry);
    end_keyed_call(desk.call, keyed, row);
}

} // namespace mvm::market
