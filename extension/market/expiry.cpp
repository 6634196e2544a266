#include "market/expiry.hpp"

#include <climits>

namespace mvm::market {

struct ExpiredHold {
    std::int64_t id; // the key of Expiry::holds
    storage::KeptByHold kept;
    storage::Hold hold;      // once it is locked
    storage::JournalRow row; // of its release
    int item;                // index of the locked row
    int wallet;
    enum class State : std::uint8_t { unlocked, locked, passed_over, released } state;
};

namespace {

using storage::WalletKey;
using State = ExpiredHold::State;

// Which holds a list has: those on an item, those of a wallet, or (all zeros) all.
struct ListKey {
    std::int64_t item_id;
    WalletKey wallet;
};

// The holds that have been read so far, in the order in which they expired.
struct HoldList {
    ListKey key; // in Expiry::lists
    pg::Array<ExpiredHold *> holds;
    bool complete;  // there are no more
    int first_open; // place of the first one that is not released
};

HTAB *hash_table(const char *name, Size key_size, Size entry_size)
{
    HASHCTL control{};
    control.keysize = key_size;
    control.entrysize = entry_size;
    control.hcxt = CurrentMemoryContext;
    return hash_create(name, 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

HoldList &list_of(Expiry &expiry, const ListKey &wanted)
{
    if (expiry.now == 0) {
        expiry.now = GetCurrentTimestamp();
        expiry.lists =
            hash_table("lists of holds past their time", sizeof(ListKey), sizeof(HoldList));
        expiry.holds =
            hash_table("holds past their time", sizeof(std::int64_t), sizeof(ExpiredHold));
    }
    ListKey key;
    memset(&key, 0, sizeof key); // the padding is compared as well
    key.item_id = wanted.item_id;
    key.wallet.user_id = wanted.wallet.user_id;
    key.wallet.universe_id = wanted.wallet.universe_id;
    bool found = false;
    auto *list = static_cast<HoldList *>(hash_search(expiry.lists, &key, HASH_ENTER, &found));
    if (!found) {
        list->holds = {};
        list->complete = false;
        list->first_open = 0;
    }
    return *list;
}

// A hold may stand in the list of its item and in that of its wallet: it is known once.
ExpiredHold *known_hold(Expiry &expiry, const storage::KeptByHold &kept)
{
    bool found = false;
    auto *hold =
        static_cast<ExpiredHold *>(hash_search(expiry.holds, &kept.id, HASH_ENTER, &found));
    if (!found) {
        hold->kept = kept;
        hold->state = State::unlocked;
    }
    return hold;
}

// Reads the list again from its beginning, twice as far as before.
void read_more(Expiry &expiry, HoldList &list)
{
    storage::Call &call = expiry.desk.call;
    const int count_max = Max(16, 2 * list.holds.count);
    pg::Array<storage::KeptByHold> found{};
    if (list.key.item_id != 0) {
        storage::find_expired_on_item(call, list.key.item_id, expiry.now, count_max, found);
    } else if (list.key.wallet.user_id != 0) {
        storage::find_expired_of_wallet(call, list.key.wallet, expiry.now, count_max, found);
    } else {
        storage::find_expired(call, expiry.now, count_max, found);
    }
    list.complete = found.count < count_max;
    list.holds.count = 0;
    for (const storage::KeptByHold &kept : found) {
        list.holds.push(known_hold(expiry, kept));
    }
    if (found.data != nullptr) {
        pfree(found.data);
    }
}

// The hold at a place of the list; null beyond its end.
ExpiredHold *hold_at(Expiry &expiry, HoldList &list, int place)
{
    while (place >= list.holds.count && !list.complete) {
        read_more(expiry, list);
    }
    return place < list.holds.count ? list.holds[place] : nullptr;
}

// Locks the hold, its item and its wallet. False if that would have to wait, if the hold has ended
// meanwhile, or if it has been changed since it was read.
bool try_lock_hold(Expiry &expiry, ExpiredHold &expired)
{
    Desk &desk = expiry.desk;
    storage::Hold &hold = expired.hold;
    const storage::KeptByHold &kept = expired.kept;
    if (storage::try_lock_hold(desk.call, kept.id, hold) != storage::TryLock::locked ||
        hold.state != storage::HoldState::active || hold.expires_at > expiry.now ||
        hold.item_id != kept.item_id || hold.quantity != kept.quantity ||
        hold.paid_minor != kept.paid_minor || hold.buyer_id != kept.wallet.user_id ||
        hold.from_universe_id != kept.wallet.universe_id) {
        return false;
    }
    expired.item = try_lock_item(desk, kept.item_id);
    if (expired.item < 0 || !desk.items[expired.item].found) {
        return false;
    }
    expired.wallet = try_lock_wallet(desk, kept.wallet);
    return expired.wallet >= 0 && desk.wallets[expired.wallet].wallet.row != nullptr;
}

// Puts back what the hold keeps, if it can be locked and there is room for it.
bool try_release(Expiry &expiry, ExpiredHold &hold)
{
    CHECK_FOR_INTERRUPTS();
    if (hold.state == State::unlocked) {
        hold.state = try_lock_hold(expiry, hold) ? State::locked : State::passed_over;
    }
    if (hold.state != State::locked) {
        return false;
    }
    hold.row = release_row(hold.hold);
    if (post(expiry.desk, {&hold.row, hold.item, -1, hold.wallet}).exists()) {
        return false;
    }
    expiry.released.push(&hold);
    hold.state = State::released;
    return true;
}

// The first place of the list whose hold is not released.
int first_open(Expiry &expiry, HoldList &list)
{
    for (;;) {
        const ExpiredHold *hold = hold_at(expiry, list, list.first_open);
        if (hold == nullptr || hold->state != State::released) {
            return list.first_open;
        }
        ++list.first_open;
    }
}

// Calls `visit` with holds that are not released, at most `holds_max`, until it returns false.
template <typename Visit>
void visit_open(Expiry &expiry, HoldList &list, int holds_max, Visit visit)
{
    int place = first_open(expiry, list);
    for (int looked_at = 0; looked_at < holds_max; ++place) {
        ExpiredHold *hold = hold_at(expiry, list, place);
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

// Releases holds until what they keep, as `amount_of` says, is what is needed; or none, and false.
template <typename Amount>
bool release_needed(Expiry &expiry, HoldList &list, std::int64_t needed, Amount amount_of)
{
    // If all of them together are too little, none is locked.
    std::int64_t missing = needed;
    visit_open(expiry, list, expired_holds_max, [&](ExpiredHold &hold) {
        missing -= hold.state == State::passed_over ? 0 : Min(missing, amount_of(hold.kept));
        return missing > 0;
    });
    if (missing > 0) {
        return false;
    }
    const Mark mark = mark_of(expiry);
    missing = needed;
    visit_open(expiry, list, expired_holds_max, [&](ExpiredHold &hold) {
        if (try_release(expiry, hold)) {
            missing -= Min(missing, amount_of(hold.kept));
        }
        return missing > 0;
    });
    if (missing > 0) {
        take_back(expiry, mark);
    }
    return missing == 0;
}

HoldList &list_of_wallet(Expiry &expiry, int wallet)
{
    return list_of(expiry, {0, expiry.desk.wallets[wallet].key});
}

} // namespace

bool has_expired_on_item(Expiry &expiry, std::int64_t item_id)
{
    return hold_at(expiry, list_of(expiry, {item_id, {}}), 0) != nullptr;
}

bool release_pieces(Expiry &expiry, int item, std::int64_t needed)
{
    return release_needed(expiry, list_of(expiry, {expiry.desk.items[item].id, {}}), needed,
                          [](const storage::KeptByHold &kept) { return kept.quantity; });
}

bool release_money(Expiry &expiry, int wallet, std::int64_t needed_minor)
{
    return release_needed(expiry, list_of_wallet(expiry, wallet), needed_minor,
                          [](const storage::KeptByHold &kept) { return kept.paid_minor; });
}

bool release_all_money(Expiry &expiry, int wallet)
{
    bool any = false;
    visit_open(expiry, list_of_wallet(expiry, wallet), expired_holds_max, [&](ExpiredHold &hold) {
        any |= try_release(expiry, hold);
        return true;
    });
    return any;
}

int release_any(Expiry &expiry, int count)
{
    int released = 0;
    visit_open(expiry, list_of(expiry, {}), INT_MAX, [&](ExpiredHold &hold) {
        released += try_release(expiry, hold) ? 1 : 0;
        return released < count;
    });
    return released;
}

Obstacle post_releasing(Expiry &expiry, const Posting &posting)
{
    const Obstacle found = post(expiry.desk, posting);
    if (found.error == domain::ErrorCode::insufficient_balance &&
        release_money(expiry, found.wallet,
                      found.needed - static_cast<std::int64_t>(found.available))) {
        return post(expiry.desk, posting);
    }
    return found;
}

Mark mark_of(const Expiry &expiry)
{
    return {expiry.desk.postings.count, expiry.released.count};
}

void take_back(Expiry &expiry, const Mark &mark)
{
    while (expiry.released.count > mark.released) {
        ExpiredHold *last = expiry.released[expiry.released.count - 1];
        --expiry.released.count;
        last->state = State::locked;
        list_of(expiry, {last->kept.item_id, {}}).first_open = 0;
        list_of(expiry, {0, last->kept.wallet}).first_open = 0;
    }
    take_back(expiry.desk, mark.postings);
}

void write(Expiry &expiry)
{
    write_items(expiry.desk);
    for (ExpiredHold *released : expiry.released) {
        CHECK_FOR_INTERRUPTS();
        storage::close_hold(expiry.desk.call, released->hold, storage::HoldState::expired, 0);
    }
    write_journal_and_wallets(expiry.desk);
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

} // namespace mvm::market
