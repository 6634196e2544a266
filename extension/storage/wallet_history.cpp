#include "storage/wallet_history.hpp"

#include <algorithm>

#include "domain/assert.hpp"
#include "domain/journal_kind.hpp"
#include "pg/refusal.hpp"
#include "storage/wallet.hpp"

namespace mvm::storage {

namespace {

// ---------------------------------------------------------------------------
// One wallet's rows, newest first
// ---------------------------------------------------------------------------

// Of a journal that is linked the wallet's chain; of one that is not, rows of its user.
struct WalletRows {
    WalletHistory &history;
    WalletChain chain;
    IndexedJournal indexed;
    JournalRow row;
};

bool moves(const JournalRow &row, const WalletKey &wallet)
{
    const WalletsOfRow wallets = wallets_of(row);
    return wallets.from == wallet || wallets.to == wallet;
}

// Begins with the row `last_id` of a linked journal, with the newest below `before_id` of another.
void open_rows(WalletRows &rows, const std::optional<std::int64_t> &last_id, std::int64_t before_id)
{
    rows.chain = {rows.history.wallet, last_id};
    if (!rows.history.linked) {
        open_indexed_journal(*rows.history.call, rows.indexed, rows.history.wallet.user_id,
                             before_id);
    }
}

// Reads the next row; false when there is none left.
bool next_row(WalletRows &rows)
{
    WalletHistory &history = rows.history;
    if (!history.linked) {
        while (read_indexed_row(rows.indexed, rows.row)) {
            if (moves(rows.row, history.wallet)) {
                return true;
            }
        }
        return false;
    }
    if (!has_next(rows.chain)) {
        return false;
    }
    read_next_row(history.reader, rows.chain);
    read_journal(*history.reader.table, history.reader.slot, rows.row);
    step_over(history.reader, rows.chain);
    return true;
}

void close_rows(WalletRows &rows)
{
    if (!rows.history.linked) {
        close_indexed_journal(rows.indexed);
    }
}

// ---------------------------------------------------------------------------
// Legs
// ---------------------------------------------------------------------------

// What the row moves in the wallet.
std::int64_t moved_minor(const WalletKey &wallet, const JournalRow &row)
{
    std::int64_t moved = 0;
    const auto add = [&](bool touches, int sign, const std::optional<std::int64_t> &amount_minor) {
        if (touches && sign != 0 && amount_minor) {
            moved += sign * *amount_minor;
        }
    };
    const bool acted = row.user_id == wallet.user_id;
    const bool dealt_with = row.counterparty_id == wallet.user_id;
    const bool from = row.from_universe_id == wallet.universe_id;
    const bool to = row.to_universe_id == wallet.universe_id;
    const domain::KindInfo &kind = domain::info_of(row.kind);
    add(acted && from, kind.paid_by_user, row.paid_minor);
    add(acted && to, kind.received_by_user, row.received_minor);
    add(dealt_with && to, kind.received_by_counterparty, row.received_minor);
    return moved;
}

WalletLeg leg_of(const WalletKey &wallet, const JournalRow &row)
{
    return {row.id,
            row.kind,
            row.transaction_time,
            moved_minor(wallet, row),
            row.user_id == wallet.user_id ? row.counterparty_id : row.user_id,
            row.item_id,
            row.quantity,
            row.memo};
}

bool is_before(const WalletLeg &leg, const HistoryPlace &place)
{
    return leg.transaction_time < place.end &&
           (leg.transaction_time < place.time || leg.transaction_id <= place.id);
}

// ---------------------------------------------------------------------------
// Runs
// ---------------------------------------------------------------------------

constexpr int run_legs_max = 512;

void clear_run(WalletHistory &history)
{
    history.run.count = 0;
    MemoryContextReset(history.run_context);
}

// Puts the leg, the next older one, into the run. A full run becomes a mark.
void push_leg(WalletHistory &history, const WalletLeg &leg)
{
    if (history.run.count == run_legs_max) {
        history.marks.push(history.run[0].transaction_id);
        clear_run(history);
    }
    history.run.push(leg);
    if (leg.memo) {
        const MemoryContext caller = MemoryContextSwitchTo(history.run_context);
        history.run[history.run.count - 1].memo = datumCopy(*leg.memo, false, -1);
        MemoryContextSwitchTo(caller);
    }
}

// Reads legs back to the first one that `is_done` says is not wanted.
template <typename IsDone>
void read_run(WalletHistory &history, const std::optional<std::int64_t> &last_id,
              std::int64_t before_id, IsDone is_done)
{
    clear_run(history);
    WalletRows rows{history, {}, {}, {}};
    open_rows(rows, last_id, before_id);
    while (next_row(rows)) {
        const WalletLeg leg = leg_of(history.wallet, rows.row);
        if (is_done(leg)) {
            break;
        }
        push_leg(history, leg);
    }
    close_rows(rows);
}

bool is_end(const WalletHistory &history)
{
    return history.run_end.before_id == PG_INT64_MAX;
}

// The run that follows, from the next mark or else up to the next snapshot; false at the end.
bool read_next_run(WalletHistory &history)
{
    const auto is_done = [&](const WalletLeg &leg) {
        return leg.transaction_id <= history.done_id;
    };
    if (history.marks.count > 0) {
        const std::int64_t mark = history.marks[history.marks.count - 1];
        --history.marks.count;
        read_run(history, mark, mark + 1, is_done);
        return true;
    }
    if (is_end(history)) {
        return false;
    }
    history.run_end =
        balance_snapshot_from_id(*history.call, history.wallet, history.run_end.before_id + 1)
            .value_or(history.end);
    read_run(history, history.run_end.last_journal_id, history.run_end.before_id, is_done);
    return true;
}

void find_leg(WalletHistory &history)
{
    while (history.run.count == 0 && read_next_run(history)) {
    }
    history.at_leg = history.run.count > 0;
    if (history.at_leg) {
        history.leg = history.run[history.run.count - 1];
        --history.run.count;
    }
}

// The first snapshot that is not before the place, or the wallet's end.
BalanceSnapshot snapshot_behind(WalletHistory &history, const HistoryPlace &place)
{
    const auto is_earlier = [](const BalanceSnapshot &a, const BalanceSnapshot &b) {
        return a.before_id < b.before_id;
    };
    const auto from_time = [&](TimestampTz at) {
        return balance_snapshot_from_time(*history.call, history.wallet, at).value_or(history.end);
    };
    const BalanceSnapshot by_time = from_time(place.time);
    if (place.id == PG_INT64_MIN) {
        return by_time;
    }
    const BalanceSnapshot by_id =
        balance_snapshot_from_id(*history.call, history.wallet, place.id + 1).value_or(history.end);
    return std::min(std::max(by_time, by_id, is_earlier), from_time(place.end), is_earlier);
}

} // namespace

void open_wallet_history(Call &call, WalletHistory &history, const WalletKey &wallet,
                         const HistoryPlace &place)
{
    history = {};
    history.call = &call;
    history.wallet = wallet;
    history.linked = is_linked(call);
    history.run_context =
        AllocSetContextCreate(CurrentMemoryContext, "legs of a wallet", ALLOCSET_SMALL_SIZES);
    if (history.linked) {
        open_journal_reader(call, history.reader);
    }
    const Wallet present = read_wallet(call, wallet.user_id, wallet.universe_id);
    history.end = {PG_INT64_MAX, present.balance_minor, present.last_journal_id};
    history.run_end = history.end;
    if (present.row == nullptr) {
        return; // nothing has ever moved it
    }
    history.run_end = snapshot_behind(history, place);
    history.balance_minor = history.run_end.balance_minor;
    read_run(history, history.run_end.last_journal_id, history.run_end.before_id,
             [&](const WalletLeg &leg) {
                 if (is_before(leg, place)) {
                     history.done_id = leg.transaction_id;
                     return true;
                 }
                 history.balance_minor -= leg.amount_minor;
                 return false;
             });
    find_leg(history);
}

void next_leg(WalletHistory &history)
{
    MVM_ASSERT(history.at_leg);
    history.balance_minor += history.leg.amount_minor;
    history.done_id = history.leg.transaction_id;
    find_leg(history);
}

void close_wallet_history(WalletHistory &history)
{
    if (history.linked) {
        close_journal_reader(history.reader);
    }
    MemoryContextDelete(history.run_context);
}

pg::WideAmount balance_at_place(Call &call, const WalletKey &wallet, const HistoryPlace &place)
{
    WalletHistory history;
    open_wallet_history(call, history, wallet, place);
    const pg::WideAmount balance_minor = history.balance_minor;
    close_wallet_history(history);
    return balance_minor;
}

void require_explained(std::int64_t user_id, std::int32_t universe_id, pg::WideAmount balance_minor)
{
    if (balance_minor < PG_INT64_MIN || balance_minor > pg::WideAmount{2} * PG_INT64_MAX) {
        pg::raise(domain::ErrorCode::amount_out_of_range,
                  psprintf("The journal does not explain the balance of user " INT64_FORMAT
                           " in universe %d.",
                           user_id, universe_id),
                  "mvm_audit() tells what is wrong.");
    }
}

} // namespace mvm::storage
