#include "entry/locked_rows.hpp"

#include <algorithm>

#include "storage/balance_snapshot.hpp"
#include "storage/journal_link.hpp"

namespace mvm::entry {

namespace {

using storage::Call;
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

// Where the key stands, or would stand, among the rows that were locked without waiting.
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

void run_from(LockedItem &locked)
{
    locked.running = {locked.item.price_minor, locked.item.stock, false};
}

} // namespace

void lock_items(Call &call, LockedRows &rows, pg::Array<std::int64_t> &ids)
{
    std::sort(ids.begin(), ids.end());
    for (int i = 0; i < ids.count; ++i) {
        if (i > 0 && ids[i] == ids[i - 1]) {
            continue;
        }
        CHECK_FOR_INTERRUPTS();
        LockedItem locked = locked_item(ids[i]);
        locked.found = storage::lock_item(call, locked.id, locked.item);
        run_from(locked);
        rows.items.push(locked);
    }
    rows.items_in_order = rows.items.count;
}

void lock_wallets(Call &call, LockedRows &rows, pg::Array<WantedWallet> &wanted)
{
    std::sort(wanted.begin(), wanted.end(),
              [](const WantedWallet &a, const WantedWallet &b) { return a.key < b.key; });
    for (int i = 0; i < wanted.count; ++i) {
        if (i > 0 && wanted[i].key == wanted[i - 1].key) {
            rows.wallets[rows.wallets.count - 1].receives |= wanted[i].receives;
            continue;
        }
        LockedWallet locked{};
        locked.key = wanted[i].key;
        locked.receives = wanted[i].receives;
        rows.wallets.push(locked);
    }
    for (LockedWallet &locked : rows.wallets) {
        CHECK_FOR_INTERRUPTS();
        const WalletKey &key = locked.key;
        locked.wallet =
            locked.receives
                ? storage::lock_or_create_wallet(call, key.user_id, key.universe_id, locked.created)
                : storage::lock_wallet(call, key.user_id, key.universe_id);
        locked.running = {locked.wallet.balance_minor, false};
    }
    rows.wallets_in_order = rows.wallets.count;
}

int index_of_item(LockedRows &rows, std::int64_t id)
{
    return index_of(rows.items, rows.items_in_order, rows.other_items, id);
}

int index_of_wallet(LockedRows &rows, const WalletKey &key)
{
    return index_of(rows.wallets, rows.wallets_in_order, rows.other_wallets, key);
}

int try_item(Call &call, LockedRows &rows, std::int64_t id)
{
    const int known = index_of_item(rows, id);
    if (known >= 0) {
        return known;
    }
    LockedItem locked = locked_item(id);
    const TryLock outcome = storage::try_lock_item(call, id, locked.item);
    if (outcome == TryLock::in_use) {
        return -1;
    }
    locked.found = outcome == TryLock::locked;
    run_from(locked);
    return push_other(rows.items, rows.other_items, locked);
}

int try_wallet(Call &call, LockedRows &rows, const WalletKey &key)
{
    const int known = index_of_wallet(rows, key);
    if (known >= 0) {
        return known;
    }
    LockedWallet locked{};
    locked.key = key;
    if (storage::try_lock_wallet(call, key, locked.wallet) == TryLock::in_use) {
        return -1;
    }
    locked.running = {locked.wallet.balance_minor, false};
    return push_other(rows.wallets, rows.other_wallets, locked);
}

void find_missing_wallets(Call &call, LockedRows &rows)
{
    for (LockedWallet &locked : rows.wallets) {
        CHECK_FOR_INTERRUPTS();
        if (locked.wallet.row == nullptr &&
            storage::try_lock_wallet(call, locked.key, locked.wallet) == TryLock::locked) {
            locked.running = {locked.wallet.balance_minor, false};
        }
    }
}

namespace {

// Gives the rows their ids and puts each on the chains of its wallets.
void link_rows(Call &call, LockedRows &rows, PendingJournal &journal)
{
    if (journal.rows.count == 0) {
        return;
    }
    storage::number_journal_rows(call, journal.rows.data, journal.rows.count);
    for (LockedWallet &locked : rows.wallets) {
        locked.last_journal_id = locked.wallet.last_journal_id;
    }
    for (const Movement &movement : journal.movements) {
        LockedWallet &locked = rows.wallets[movement.wallet];
        storage::link_row(*movement.row, locked.key, locked.last_journal_id);
    }
}

} // namespace

void write_rows(Call &call, LockedRows &rows, PendingJournal &journal)
{
    link_rows(call, rows, journal);
    for (LockedItem &locked : rows.items) {
        CHECK_FOR_INTERRUPTS();
        if (locked.running.changed) {
            storage::update_stock(call, locked.item, locked.running.stock);
        }
    }
    // First what goes again: nobody has heard of it yet.
    for (LockedWallet &locked : rows.wallets) {
        CHECK_FOR_INTERRUPTS();
        if (locked.created && locked.movements == 0) {
            storage::delete_wallet(call, locked.wallet);
        }
    }
    for (LockedWallet &locked : rows.wallets) {
        CHECK_FOR_INTERRUPTS();
        if (locked.movements > 0) {
            storage::update_balance(
                call, locked.wallet,
                {locked.running.balance_minor, locked.last_journal_id, locked.movements});
        }
    }
}

void count_movement(LockedRows &rows, PendingJournal &journal, int wallet, storage::JournalRow *row,
                    std::int64_t balance_minor)
{
    if (wallet < 0) {
        return;
    }
    int &movements = rows.wallets[wallet].movements;
    if (movements > 0 && movements % storage::movements_per_snapshot == 0) {
        journal.milestones.push({wallet, row, balance_minor});
    }
    journal.movements.push({wallet, row});
    ++movements;
}

void write_journal(Call &call, LockedRows &rows, PendingJournal &journal)
{
    if (journal.rows.count == 0) {
        return;
    }
    storage::append_journal_rows(call, journal.rows.data, journal.rows.count);
    for (const Milestone &milestone : journal.milestones) {
        CHECK_FOR_INTERRUPTS();
        const WalletKey &key = rows.wallets[milestone.wallet].key;
        storage::append_balance_snapshot(
            call, key,
            {milestone.row->id, milestone.balance_minor, storage::previous_of(*milestone.row, key)},
            milestone.row->transaction_time);
    }
}

} // namespace mvm::entry
