// Idempotency of a single deposit or withdrawal: acting once, answering the same
// every time. Purchases and exchanges have it in orders.cpp.
#pragma once

#include "entry/locked_rows.hpp"
#include "storage/idempotency.hpp"

namespace mvm::entry {

// Keys of what the house does belong to nobody.
inline constexpr std::int64_t nobody = 0;

struct KeyedCall {
    bool answered; // `first_answer` is the call's answer
    storage::JournalRow first_answer;
    std::optional<storage::IdempotencyKey> claim; // none: the caller gave no key
};

// A request in canonical form with its memo at the end: another memo is another request.
const char *with_memo(const char *request, const std::optional<Datum> &memo);

// Claims `key` (none: nothing to do) for `request`, the call in canonical form.
// idempotency_mismatch when the key was used for another request.
KeyedCall begin_keyed_call(storage::Call &call, std::int64_t user_id,
                           const std::optional<Datum> &key, const char *request);

// Appends the journal row of a call that acts, which has been numbered, and records it as the
// key's answer.
void journal_keyed_call(storage::Call &call, KeyedCall &keyed, storage::JournalRow &row);

// The same where other rows go before it: the last of the pending rows is the answer.
void journal_keyed_call(storage::Call &call, KeyedCall &keyed, LockedRows &rows,
                        PendingJournal &journal);

} // namespace mvm::entry
