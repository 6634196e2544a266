#include "storage/refund.hpp"

namespace mvm::storage {

std::int64_t refunded_quantity(Call &call, std::int64_t transaction_id)
{
    // The primary key begins with the purchase.
    Key key = key_of_int8(transaction_id);
    IndexScanDesc scan = key_scan(call, TableId::refund, key.column_count);
    index_rescan(scan, key.columns, key.column_count, nullptr, 0);
    std::int64_t quantity = 0;
    const Table &table = table_of(call, TableId::refund);
    TupleTableSlot *slot = read_slot(call, TableId::refund);
    while (index_getnext_slot(scan, ForwardScanDirection, slot)) {
        CHECK_FOR_INTERRUPTS();
        quantity += DatumGetInt64(column_of(table, slot, refund_column::quantity));
    }
    return quantity;
}

void insert_refund(Call &call, std::int64_t transaction_id, std::int64_t refund_id,
                   std::int64_t quantity)
{
    Datum values[refund_column::last] = {};
    const bool nulls[refund_column::last] = {};
    values[refund_column::transaction_id - 1] = Int64GetDatum(transaction_id);
    values[refund_column::refund_id - 1] = Int64GetDatum(refund_id);
    values[refund_column::quantity - 1] = Int64GetDatum(quantity);
    insert_row(call, TableId::refund, values, nulls);
}

} // namespace mvm::storage
