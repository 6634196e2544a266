// Rows of mvm.refund: which refunds a purchase has had.
#pragma once

#include "storage/row.hpp"

namespace mvm::storage {

// Pieces of a purchase that were refunded, as the call's snapshot sees it.
std::int64_t refunded_quantity(Call &call, std::int64_t transaction_id);

void insert_refund(Call &call, std::int64_t transaction_id, std::int64_t refund_id,
                   std::int64_t quantity);

} // namespace mvm::storage
