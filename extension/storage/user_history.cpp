#include "storage/user_history.hpp"

#include "pg/compat.hpp"
#include "storage/balance_snapshot.hpp"
#include "storage/wallet.hpp"

namespace mvm::storage {

namespace {

// ---------------------------------------------------------------------------
// Listings and restocks
// ---------------------------------------------------------------------------

void next_stocking(UserHistory &history)
{
    CHECK_FOR_INTERRUPTS();
    history.stocking_id = 0;
    if (index_getnext_slot(history.stocking, BackwardScanDirection, history.stocking_slot)) {
        history.stocking_id = DatumGetInt64(
            column_of(*history.reader.table, history.stocking_slot, journal_column::id));
    }
}

void open_stocking(Call &call, UserHistory &history, std::int64_t user_id, std::int64_t before_id)
{
    history.stocking_index = open_index("journal_stocking_idx");
    history.stocking_slot = make_slot(call, TableId::journal);
    history.stocking = pg::begin_index_scan(history.reader.table->relation, history.stocking_index,
                                            GetActiveSnapshot(), 2);
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(user_id));
    ScanKeyInit(&keys[1], 2, BTLessStrategyNumber, F_INT8LT, Int64GetDatum(before_id));
    index_rescan(history.stocking, keys, 2, nullptr, 0);
    next_stocking(history);
}

// ---------------------------------------------------------------------------
// Chains
// ---------------------------------------------------------------------------

// What a page ends with is what the next one begins before: mostly a row of one of the wallets.
std::optional<RowLinks> links_of_row(UserHistory &history, std::int64_t id)
{
    return id < PG_INT64_MAX && read_row(history.reader, id)
               ? std::optional(links_in(*history.reader.table, history.reader.slot))
               : std::nullopt;
}

// Enters the chain below `before_id`: by the row of that id, else from the snapshot above it.
void enter_chain(Call &call, UserHistory &history, WalletChain &chain,
                 const std::optional<RowLinks> &before, std::int64_t before_id)
{
    if (!chain.next_id || *chain.next_id < before_id) {
        return; // as a whole
    }
    if (before && (before->wallets.from == chain.wallet || before->wallets.to == chain.wallet)) {
        go_before(chain, *before);
    } else {
        if (const auto snapshot = balance_snapshot_from_id(call, chain.wallet, before_id)) {
            chain.next_id = snapshot->last_journal_id;
        }
        skip_to(history.reader, chain, before_id);
    }
}

void open_chains(Call &call, UserHistory &history, std::int64_t user_id, std::int64_t before_id)
{
    pg::Array<Wallet> wallets{};
    read_wallets_of_user(call, user_id, wallets);
    const std::optional<RowLinks> before = links_of_row(history, before_id);
    for (const Wallet &wallet : wallets) {
        WalletChain chain{{wallet.user_id, wallet.universe_id}, wallet.last_journal_id};
        enter_chain(call, history, chain, before, before_id);
        history.chains.push(chain);
    }
}

// Goes past the row that was read last, in every chain that has it.
void leave_row(UserHistory &history)
{
    if (history.read_id == 0) {
        return;
    }
    if (history.stocking_id == history.read_id) {
        return next_stocking(history);
    }
    for (WalletChain &chain : history.chains) {
        if (chain.next_id == history.read_id) {
            step_over(history.reader, chain);
        }
    }
}

bool read_linked_row(UserHistory &history, JournalRow &row)
{
    leave_row(history);
    const WalletChain *newest = nullptr;
    for (const WalletChain &chain : history.chains) {
        if (has_next(chain) && (newest == nullptr || *chain.next_id > *newest->next_id)) {
            newest = &chain;
        }
    }
    history.read_id = history.stocking_id;
    if (newest != nullptr && *newest->next_id > history.stocking_id) {
        history.read_id = *newest->next_id;
        read_next_row(history.reader, *newest);
        read_journal(*history.reader.table, history.reader.slot, row);
    } else if (history.read_id != 0) {
        read_journal(*history.reader.table, history.stocking_slot, row);
    }
    return history.read_id != 0;
}

} // namespace

void open_user_history(Call &call, UserHistory &history, std::int64_t user_id,
                       std::int64_t before_id, Stocking stocking)
{
    history = {};
    history.linked = is_linked(call);
    if (!history.linked) {
        return open_indexed_journal(call, history.indexed, user_id, before_id);
    }
    open_journal_reader(call, history.reader);
    open_chains(call, history, user_id, before_id);
    if (stocking == Stocking::with) {
        open_stocking(call, history, user_id, before_id);
    }
}

bool read_row(UserHistory &history, JournalRow &row)
{
    return history.linked ? read_linked_row(history, row) : read_indexed_row(history.indexed, row);
}

void close_user_history(UserHistory &history)
{
    if (!history.linked) {
        return close_indexed_journal(history.indexed);
    }
    close_journal_reader(history.reader);
    if (history.stocking != nullptr) {
        index_endscan(history.stocking);
        index_close(history.stocking_index, NoLock);
    }
}

} // namespace mvm::storage
