#include "entry/payment.hpp"

#include "domain/plan.hpp"
#include "entry/requirements.hpp"

namespace mvm::entry {

using storage::Call;
using storage::WalletKey;

Payment lock_payment(Call &call, const WalletKey &payer, const std::optional<WalletKey> &receiver)
{
    Payment payment{};
    pg::Array<WantedWallet> wanted{};
    wanted.push({payer, false});
    if (receiver) {
        wanted.push({*receiver, true});
    }
    lock_wallets(call, payment.rows, wanted);
    payment.payer = index_of_wallet(payment.rows, payer);
    payment.receiver = receiver ? index_of_wallet(payment.rows, *receiver) : -1;
    return payment;
}

void require_money(Call &call, Payment &payment, std::int64_t needed_minor)
{
    const LockedWallet payer = payment.rows.wallets[payment.payer];
    const std::int64_t balance_minor = payer.running.balance_minor;
    if (balance_minor < needed_minor &&
        !release_money(call, payment.rows, payment.expired, payment.payer,
                       needed_minor - balance_minor)) {
        raise(short_of_money(payer.key.user_id, require_universe(call, payer.key.universe_id),
                             balance_minor, needed_minor));
    }
}

void settle_payment(Call &call, Payment &payment, storage::JournalRow &row)
{
    require_money(call, payment, *row.paid_minor);
    LockedRows &rows = payment.rows;
    domain::RunningBalance none{};
    domain::RunningBalance &payer = rows.wallets[payment.payer].running;
    domain::RunningBalance &receiver =
        payment.receiver < 0 ? none : rows.wallets[payment.receiver].running;
    const auto plan =
        domain::plan_transfer(payer.balance_minor, *row.paid_minor, receiver.balance_minor,
                              payment.receiver < 0 ? 0 : *row.received_minor);
    if (!plan.ok()) {
        raise(balance_out_of_range(rows.wallets[payment.receiver].key.user_id));
    }
    journal_releases(rows, payment.expired, 0, payment.journal);
    payment.journal.rows.push(&row);
    count_movement(rows, payment.journal, payment.payer, &row, payer.balance_minor);
    count_movement(rows, payment.journal, payment.receiver, &row, receiver.balance_minor);
    payer = {plan.value.payer_balance_minor, true};
    receiver = {plan.value.receiver_balance_minor, true};
}

void write_payment(Call &call, Payment &payment, KeyedCall &keyed)
{
    storage::advance_command(call);
    write_rows(call, payment.rows, payment.journal);
    write_releases(call, payment.expired);
    journal_keyed_call(call, keyed, payment.rows, payment.journal);
}

} // namespace mvm::entry
