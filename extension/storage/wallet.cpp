#include "storage/wallet.hpp"

#include "domain/assert.hpp"
#include "pg/compat.hpp"
#include "pg/refusal.hpp"

namespace mvm::storage {

namespace {

Wallet missing_wallet(std::int64_t user_id, std::int32_t universe_id)
{
    return {user_id, universe_id, 0, 0, nullptr, 0};
}

Wallet wallet_in(Call &call, HeapTuple row)
{
    const Columns columns = columns_of(call, TableId::wallet, row);
    return {columns.int8(wallet_column::user_id),
            columns.int4(wallet_column::universe_id),
            columns.int8(wallet_column::balance_minor),
            columns.int8(wallet_column::version),
            row,
            columns.optional_int8(wallet_column::last_journal_id)};
}

Columns new_wallet(const WalletKey &key, std::int64_t balance_minor, std::int64_t last_journal_id)
{
    Columns wallet;
    wallet.put(wallet_column::user_id, Int64GetDatum(key.user_id));
    wallet.put(wallet_column::balance_minor, Int64GetDatum(balance_minor));
    wallet.put(wallet_column::version, Int64GetDatum(1));
    wallet.put(wallet_column::universe_id, Int32GetDatum(key.universe_id));
    wallet.put(wallet_column::last_journal_id, Int64GetDatum(last_journal_id));
    return wallet;
}

} // namespace

Wallet read_wallet(Call &call, std::int64_t user_id, std::int32_t universe_id)
{
    TupleTableSlot *slot = find_row(call, TableId::wallet, key_of_int8_int4(user_id, universe_id));
    return slot == nullptr ? missing_wallet(user_id, universe_id)
                           : wallet_in(call, ExecCopySlotHeapTuple(slot));
}

Wallet lock_wallet(Call &call, const WalletKey &key)
{
    HeapTuple row = lock_row(call, TableId::wallet, key_of_int8_int4(key.user_id, key.universe_id));
    return row == nullptr ? missing_wallet(key.user_id, key.universe_id) : wallet_in(call, row);
}

TryLock try_lock_wallet(Call &call, const WalletKey &key, Wallet &wallet)
{
    HeapTuple row = nullptr;
    const TryLock outcome =
        try_lock_row(call, TableId::wallet, key_of_int8_int4(key.user_id, key.universe_id), row);
    wallet = outcome == TryLock::locked ? wallet_in(call, row)
                                        : missing_wallet(key.user_id, key.universe_id);
    return outcome;
}

Wallet lock_or_create_wallet(Call &call, const WalletKey &key, bool &created)
{
    created = false;
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        const Wallet wallet = lock_wallet(call, key);
        if (wallet.row != nullptr) {
            return wallet;
        }
        const Columns empty = new_wallet(key, 0, 0);
        HeapTuple row = insert_row_for_now(call, TableId::wallet, empty.values, empty.nulls);
        if (row != nullptr) {
            created = true;
            return wallet_in(call, row);
        }
        // Another transaction created it after our snapshot.
        if (IsolationUsesXactSnapshot()) {
            pg::raise_stale_snapshot();
        }
        refresh_snapshot(call);
    }
}

void delete_wallet(Call &call, const Wallet &wallet)
{
    delete_row(call, TableId::wallet, wallet.row);
}

void update_balance(Call &call, Wallet &wallet, std::int64_t balance_minor,
                    std::int64_t last_journal_id)
{
    if (wallet.row == nullptr) {
        ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
                        errmsg("user " INT64_FORMAT " has lost the wallet in universe %d",
                               wallet.user_id, wallet.universe_id)));
    }
    MVM_ASSERT(balance_minor >= 0);
    wallet.balance_minor = balance_minor;
    wallet.last_journal_id = last_journal_id;
    wallet.version += 1;
    const ColumnChange changes[] = {
        {wallet_column::balance_minor, Int64GetDatum(wallet.balance_minor)},
        {wallet_column::version, Int64GetDatum(wallet.version)},
        {wallet_column::last_journal_id, Int64GetDatum(last_journal_id)},
    };
    const bool linked = has_column(call, TableId::wallet, wallet_column::last_journal_id);
    update_row(call, TableId::wallet, wallet.row, changes,
               linked ? lengthof(changes) : lengthof(changes) - 1);
}

void insert_wallet(Call &call, const WalletKey &key, std::int64_t balance_minor,
                   std::int64_t last_journal_id)
{
    const Columns wallet = new_wallet(key, balance_minor, last_journal_id);
    insert_row(call, TableId::wallet, wallet.values, wallet.nulls);
}

void read_wallets_of_user(Call &call, std::int64_t user_id, pg::Array<Wallet> &wallets)
{
    const Table &table = table_of(call, TableId::wallet);
    IndexScanDesc scan =
        pg::begin_index_scan(table.relation, table.primary_key, GetActiveSnapshot(), 1);
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(user_id));
    index_rescan(scan, &key, 1, nullptr, 0);
    TupleTableSlot *slot = read_slot(call, TableId::wallet);
    while (index_getnext_slot(scan, ForwardScanDirection, slot)) {
        CHECK_FOR_INTERRUPTS();
        const Columns columns = columns_of(table, slot, wallet_column::last);
        wallets.push(
            {columns.int8(wallet_column::user_id), columns.int4(wallet_column::universe_id),
             columns.int8(wallet_column::balance_minor), columns.int8(wallet_column::version),
             nullptr, columns.optional_int8(wallet_column::last_journal_id)});
    }
    ExecClearTuple(slot);
    index_endscan(scan);
}

} // namespace mvm::storage
