// Rows of mvm.idempotency_key.
#pragma once

#include "storage/row.hpp"

namespace mvm::storage {

struct IdempotencyKey {
    std::int64_t user_id;
    Datum key;                   // text
    Datum request;               // text, canonical form
    std::int64_t transaction_id; // journal row that answers; 0 until recorded
    TupleTableSlot *slot;
};

// Claims the key for this transaction. True: it is ours, record_answer follows.
// False: an earlier call used it, `key` now has its request and answer. Waits for
// a transaction that is using it; when that one rolls back the key is free again.
[[nodiscard]] bool claim_key(Call &call, IdempotencyKey &key);

// Writes the journal row that answers a claimed key.
void record_answer(Call &call, IdempotencyKey &key, std::int64_t transaction_id);

} // namespace mvm::storage
