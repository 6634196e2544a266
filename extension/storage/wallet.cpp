#include "storage/wallet.hpp"

#include "domain/assert.hpp"
#include "pg/refusal.hpp"

namespace mvm::storage {

namespace {

Wallet missing_wallet(std::int64_t user_id, std::int32_t universe_id)
{
    return {user_id, universe_id, 0, 0, nullptr};
}

Wallet wallet_in(Call &call, HeapTuple row)
{
    const Columns columns = columns_of(call, TableId::wallet, row);
    return {columns.int8(wallet_column::user_id), columns.int4(wallet_column::universe_id),
            columns.int8(wallet_column::balance_minor), columns.int8(wallet_column::version), row};
}

Columns new_wallet(const WalletKey &key, std::int64_t balance_minor)
{
    Columns wallet;
    wallet.put(wallet_column::user_id, Int64GetDatum(key.user_id));
    wallet.put(wallet_column::balance_minor, Int64GetDatum(balance_minor));
    wallet.put(wallet_column::version, Int64GetDatum(1));
    wallet.put(wallet_column::universe_id, Int32GetDatum(key.universe_id));
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
        const Columns empty = new_wallet(key, 0);
        HeapTuple row = insert_row_for_now(call, TableId::wallet, empty.values, empty.nulls);
        if (row != nullptr) {
            created = true;
            return wallet_in(call, row);
        }
        // Another transaction created it after our snapshot.
        if (IsolationUsesXactSnapshot()) {
            pg::refuse_stale_snapshot();
        }
        refresh_snapshot(call);
    }
}

void delete_wallet(Call &call, const Wallet &wallet)
{
    delete_row(call, TableId::wallet, wallet.row);
}

void update_balance(Call &call, Wallet &wallet, std::int64_t balance_minor)
{
    if (wallet.row == nullptr) {
        ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
                        errmsg("user " INT64_FORMAT " has lost the wallet in universe %d",
                               wallet.user_id, wallet.universe_id)));
    }
    MVM_ASSERT(balance_minor >= 0);
    wallet.balance_minor = balance_minor;
    wallet.version += 1;
    const ColumnChange changes[] = {
        {wallet_column::balance_minor, Int64GetDatum(wallet.balance_minor)},
        {wallet_column::version, Int64GetDatum(wallet.version)},
    };
    update_row(call, TableId::wallet, wallet.row, changes, lengthof(changes));
}

void insert_wallet(Call &call, const WalletKey &key, std::int64_t balance_minor)
{
    const Columns wallet = new_wallet(key, balance_minor);
    insert_row(call, TableId::wallet, wallet.values, wallet.nulls);
}

} // namespace mvm::storage
