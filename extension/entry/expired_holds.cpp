#include "entry/expired_holds.hpp"

#include <climits>

#include "domain/money.hpp"

namespace mvm::entry {

struct ExpiredHold {
    std::int64_t id; // the key of ExpiredHolds::holds
    storage::KeptByHold kept;
    storage::Hold hold; // once it is locked
    int item;           // index of the locked row
    int wallet;
    enum class State : std::uint8_t { unlocked, locked, passed_over, released } state;
};

namespace {

using storage::Call;
using storage::WalletKey;
using State = ExpiredHold::State;

// Of what the holds are: an item, or a wallet, or (all zeros) anything.
struct Keeper {
    std::int64_t item_id;
    WalletKey wallet;
};

// The holds of a keeper that have been read, in the order in which they expired.
struct HoldList {
    Keeper keeper; // the key of ExpiredHolds::lists
    pg::Array<ExpiredHold *> holds;
    bool complete;  // there are no more
    int first_open; // those before it are released
};

HTAB *hash_table(const char *name, Size key_size, Size entry_size)
{
    HASHCTL control{};
    control.keysize = key_size;
    control.entrysize = entry_size;
    control.hcxt = CurrentMemoryContext;
    return hash_create(name, 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

HoldList &list_of(ExpiredHolds &expired, const Keeper &wanted)
{
    if (expired.now == 0) {
        expired.now = GetCurrentTimestamp();
        expired.lists =
            hash_table("holds past their time by keeper", sizeof(Keeper), sizeof(HoldList));
        expired.holds =
            hash_table("holds past their time", sizeof(std::int64_t), sizeof(ExpiredHold));
    }
    Keeper keeper;
    memset(&keeper, 0, sizeof keeper); // the padding is part of the key
    keeper.item_id = wanted.item_id;
    keeper.wallet.user_id = wanted.wallet.user_id;
    keeper.wallet.universe_id = wanted.wallet.universe_id;
    bool found = false;
    auto *list = static_cast<HoldList *>(hash_search(expired.lists, &keeper, HASH_ENTER, &found));
    if (!found) {
        list->holds = {};
        list->complete = false;
        list->first_open = 0;
    }
    return *list;
}

// A hold may be met as one on an item and as one of a wallet.
ExpiredHold *known_hold(ExpiredHolds &expired, const storage::KeptByHold &kept)
{
    bool found = false;
    auto *hold =
        static_cast<ExpiredHold *>(hash_search(expired.holds, &kept.id, HASH_ENTER, &found));
    if (!found) {
        hold->kept = kept;
        hold->state = State::unlocked;
    }
    return hold;
}

// Reads more of the list, from its beginning: twice as many as before.
void read_more(Call &call, ExpiredHolds &expired, HoldList &list)
{
    const int count_max = Max(16, 2 * list.holds.count);
    pg::Array<storage::KeptByHold> found{};
    if (list.keeper.item_id != 0) {
        storage::find_expired_on_item(call, list.keeper.item_id, expired.now, count_max, found);
    } else if (list.keeper.wallet.user_id != 0) {
        storage::find_expired_of_wallet(call, list.keeper.wallet, expired.now, count_max, found);
    } else {
        storage::find_expired(call, expired.now, count_max, found);
    }
    list.complete = found.count < count_max;
    list.holds.count = 0;
    for (const storage::KeptByHold &kept : found) {
        list.holds.push(known_hold(expired, kept));
    }
    if (found.data != nullptr) {
        pfree(found.data);
    }
}

// The hold at a place of the list; null beyond its end.
ExpiredHold *hold_at(Call &call, ExpiredHolds &expired, HoldList &list, int place)
{
    while (place >= list.holds.count && !list.complete) {
        read_more(call, expired, list);
    }
    return place < list.holds.count ? list.holds[place] : nullptr;
}

// Locks the hold, its item and its wallet; false when that would have to wait, when the hold
// has ended meanwhile or when it is no longer what was read of it.
bool try_hold(Call &call, LockedRows &rows, TimestampTz now, ExpiredHold &expired)
{
    storage::Hold &hold = expired.hold;
    const storage::KeptByHold &kept = expired.kept;
    if (storage::try_lock_hold(call, kept.id, hold) != storage::TryLock::locked ||
        hold.state != storage::HoldState::active || hold.expires_at > now ||
        hold.item_id != kept.item_id || hold.quantity != kept.quantity ||
        hold.paid_minor != kept.paid_minor || hold.buyer_id != kept.wallet.user_id ||
        hold.from_universe_id != kept.wallet.universe_id) {
        return false;
    }
    expired.item = try_item(call, rows, kept.item_id);
    if (expired.item < 0 || !rows.items[expired.item].found) {
        return false;
    }
    expired.wallet = try_wallet(call, rows, kept.wallet);
    return expired.wallet >= 0 && rows.wallets[expired.wallet].wallet.row != nullptr;
}

// Puts back what the hold keeps, if it can be had and there is room for it.
bool try_release(Call &call, LockedRows &rows, ExpiredHolds &expired, ExpiredHold &hold)
{
    CHECK_FOR_INTERRUPTS();
    if (hold.state == State::unlocked) {
        hold.state = try_hold(call, rows, expired.now, hold) ? State::locked : State::passed_over;
    }
    if (hold.state != State::locked) {
        return false;
    }
    domain::RunningStock &stock = rows.items[hold.item].running;
    domain::RunningBalance &balance = rows.wallets[hold.wallet].running;
    const auto new_stock = domain::add_amounts(stock.stock, hold.kept.quantity);
    const auto new_balance = domain::add_amounts(balance.balance_minor, hold.kept.paid_minor);
    if (!new_stock.ok() || !new_balance.ok()) {
        return false;
    }
    expired.released.push({&hold, stock, balance});
    stock = {stock.price_minor, new_stock.value, true};
    balance = {new_balance.value, true};
    hold.state = State::released;
    return true;
}

// The first place of the list whose hold is not released.
int first_open(Call &call, ExpiredHolds &expired, HoldList &list)
{
    for (;;) {
        const ExpiredHold *hold = hold_at(call, expired, list, list.first_open);
        if (hold == nullptr || hold->state != State::released) {
            return list.first_open;
        }
        ++list.first_open;
    }
}

// Calls `visit` with the holds that an order looks at until it returns false.
template <typename Visit>
void visit_open(Call &call, ExpiredHolds &expired, HoldList &list, int holds_max, Visit visit)
{
    int place = first_open(call, expired, list);
    for (int looked_at = 0; looked_at < holds_max; ++place) {
        ExpiredHold *hold = hold_at(call, expired, list, place);
        if (hold == nullptr) {
            return;
        }
        if (hold->state != State::released) {
            ++looked_at;
            if (!visit(*hold)) {
                return;
            }
        }
    }
}

// What `amount_of` says of the holds makes up for what is needed, or none is released.
template <typename Amount>
bool release_needed(Call &call, LockedRows &rows, ExpiredHolds &expired, HoldList &list,
                    std::int64_t needed, Amount amount_of)
{
    // What cannot suffice is not even locked.
    std::int64_t missing = needed;
    visit_open(call, expired, list, expired_holds_max, [&](ExpiredHold &hold) {
        missing -= hold.state == State::passed_over ? 0 : Min(missing, amount_of(hold.kept));
        return missing > 0;
    });
    if (missing > 0) {
        return false;
    }
    const int kept = expired.released.count;
    missing = needed;
    visit_open(call, expired, list, expired_holds_max, [&](ExpiredHold &hold) {
        if (try_release(call, rows, expired, hold)) {
            missing -= Min(missing, amount_of(hold.kept));
        }
        return missing > 0;
    });
    if (missing > 0) {
        undo_releases(rows, expired, kept);
    }
    return missing == 0;
}

HoldList &list_of_wallet(LockedRows &rows, ExpiredHolds &expired, int wallet)
{
    return list_of(expired, {0, rows.wallets[wallet].key});
}

} // namespace

bool has_expired_on_item(Call &call, ExpiredHolds &expired, std::int64_t item_id)
{
    return hold_at(call, expired, list_of(expired, {item_id, {}}), 0) != nullptr;
}

bool release_pieces(Call &call, LockedRows &rows, ExpiredHolds &expired, int item,
                    std::int64_t needed)
{
    return release_needed(call, rows, expired, list_of(expired, {rows.items[item].id, {}}), needed,
                          [](const storage::KeptByHold &kept) { return kept.quantity; });
}

bool release_money(Call &call, LockedRows &rows, ExpiredHolds &expired, int wallet,
                   std::int64_t needed_minor)
{
    return release_needed(call, rows, expired, list_of_wallet(rows, expired, wallet), needed_minor,
                          [](const storage::KeptByHold &kept) { return kept.paid_minor; });
}

bool release_all_money(Call &call, LockedRows &rows, ExpiredHolds &expired, int wallet)
{
    bool any = false;
    visit_open(call, expired, list_of_wallet(rows, expired, wallet), expired_holds_max,
               [&](ExpiredHold &hold) {
                   any |= try_release(call, rows, expired, hold);
                   return true;
               });
    return any;
}

int release_any(Call &call, LockedRows &rows, ExpiredHolds &expired, int count)
{
    int released = 0;
    visit_open(call, expired, list_of(expired, {}), INT_MAX, [&](ExpiredHold &hold) {
        released += try_release(call, rows, expired, hold) ? 1 : 0;
        return released < count;
    });
    return released;
}

void undo_releases(LockedRows &rows, ExpiredHolds &expired, int kept)
{
    while (expired.released.count > kept) {
        const ReleasedHold last = expired.released[expired.released.count - 1];
        --expired.released.count;
        rows.items[last.hold->item].running = last.stock_before;
        rows.wallets[last.hold->wallet].running = last.balance_before;
        last.hold->state = State::locked;
        list_of(expired, {last.hold->kept.item_id, {}}).first_open = 0;
        list_of(expired, {0, last.hold->kept.wallet}).first_open = 0;
    }
}

void journal_releases(LockedRows &rows, ExpiredHolds &expired, int kept, PendingJournal &journal)
{
    for (int i = kept; i < expired.released.count; ++i) {
        const ReleasedHold &released = expired.released[i];
        auto *row = static_cast<storage::JournalRow *>(palloc(sizeof(storage::JournalRow)));
        *row = release_row(released.hold->hold);
        journal.rows.push(row);
        count_movement(rows, journal, released.hold->wallet, row,
                       released.balance_before.balance_minor);
    }
}

void write_releases(Call &call, ExpiredHolds &expired)
{
    for (const ReleasedHold &released : expired.released) {
        CHECK_FOR_INTERRUPTS();
        storage::close_hold(call, released.hold->hold, storage::HoldState::expired, 0);
    }
}

storage::JournalRow release_row(const storage::Hold &hold)
{
    storage::JournalRow row{};
    row.kind = domain::JournalKind::release;
    row.user_id = hold.buyer_id;
    row.item_id = hold.item_id;
    row.quantity = hold.quantity;
    row.paid_minor = row.received_minor = hold.paid_minor;
    row.from_universe_id = row.to_universe_id = hold.from_universe_id;
    row.from_rate = row.to_rate = hold.from_rate;
    row.reference_id = hold.id;
    return row;
}

} // namespace mvm::entry
