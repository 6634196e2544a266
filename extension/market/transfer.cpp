#include "market/transfer.hpp"

#include "market/requirements.hpp"
#include "market/single_row.hpp"

namespace mvm::market {

using storage::JournalRow;

namespace {

// The universe in whose currency the transfer is.
storage::Universe require_parties(storage::Call &call, const TransferRequest &request)
{
    const storage::UserAccount sender = require_user(call, request.sender_id);
    require_user(call, request.receiver_id);
    if (request.sender_id == request.receiver_id) {
        raise(
            {domain::ErrorCode::invalid_argument,
             psprintf("from_user_id and to_user_id are both " INT64_FORMAT ".", request.sender_id),
             nullptr});
    }
    return require_universe(call, request.universe_id.value_or(sender.universe_id));
}

} // namespace

JournalRow transfer(storage::Call &call, const TransferRequest &request)
{
    storage::Universe universe = require_parties(call, request);
    JournalRow row{};
    row.kind = domain::JournalKind::transfer;
    row.user_id = request.sender_id;
    row.counterparty_id = request.receiver_id;
    row.paid_minor = row.received_minor = require_amount(request.amount, universe, "amount");
    row.from_universe_id = row.to_universe_id = universe.id;
    put_client_fields(request.client, row);
    const KeyedCall keyed = begin_keyed_call(
        call, request.sender_id, request.client.key,
        with_client_fields(psprintf("transfer to_user_id=" INT64_FORMAT
                                    " amount_minor=" INT64_FORMAT " universe_id=%d",
                                    request.receiver_id, *row.paid_minor, universe.id),
                           request.client));
    if (keyed.answered) {
        return keyed.first_answer;
    }

    Desk desk{call};
    Expiry expiry{desk};
    lock_wallets(desk, {{{request.sender_id, universe.id}, false},
                        {{request.receiver_id, universe.id}, true}});
    take_rate_of_now(call, universe, row);
    post_row(expiry, row, universe);
    // From here only I/O can fail.
    write_row(expiry, keyed, row);
    return row;
}

} // namespace mvm::market
