// Rows that the SQL functions return, in the column order of their views.
#pragma once

#include "market/order.hpp"
#include "storage/user_account.hpp"
#include "storage/wallet_history.hpp"

namespace mvm::entry {

// A row of the composite type that the calling function returns, in the caller's memory. `count`
// values are given; the type in an earlier version of the market may have fewer columns.
Datum row_result(FunctionCallInfo fcinfo, const storage::Call &call, const Datum *values,
                 const bool *nulls, int count);

// numeric in the caller's memory.
Datum amount_result(const storage::Call &call, pg::WideAmount amount_minor, int currency_scale);

inline constexpr int trade_column_count = 15;

// Columns of mvm.trades.
void fill_trade(storage::Call &call, storage::UniverseSet &universes,
                const storage::JournalRow &row, Datum *values, bool *nulls);

Datum trade_result(FunctionCallInfo fcinfo, storage::Call &call, storage::UniverseSet &universes,
                   const storage::JournalRow &row);
Datum exchange_result(FunctionCallInfo fcinfo, storage::Call &call, storage::UniverseSet &universes,
                      const storage::JournalRow &row);
Datum transaction_result(FunctionCallInfo fcinfo, storage::Call &call,
                         const storage::JournalRow &row);

// A row of mvm.transactions into the function's result set.
void put_transaction(storage::Call &call, storage::UniverseSet &universes, ReturnSetInfo *result,
                     const storage::JournalRow &row);

// The answers of a batch, a row per order, into the function's result set.
void put_purchase_batch(FunctionCallInfo fcinfo, storage::Call &call,
                        storage::UniverseSet &universes, const market::Answer *answers, int count);
void put_exchange_batch(FunctionCallInfo fcinfo, storage::Call &call,
                        storage::UniverseSet &universes, const market::Answer *answers, int count);

// Lines of mvm_statement(): a movement, and a balance by itself.
void put_leg(ReturnSetInfo *result, const storage::WalletLeg &leg, pg::WideAmount balance_minor,
             int currency_scale);
void put_balance(ReturnSetInfo *result, const char *kind, pg::WideAmount balance_minor,
                 TimestampTz time, int currency_scale);

// Rows of mvm.universes, mvm.users and mvm.items.
Datum universe_result(FunctionCallInfo fcinfo, storage::Call &call,
                      const storage::Universe &universe, const storage::StoredRules &rules);
Datum user_result(FunctionCallInfo fcinfo, storage::Call &call, const storage::UserAccount &user,
                  std::int64_t balance_minor, const storage::Universe &home);
Datum item_result(FunctionCallInfo fcinfo, storage::Call &call, const storage::Item &item,
                  const storage::Universe &universe);

} // namespace mvm::entry
