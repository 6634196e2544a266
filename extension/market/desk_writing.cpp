// The desk's writing: each row once, of what has been posted.
#include <utility>

#include "market/desk.hpp"
#include "storage/balance_snapshot.hpp"

namespace mvm::market {

namespace {

// The journal rows of the call, in the order in which they take effect.
storage::JournalRow **rows_of(Desk &desk)
{
    auto **rows = pg::zeroed<storage::JournalRow *>(desk.postings.count);
    for (int i = 0; i < desk.postings.count; ++i) {
        rows[i] = desk.postings[i].row;
    }
    return rows;
}

// Appends a row to the chain of a wallet: the wallet's last row, and the row becomes that.
void append_to_chain(Desk &desk, int wallet, const storage::JournalRow &row,
                     std::optional<std::int64_t> &previous_id)
{
    previous_id = std::nullopt;
    if (wallet >= 0) {
        previous_id = std::exchange(desk.wallets[wallet].last_journal_id, row.id);
    }
}

// Numbers the rows and links them, in the order of their ids.
void link_rows(Desk &desk, storage::JournalRow *const *rows)
{
    storage::number_journal_rows(desk.call, rows, desk.postings.count);
    for (LockedWallet &locked : desk.wallets) {
        locked.last_journal_id = locked.wallet.last_journal_id;
    }
    for (const Posting &posting : desk.postings) {
        storage::JournalRow &row = *posting.row;
        append_to_chain(desk, posting.from, row, row.from_previous_id);
        append_to_chain(desk, posting.to, row, row.to_previous_id);
    }
}

// A wallet gets a snapshot before the call's first row if its version says that one is due
// (storage::snapshot_is_due), and before each 64th row of the call that moves it.
void find_due_snapshots(Desk &desk)
{
    for (int i = 0; i < desk.wallets.count; ++i) {
        const LockedWallet &locked = desk.wallets[i];
        if (locked.movements > 0 && !locked.opening &&
            storage::snapshot_is_due(locked.wallet.version, locked.movements)) {
            desk.due_snapshots.push({i, desk.postings[0].row, locked.wallet.balance_minor,
                                     locked.wallet.last_journal_id});
        }
    }
}

struct Progress {
    RunningAmount balance_minor;
    int movements;
};

void pass_row(Progress &progress, int wallet, const storage::JournalRow *row,
              const std::optional<std::int64_t> &previous_id, std::int64_t change,
              pg::Array<DueSnapshot> &due)
{
    if (progress.movements > 0 && progress.movements % storage::movements_per_snapshot == 0) {
        due.push({wallet, row, static_cast<std::int64_t>(progress.balance_minor), previous_id});
    }
    ++progress.movements;
    domain::move(progress.balance_minor, change);
}

// Goes through the postings once more for the balances in between, where a wallet moves often.
void add_snapshots_within(Desk &desk)
{
    bool any = false;
    for (const LockedWallet &locked : desk.wallets) {
        any = any || locked.movements > storage::movements_per_snapshot;
    }
    if (!any) {
        return;
    }
    auto *progress = pg::zeroed<Progress>(desk.wallets.count);
    for (int i = 0; i < desk.wallets.count; ++i) {
        progress[i].balance_minor =
            static_cast<RunningAmount>(desk.wallets[i].wallet.balance_minor);
    }
    for (const Posting &posting : desk.postings) {
        const domain::Movement movement = movement_of(*posting.row);
        if (posting.from >= 0) {
            pass_row(progress[posting.from], posting.from, posting.row,
                     posting.row->from_previous_id, movement.from_minor, desk.due_snapshots);
        }
        if (posting.to >= 0) {
            pass_row(progress[posting.to], posting.to, posting.row, posting.row->to_previous_id,
                     movement.to_minor, desk.due_snapshots);
        }
    }
}

void write_stocks(Desk &desk)
{
    for (LockedItem &locked : desk.items) {
        CHECK_FOR_INTERRUPTS();
        // Also if the stock is the same as before: who waits for the item must see that it was
        // used.
        if (locked.movements > 0 && !locked.opening) {
            storage::update_stock(desk.call, locked.item, static_cast<std::int64_t>(locked.stock));
        }
    }
}

void write_wallets(Desk &desk)
{
    // First the wallets that were made and not needed, before any trigger is told of them.
    for (LockedWallet &locked : desk.wallets) {
        CHECK_FOR_INTERRUPTS();
        if (locked.made && locked.movements == 0) {
            storage::delete_wallet(desk.call, locked.wallet);
        }
    }
    for (LockedWallet &locked : desk.wallets) {
        CHECK_FOR_INTERRUPTS();
        if (locked.movements == 0) {
            continue;
        }
        const auto balance_minor = static_cast<std::int64_t>(locked.balance_minor);
        if (locked.opening) {
            storage::insert_wallet(desk.call, locked.key, balance_minor, *locked.last_journal_id);
        } else {
            storage::update_balance(desk.call, locked.wallet, balance_minor,
                                    *locked.last_journal_id);
        }
    }
}

void write_snapshots(Desk &desk)
{
    for (const DueSnapshot &due : desk.due_snapshots) {
        CHECK_FOR_INTERRUPTS();
        storage::append_balance_snapshot(desk.call, desk.wallets[due.wallet].key,
                                         {due.before->id, due.balance_minor, due.last_journal_id},
                                         due.before->transaction_time);
    }
}

} // namespace

void write_items(Desk &desk)
{
    storage::advance_command(desk.call);
    if (desk.postings.count > 0) {
        link_rows(desk, rows_of(desk));
        find_due_snapshots(desk);
        add_snapshots_within(desk);
    }
    write_stocks(desk);
}

void write_journal_and_wallets(Desk &desk)
{
    // Rows before the wallets, which name their last ones: who reads a history on the way, from a
    // trigger of the owner's, finds every row that a wallet names.
    if (desk.postings.count > 0) {
        storage::append_journal_rows(desk.call, rows_of(desk), desk.postings.count);
    }
    write_wallets(desk);
    write_snapshots(desk);
}

void write(Desk &desk)
{
    write_items(desk);
    write_journal_and_wallets(desk);
}

} // namespace mvm::market
