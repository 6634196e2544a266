#include "market/cash.hpp"

#include "market/requirements.hpp"
#include "market/single_row.hpp"

namespace mvm::market {

using domain::JournalKind;
using storage::Call;
using storage::JournalRow;

namespace {

JournalRow cash_row(JournalKind kind, std::int64_t user_id, const storage::Universe &universe,
                    std::int64_t amount_minor)
{
    JournalRow row{};
    row.kind = kind;
    row.user_id = user_id;
    row.paid_minor = row.received_minor = amount_minor;
    row.from_universe_id = row.to_universe_id = universe.id;
    row.from_rate = row.to_rate = universe.exchange_rate;
    return row;
}

} // namespace

JournalRow move_cash(Call &call, const CashRequest &request)
{
    const storage::UserAccount user = require_user(call, request.user_id);
    storage::Universe universe =
        require_universe(call, request.universe_id.value_or(user.universe_id));
    JournalRow row = cash_row(request.kind, request.user_id, universe,
                              require_amount(request.amount, universe, "amount"));
    put_client_fields(request.client, row);
    const KeyedCall keyed = begin_keyed_call(
        call, request.user_id, request.client.key,
        with_client_fields(psprintf("%s amount_minor=" INT64_FORMAT " universe_id=%d",
                                    domain::name_of(row.kind), *row.paid_minor, universe.id),
                           request.client));
    if (keyed.answered) {
        return keyed.first_answer;
    }

    Desk desk{call};
    Expiry expiry{desk};
    lock_wallets(desk, {{{request.user_id, universe.id}, row.kind == JournalKind::deposit}});
    take_rate_of_now(call, universe, row);
    post_row(expiry, row, universe);
    // From here only I/O can fail.
    write_row(expiry, keyed, row);
    return row;
}

void deposit_opening_balance(Call &call, std::int64_t user_id, const storage::Universe &home,
                             std::int64_t balance_minor)
{
    Desk desk{call};
    Expiry expiry{desk};
    add_opening_wallet(desk, {user_id, home.id});
    JournalRow row = cash_row(JournalKind::deposit, user_id, home, balance_minor);
    post_row(expiry, row, home);
    // From here only I/O can fail.
    write(desk);
}

} // namespace mvm::market
