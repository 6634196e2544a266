// Rows that show a row of the journal, in the column order of their types.
#pragma once

#include "entry/row_writer.hpp"
#include "market/order.hpp"

namespace mvm::entry {

// A row of mvm.trades, of a purchase: the function's result, or one of its result set.
Datum trade_result(FunctionCallInfo fcinfo, storage::Call &call, storage::UniverseSet &universes,
                   const storage::JournalRow &row);
void put_trade(RowWriter &rows, storage::Call &call, storage::UniverseSet &universes,
               const storage::JournalRow &row);

// A row of mvm.transactions, of any kind.
Datum transaction_result(FunctionCallInfo fcinfo, storage::Call &call,
                         const storage::JournalRow &row);
void put_transaction(RowWriter &rows, storage::Call &call, storage::UniverseSet &universes,
                     const storage::JournalRow &row);

// A row of mvm.exchange_result.
Datum exchange_result(FunctionCallInfo fcinfo, storage::Call &call, storage::UniverseSet &universes,
                      const storage::JournalRow &row);

// The answers of a batch, a row per order.
void put_purchase_batch(RowWriter &rows, storage::Call &call, storage::UniverseSet &universes,
                        const market::Answer *answers, int count);
void put_exchange_batch(RowWriter &rows, storage::Call &call, storage::UniverseSet &universes,
                        const market::Answer *answers, int count);

} // namespace mvm::entry
