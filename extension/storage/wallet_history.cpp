#include "storage/wallet_history.hpp"

#include "domain/leg.hpp"

#include "pg/refusal.hpp"

namespace mvm::storage {

namespace {

// What the row moves in the wallet; none when it does not touch it.
std::optional<std::int64_t> moved_minor(const WalletHistory &history, const JournalRow &row)
{
    std::optional<std::int64_t> moved;
    const auto add = [&](bool touches, int sign, const std::optional<std::int64_t> &amount_minor) {
        if (touches && sign != 0 && amount_minor) {
            moved = moved.value_or(0) + sign * *amount_minor;
        }
    };
    const bool acted = row.user_id == history.user_id;
    const bool dealt_with = row.counterparty_id == history.user_id;
    const bool from = row.from_universe_id == history.universe_id;
    const bool to = row.to_universe_id == history.universe_id;
    add(acted && from, domain::paid_by_user(row.kind), row.paid_minor);
    add(acted && to, domain::received_by_user(row.kind), row.received_minor);
    add(dealt_with && to, domain::received_by_counterparty(row.kind), row.received_minor);
    return moved;
}

// Reads on until the older row of both cursors is one that touches the wallet.
void find_leg(WalletHistory &history)
{
    JournalCursor &acted = history.acted;
    JournalCursor &dealt_with = history.dealt_with;
    history.at_leg = false;
    while (!history.at_leg && (acted.at_row || dealt_with.at_row)) {
        const bool take_acted =
            acted.at_row && (!dealt_with.at_row || acted.row.id <= dealt_with.row.id);
        JournalCursor &oldest = take_acted ? acted : dealt_with;
        const JournalRow row = oldest.row;
        if (take_acted && dealt_with.at_row && dealt_with.row.id == row.id) {
            next_row(dealt_with); // the same row, met in both roles
        }
        next_row(oldest);
        if (const auto moved = moved_minor(history, row)) {
            history.at_leg = true;
            history.leg = {row.id,
                           row.kind,
                           row.transaction_time,
                           *moved,
                           row.user_id == history.user_id ? row.counterparty_id : row.user_id,
                           row.item_id,
                           row.quantity};
        }
    }
}

} // namespace

void open_wallet_history(Call &call, WalletHistory &history, std::int64_t user_id,
                         std::int32_t universe_id, const BalanceSnapshot &start)
{
    history.user_id = user_id;
    history.universe_id = universe_id;
    history.balance_minor = start.balance_minor;
    open_journal_from(call, history.acted, JournalRole::actor, user_id, start.before_id);
    open_journal_from(call, history.dealt_with, JournalRole::counterparty, user_id,
                      start.before_id);
    find_leg(history);
}

void next_leg(WalletHistory &history)
{
    Assert(history.at_leg);
    if (pg_add_s64_overflow(history.balance_minor, history.leg.amount_minor,
                            &history.balance_minor)) {
        pg::refuse(domain::ErrorCode::amount_out_of_range,
                   psprintf("The journal does not explain the balance of user " INT64_FORMAT
                            " in universe %d.",
                            history.user_id, history.universe_id),
                   "mvm_audit() tells what is wrong.");
    }
    find_leg(history);
}

void close_wallet_history(WalletHistory &history)
{
    close_journal(history.dealt_with);
    close_journal(history.acted);
}

} // namespace mvm::storage
