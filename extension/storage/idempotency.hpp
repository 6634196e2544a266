// Rows of mvm.idempotency_key.
#pragma once

#include <optional>

#include "storage/row.hpp"

namespace mvm::storage {

struct IdempotencyKey {
    std::int64_t user_id;
    Datum key;     // text
    Datum request; // text, canonical form
    // The answer, once there is one: a journal row, or a refusal of a batch's order.
    std::optional<std::int64_t> transaction_id;
    const char *refusal; // an error's name; null: not refused
    const char *refusal_detail;
    ItemPointerData location; // of a claimed key's row: a batch has no room for a copy of each
};

// Claims the key for this transaction. True: it is ours, record_* follows.
// False: an earlier call used it, `key` now has its request and answer. Waits for
// a transaction that is using it; when that one rolls back the key is free again.
[[nodiscard]] bool claim_key(Call &call, IdempotencyKey &key);

// Writes the journal row that answers a claimed key.
void record_answer(Call &call, const IdempotencyKey &key, std::int64_t transaction_id);

// Writes the refusal that answers a claimed key.
void record_refusal(Call &call, const IdempotencyKey &key, const char *refusal,
                    const char *refusal_detail);

} // namespace mvm::storage
