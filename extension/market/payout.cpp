#include "market/payout.hpp"

#include "market/requirements.hpp"
#include "market/single_row.hpp"

namespace mvm::market {

using domain::JournalKind;
using storage::HouseAccount;
using storage::JournalRow;

JournalRow pay_out(storage::Call &call, const PayoutRequest &request)
{
    const storage::Universe universe = require_universe(call, request.universe_id);
    JournalRow row{};
    row.kind = request.account == HouseAccount::treasury ? JournalKind::treasury_payout
                                                         : JournalKind::fees_payout;
    row.paid_minor = row.received_minor = require_amount(request.amount, universe, "amount");
    row.from_universe_id = row.to_universe_id = universe.id;
    row.from_rate = row.to_rate = universe.exchange_rate;
    put_client_fields(request.client, row);
    const KeyedCall keyed = begin_keyed_call(
        call, nobody, request.client.key,
        with_client_fields(
            psprintf("payout account=%s amount_minor=" INT64_FORMAT " universe_id=%d",
                     storage::name_of(request.account), *row.paid_minor, universe.id),
            request.client));
    if (keyed.answered) {
        return keyed.first_answer;
    }

    Desk desk{call};
    Expiry expiry{desk};
    require_house_has(call, row);
    post_row(expiry, row, universe);
    // From here only I/O can fail.
    write_row(expiry, keyed, row);
    return row;
}

} // namespace mvm::market
