#include "storage/wallet.hpp"

#include "pg/refusal.hpp"

namespace mvm::storage {

namespace {

Wallet missing_wallet(std::int64_t user_id, std::int32_t universe_id)
{
    return {user_id, universe_id, 0, 0, nullptr};
}

Wallet wallet_in(TupleTableSlot *slot, std::int64_t user_id, std::int32_t universe_id)
{
    return {user_id, universe_id, DatumGetInt64(column_of(slot, wallet_column::balance_minor)),
            DatumGetInt64(column_of(slot, wallet_column::version)), slot};
}

struct NewWallet {
    Datum values[wallet_column::last] = {};
    bool nulls[wallet_column::last] = {};
};

NewWallet new_wallet(std::int64_t user_id, std::int32_t universe_id, std::int64_t balance_minor)
{
    NewWallet wallet;
    wallet.values[wallet_column::user_id - 1] = Int64GetDatum(user_id);
    wallet.values[wallet_column::balance_minor - 1] = Int64GetDatum(balance_minor);
    wallet.values[wallet_column::version - 1] = Int64GetDatum(1);
    wallet.values[wallet_column::universe_id - 1] = Int32GetDatum(universe_id);
    return wallet;
}

} // namespace

Wallet read_wallet(Call &call, std::int64_t user_id, std::int32_t universe_id)
{
    TupleTableSlot *slot = make_slot(call, TableId::wallet);
    if (!find_row(call, TableId::wallet, key_of_int8_int4(user_id, universe_id), slot)) {
        return missing_wallet(user_id, universe_id);
    }
    return wallet_in(slot, user_id, universe_id);
}

Wallet lock_wallet(Call &call, std::int64_t user_id, std::int32_t universe_id)
{
    TupleTableSlot *slot = make_slot(call, TableId::wallet);
    if (!find_row(call, TableId::wallet, key_of_int8_int4(user_id, universe_id), slot) ||
        !lock_row(call, TableId::wallet, slot)) {
        return missing_wallet(user_id, universe_id);
    }
    return wallet_in(slot, user_id, universe_id);
}

Wallet lock_or_create_wallet(Call &call, std::int64_t user_id, std::int32_t universe_id)
{
    for (;;) {
        const Wallet wallet = lock_wallet(call, user_id, universe_id);
        if (wallet.slot != nullptr) {
            return wallet;
        }
        const NewWallet empty = new_wallet(user_id, universe_id, 0);
        TupleTableSlot *slot = make_new_row_slot(call, TableId::wallet);
        if (insert_row_if_absent(call, TableId::wallet, empty.values, empty.nulls, slot)) {
            return wallet_in(slot, user_id, universe_id);
        }
        // Another transaction created it after our snapshot.
        if (IsolationUsesXactSnapshot()) {
            pg::refuse_stale_snapshot();
        }
        refresh_snapshot(call);
    }
}

void lock_payer_and_receiver(Call &call, Wallet &payer, Wallet &receiver)
{
    const bool payer_first =
        payer.user_id < receiver.user_id ||
        (payer.user_id == receiver.user_id && payer.universe_id < receiver.universe_id);
    if (payer_first) {
        payer = lock_wallet(call, payer.user_id, payer.universe_id);
    }
    receiver = lock_or_create_wallet(call, receiver.user_id, receiver.universe_id);
    if (!payer_first) {
        payer = lock_wallet(call, payer.user_id, payer.universe_id);
    }
}

void update_balance(Call &call, Wallet &wallet, std::int64_t balance_minor)
{
    wallet.balance_minor = balance_minor;
    wallet.version += 1;
    const ColumnChange changes[] = {
        {wallet_column::balance_minor, Int64GetDatum(wallet.balance_minor)},
        {wallet_column::version, Int64GetDatum(wallet.version)},
    };
    update_row(call, TableId::wallet, wallet.slot, changes, lengthof(changes));
}

void insert_wallet(Call &call, std::int64_t user_id, std::int32_t universe_id,
                   std::int64_t balance_minor)
{
    const NewWallet wallet = new_wallet(user_id, universe_id, balance_minor);
    insert_row(call, TableId::wallet, wallet.values, wallet.nulls);
}

} // namespace mvm::storage
