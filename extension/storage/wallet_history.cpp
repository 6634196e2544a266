#include "storage/wallet_history.hpp"

#include <algorithm>

#include "domain/assert.hpp"
#include "domain/journal_kind.hpp"
#include "pg/refusal.hpp"
#include "storage/wallet.hpp"

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
    const domain::KindInfo &kind = domain::info_of(row.kind);
    add(acted && from, kind.paid_by_user, row.paid_minor);
    add(acted && to, kind.received_by_user, row.received_minor);
    add(dealt_with && to, kind.received_by_counterparty, row.received_minor);
    return moved;
}

// Makes the row the current leg.
void set_leg(WalletHistory &history, const JournalRow &row, std::int64_t moved)
{
    if (history.leg.memo) {
        pfree(DatumGetPointer(*history.leg.memo));
    }
    history.at_leg = true;
    history.leg = {row.id, row.kind, row.transaction_time, moved,
                   row.user_id == history.user_id ? row.counterparty_id : row.user_id, row.item_id,
                   row.quantity,
                   // The cursor's row goes when it moves on.
                   row.memo ? std::optional(datumCopy(*row.memo, false, -1)) : std::nullopt};
}

// Reads the next row of both cursors; false when there is none left.
bool read_row(WalletHistory &history)
{
    JournalCursor &acted = history.acted;
    JournalCursor &dealt_with = history.dealt_with;
    history.at_leg = false;
    if (!acted.at_row && !dealt_with.at_row) {
        return false;
    }
    const bool forward = ScanDirectionIsForward(acted.direction);
    const bool take_acted =
        acted.at_row && (!dealt_with.at_row || (forward ? acted.row.id <= dealt_with.row.id
                                                        : acted.row.id >= dealt_with.row.id));
    JournalCursor &next = take_acted ? acted : dealt_with;
    if (const auto moved = moved_minor(history, next.row)) {
        set_leg(history, next.row, *moved);
    }
    if (take_acted && dealt_with.at_row && dealt_with.row.id == next.row.id) {
        next_row(dealt_with); // the same row, met in both roles
    }
    next_row(next);
    return true;
}

void find_leg(WalletHistory &history)
{
    while (read_row(history) && !history.at_leg) {
    }
}

bool is_before(const WalletLeg &leg, const HistoryPlace &place)
{
    return leg.transaction_time < place.end &&
           (leg.transaction_time < place.time || leg.transaction_id <= place.id);
}

// Counts towards a place from one side.
struct Walk {
    WalletHistory history;
    PlacedBalance reached;
};

// One row further from before the place; true when the place is reached.
bool walk_forward(Walk &walk, const HistoryPlace &place)
{
    WalletHistory &history = walk.history;
    if (!read_row(history)) {
        walk.reached.first_id = PG_INT64_MAX;
        return true;
    }
    if (history.at_leg) {
        walk.reached.first_id = history.leg.transaction_id;
        if (!is_before(history.leg, place)) {
            return true;
        }
        walk.reached.balance_minor += history.leg.amount_minor;
    }
    return false;
}

// The same from behind it.
bool walk_back(Walk &walk, const HistoryPlace &place)
{
    WalletHistory &history = walk.history;
    if (!read_row(history)) {
        return true;
    }
    if (history.at_leg) {
        if (is_before(history.leg, place)) {
            return true;
        }
        walk.reached.first_id = history.leg.transaction_id;
        walk.reached.balance_minor -= history.leg.amount_minor;
    }
    return false;
}

// The last snapshot before the place.
BalanceSnapshot snapshot_before(Call &call, std::int64_t user_id, std::int32_t universe_id,
                                const HistoryPlace &place)
{
    const auto is_earlier = [](const BalanceSnapshot &a, const BalanceSnapshot &b) {
        return a.before_id < b.before_id;
    };
    const auto by_time = balance_snapshot_before_time(call, user_id, universe_id, place.time);
    if (place.id == PG_INT64_MIN) {
        return by_time;
    }
    const auto by_id = balance_snapshot_before_id(call, user_id, universe_id, place.id);
    const auto by_end = balance_snapshot_before_time(call, user_id, universe_id, place.end);
    return std::min(std::max(by_time, by_id, is_earlier), by_end, is_earlier);
}

void open_forward(Call &call, WalletHistory &history, std::int64_t user_id,
                  std::int32_t universe_id, std::int64_t from_id)
{
    history.user_id = user_id;
    history.universe_id = universe_id;
    open_journal_from(call, history.acted, JournalRole::actor, user_id, from_id);
    open_journal_from(call, history.dealt_with, JournalRole::counterparty, user_id, from_id);
}

void open_back(Call &call, WalletHistory &history, std::int64_t user_id, std::int32_t universe_id)
{
    history.user_id = user_id;
    history.universe_id = universe_id;
    open_journal_before(call, history.acted, JournalRole::actor, user_id, PG_INT64_MAX);
    open_journal_before(call, history.dealt_with, JournalRole::counterparty, user_id, PG_INT64_MAX);
}

// Rows that a walk from a snapshot mostly does with.
constexpr int rows_near_snapshot = 2 * movements_per_snapshot;

} // namespace

PlacedBalance balance_at_place(Call &call, std::int64_t user_id, std::int32_t universe_id,
                               const HistoryPlace &place)
{
    const Wallet wallet = read_wallet(call, user_id, universe_id);
    if (wallet.row == nullptr) {
        return {PG_INT64_MAX, 0};
    }
    const BalanceSnapshot snapshot = snapshot_before(call, user_id, universe_id, place);
    Walk forward{};
    forward.reached = {snapshot.before_id, snapshot.balance_minor};
    open_forward(call, forward.history, user_id, universe_id, snapshot.before_id);
    bool reached = false;
    for (int row = 0; !reached && row < rows_near_snapshot; ++row) {
        reached = walk_forward(forward, place);
    }
    PlacedBalance answer = forward.reached;
    if (!reached) {
        Walk back{};
        back.reached = {PG_INT64_MAX, wallet.balance_minor};
        open_back(call, back.history, user_id, universe_id);
        for (;;) {
            if (walk_back(back, place)) {
                answer = back.reached;
                break;
            }
            if (walk_forward(forward, place)) {
                answer = forward.reached;
                break;
            }
        }
        close_wallet_history(back.history);
    }
    close_wallet_history(forward.history);
    return answer;
}

void open_wallet_history(Call &call, WalletHistory &history, std::int64_t user_id,
                         std::int32_t universe_id, const PlacedBalance &start)
{
    history.balance_minor = start.balance_minor;
    open_forward(call, history, user_id, universe_id, start.first_id);
    find_leg(history);
}

void next_leg(WalletHistory &history)
{
    MVM_ASSERT(history.at_leg);
    history.balance_minor += history.leg.amount_minor;
    find_leg(history);
}

void close_wallet_history(WalletHistory &history)
{
    close_journal(history.dealt_with);
    close_journal(history.acted);
}

void require_explained(std::int64_t user_id, std::int32_t universe_id, pg::WideAmount balance_minor)
{
    if (balance_minor < PG_INT64_MIN || balance_minor > pg::WideAmount{2} * PG_INT64_MAX) {
        pg::refuse(domain::ErrorCode::amount_out_of_range,
                   psprintf("The journal does not explain the balance of user " INT64_FORMAT
                            " in universe %d.",
                            user_id, universe_id),
                   "mvm_audit() tells what is wrong.");
    }
}

} // namespace mvm::storage
