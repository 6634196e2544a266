#include "market/desk.hpp"

#include <algorithm>

#include "domain/assert.hpp"

namespace mvm::market {

namespace {

using domain::ErrorCode;
using storage::TryLock;
using storage::WalletKey;

std::int64_t key_of(const LockedItem &item)
{
    return item.id;
}

const WalletKey &key_of(const LockedWallet &wallet)
{
    return wallet.key;
}

// The place of the key, or where it would be inserted, among the rows locked without waiting.
template <typename Row, typename Key>
int *place_among(pg::Array<int> &others, pg::Array<Row> &rows, const Key &key)
{
    return std::lower_bound(others.begin(), others.end(), key, [&](int index, const Key &wanted) {
        return key_of(rows[index]) < wanted;
    });
}

template <typename Row, typename Key>
int index_of(pg::Array<Row> &rows, int in_order, pg::Array<int> &others, const Key &key)
{
    Row *end = rows.begin() + in_order;
    Row *found = std::lower_bound(rows.begin(), end, key, [](const Row &row, const Key &wanted) {
        return key_of(row) < wanted;
    });
    if (found != end && key_of(*found) == key) {
        return static_cast<int>(found - rows.begin());
    }
    const int *other = place_among(others, rows, key);
    return other != others.end() && key_of(rows[*other]) == key ? *other : -1;
}

template <typename Row> int push_other(pg::Array<Row> &rows, pg::Array<int> &others, const Row &row)
{
    const auto place = place_among(others, rows, key_of(row)) - others.begin();
    const int index = rows.push(row);
    others.push(index);
    std::rotate(others.begin() + place, others.end() - 1, others.end());
    return index;
}

LockedItem locked_item(std::int64_t id)
{
    LockedItem locked{};
    locked.id = id;
    return locked;
}

LockedWallet locked_wallet(const WalletKey &key)
{
    LockedWallet locked{};
    locked.key = key;
    return locked;
}

void set_found(LockedItem &locked, bool found)
{
    locked.found = found;
    locked.stock = found ? static_cast<RunningAmount>(locked.item.stock) : 0;
}

void set_wallet(LockedWallet &locked, const storage::Wallet &wallet)
{
    locked.wallet = wallet;
    locked.balance_minor = static_cast<RunningAmount>(wallet.balance_minor);
}

} // namespace

// ---------------------------------------------------------------------------
// Locking
// ---------------------------------------------------------------------------

void lock_items(Desk &desk, pg::Array<std::int64_t> &ids)
{
    MVM_ASSERT(desk.items.count == 0 && desk.wallets.count == 0);
    std::sort(ids.begin(), ids.end());
    for (int i = 0; i < ids.count; ++i) {
        if (i > 0 && ids[i] == ids[i - 1]) {
            continue;
        }
        CHECK_FOR_INTERRUPTS();
        LockedItem locked = locked_item(ids[i]);
        set_found(locked, storage::lock_item(desk.call, locked.id, locked.item));
        desk.items.push(locked);
    }
    desk.items_in_order = desk.items.count;
}

int lock_item(Desk &desk, std::int64_t id)
{
    pg::Array<std::int64_t> ids{};
    ids.push(id);
    lock_items(desk, ids);
    return desk.items[0].found ? 0 : -1;
}

void lock_wallets(Desk &desk, pg::Array<WantedWallet> &wanted)
{
    MVM_ASSERT(desk.wallets.count == 0);
    std::sort(wanted.begin(), wanted.end(),
              [](const WantedWallet &a, const WantedWallet &b) { return a.key < b.key; });
    for (int i = 0; i < wanted.count; ++i) {
        if (i > 0 && wanted[i].key == wanted[i - 1].key) {
            desk.wallets[desk.wallets.count - 1].receives |= wanted[i].receives;
            continue;
        }
        LockedWallet locked = locked_wallet(wanted[i].key);
        locked.receives = wanted[i].receives;
        desk.wallets.push(locked);
    }
    for (LockedWallet &locked : desk.wallets) {
        CHECK_FOR_INTERRUPTS();
        set_wallet(locked, locked.receives
                               ? storage::lock_or_create_wallet(desk.call, locked.key, locked.made)
                               : storage::lock_wallet(desk.call, locked.key));
    }
    desk.wallets_in_order = desk.wallets.count;
}

void lock_wallets(Desk &desk, std::initializer_list<WantedWallet> wanted)
{
    pg::Array<WantedWallet> array{};
    for (const WantedWallet &wallet : wanted) {
        array.push(wallet);
    }
    lock_wallets(desk, array);
}

int add_opening_wallet(Desk &desk, const WalletKey &key)
{
    LockedWallet locked = locked_wallet(key);
    locked.opening = true;
    locked.wallet.user_id = key.user_id;
    locked.wallet.universe_id = key.universe_id;
    locked.wallet.last_journal_id = 0;
    return push_other(desk.wallets, desk.other_wallets, locked);
}

int add_opening_item(Desk &desk, const storage::Item &item)
{
    LockedItem locked = locked_item(item.id);
    locked.found = locked.opening = true;
    locked.item = item;
    return push_other(desk.items, desk.other_items, locked);
}

int index_of_item(Desk &desk, std::int64_t id)
{
    return index_of(desk.items, desk.items_in_order, desk.other_items, id);
}

int index_of_wallet(Desk &desk, const WalletKey &key)
{
    return index_of(desk.wallets, desk.wallets_in_order, desk.other_wallets, key);
}

int try_lock_item(Desk &desk, std::int64_t id)
{
    const int known = index_of_item(desk, id);
    if (known >= 0) {
        return known;
    }
    LockedItem locked = locked_item(id);
    const TryLock outcome = storage::try_lock_item(desk.call, id, locked.item);
    if (outcome == TryLock::in_use) {
        return -1;
    }
    set_found(locked, outcome == TryLock::locked);
    return push_other(desk.items, desk.other_items, locked);
}

int try_lock_wallet(Desk &desk, const WalletKey &key)
{
    const int known = index_of_wallet(desk, key);
    if (known >= 0) {
        return known;
    }
    LockedWallet locked = locked_wallet(key);
    storage::Wallet wallet{};
    if (storage::try_lock_wallet(desk.call, key, wallet) == TryLock::in_use) {
        return -1;
    }
    set_wallet(locked, wallet);
    return push_other(desk.wallets, desk.other_wallets, locked);
}

void find_missing_wallets(Desk &desk)
{
    for (LockedWallet &locked : desk.wallets) {
        CHECK_FOR_INTERRUPTS();
        storage::Wallet wallet{};
        if (locked.wallet.row == nullptr && !locked.opening &&
            storage::try_lock_wallet(desk.call, locked.key, wallet) == TryLock::locked) {
            set_wallet(locked, wallet);
        }
    }
}

// ---------------------------------------------------------------------------
// Posting
// ---------------------------------------------------------------------------

domain::Movement movement_of(const storage::JournalRow &row)
{
    return domain::movement_of(row.kind, row.paid_minor.value_or(0), row.received_minor.value_or(0),
                               row.quantity.value_or(0));
}

namespace {

Obstacle obstacle(ErrorCode error, int wallet, RunningAmount available, std::int64_t change)
{
    return {error, wallet, available, change < 0 ? -change : 0};
}

// Debits or credits a wallet of the posting, if it has that one.
Obstacle move_money(Desk &desk, int wallet, std::int64_t change)
{
    if (wallet < 0) {
        return {};
    }
    LockedWallet &locked = desk.wallets[wallet];
    if (!domain::move(locked.balance_minor, change)) {
        return obstacle(ErrorCode::insufficient_balance, wallet, locked.balance_minor, change);
    }
    ++locked.movements;
    return {};
}

void move_money_back(Desk &desk, int wallet, std::int64_t change)
{
    if (wallet >= 0) {
        domain::move_back(desk.wallets[wallet].balance_minor, change);
        --desk.wallets[wallet].movements;
    }
}

Obstacle move_pieces(Desk &desk, int item, std::int64_t change)
{
    if (item < 0) {
        return {};
    }
    LockedItem &locked = desk.items[item];
    if (!domain::move(locked.stock, change)) {
        return obstacle(ErrorCode::insufficient_stock, -1, locked.stock, change);
    }
    ++locked.movements;
    return {};
}

void undo(Desk &desk, const Posting &posting)
{
    const domain::Movement movement = movement_of(*posting.row);
    move_money_back(desk, posting.from, movement.from_minor);
    move_money_back(desk, posting.to, movement.to_minor);
    if (posting.item >= 0) {
        domain::move_back(desk.items[posting.item].stock, movement.pieces);
        --desk.items[posting.item].movements;
    }
}

// Moves all that the row says, whatever balances that leads to. Whether these are in range is
// checked afterwards, so that missing money or stock is reported before too much of it.
Obstacle move_all(Desk &desk, const Posting &posting)
{
    MVM_ASSERT(posting.from < 0 || posting.from != posting.to);
    const domain::Movement movement = movement_of(*posting.row);
    Obstacle found = move_money(desk, posting.from, movement.from_minor);
    if (found.exists()) {
        return found;
    }
    found = move_money(desk, posting.to, movement.to_minor);
    if (found.exists()) {
        move_money_back(desk, posting.from, movement.from_minor);
        return found;
    }
    found = move_pieces(desk, posting.item, movement.pieces);
    if (found.exists()) {
        move_money_back(desk, posting.from, movement.from_minor);
        move_money_back(desk, posting.to, movement.to_minor);
        return found;
    }
    desk.postings.push(posting);
    return {};
}

// The balance or stock that is out of range after the posting, if any.
Obstacle beyond_range(Desk &desk, const Posting &posting)
{
    for (const int wallet : {posting.from, posting.to}) {
        if (wallet >= 0 && !domain::is_amount(desk.wallets[wallet].balance_minor)) {
            return {ErrorCode::amount_out_of_range, wallet, desk.wallets[wallet].balance_minor, 0};
        }
    }
    if (posting.item >= 0 && !domain::is_amount(desk.items[posting.item].stock)) {
        return {ErrorCode::amount_out_of_range, -1, desk.items[posting.item].stock, 0};
    }
    return {};
}

} // namespace

Posting posting_of(Desk &desk, storage::JournalRow *row)
{
    const storage::WalletsOfRow wallets = storage::wallets_of(*row);
    Posting posting{row, -1, -1, -1};
    if (domain::info_of(row->kind).stocked != 0) {
        posting.item = index_of_item(desk, *row->item_id);
        MVM_ASSERT(posting.item >= 0);
    }
    if (wallets.from) {
        posting.from = index_of_wallet(desk, *wallets.from);
        MVM_ASSERT(posting.from >= 0);
    }
    if (wallets.to) {
        posting.to = index_of_wallet(desk, *wallets.to);
        MVM_ASSERT(posting.to >= 0);
    }
    return posting;
}

Obstacle post(Desk &desk, const Posting &posting)
{
    Obstacle found = move_all(desk, posting);
    if (!found.exists()) {
        found = beyond_range(desk, posting);
        if (found.exists()) {
            take_back(desk, desk.postings.count - 1);
        }
    }
    return found;
}

Obstacle post_both(Desk &desk, const Posting &first, const Posting &second)
{
    const int kept = desk.postings.count;
    Obstacle found = move_all(desk, first);
    if (!found.exists()) {
        found = move_all(desk, second);
    }
    if (!found.exists()) {
        found = beyond_range(desk, first);
    }
    if (!found.exists()) {
        found = beyond_range(desk, second);
    }
    if (found.exists()) {
        take_back(desk, kept);
    } else if (first.item >= 0 && first.item == second.item &&
               movement_of(*first.row).pieces + movement_of(*second.row).pieces == 0) {
        desk.items[first.item].movements -= 2;
    }
    return found;
}

void take_back(Desk &desk, int kept)
{
    while (desk.postings.count > kept) {
        undo(desk, desk.postings[desk.postings.count - 1]);
        --desk.postings.count;
    }
}

} // namespace mvm::market
