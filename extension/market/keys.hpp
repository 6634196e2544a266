// Idempotency keys: a request under a key acts once and is answered the same every time, for one
// request and for thousands.
#pragma once

#include "market/refusals.hpp"
#include "storage/idempotency.hpp"
#include "storage/journal.hpp"

namespace mvm::market {

// The user_id of keys that no user owns: those of payouts and of a treasury's restocking.
inline constexpr std::int64_t nobody = 0;

// A request under a key, and what claiming the key found.
struct KeyedRequest {
    std::int64_t user_id;
    Datum key;           // text
    const char *request; // in canonical form
    int order;           // of a batch: index of the order that asks for it

    enum class State : std::uint8_t {
        acts,     // the key was new and is this request's: its answer is to be recorded
        repeats,  // an earlier request of the same call has claimed the key: see `first`
        answered, // an earlier call has used the key
    } state;
    int first;                     // if it repeats: index of the request that acts
    storage::IdempotencyKey claim; // of one that acts or is answered
};

// Claims every key once, in the order (user, key), and fills in each request's state and claim.
void claim_keys(storage::Call &call, pg::Array<KeyedRequest> &requests);

// What an earlier call under the key was answered: its refusal, or code ok and its journal row;
// `replayed` is true then. If its request was another one: idempotency_mismatch, and not replayed.
Refusal answer_of_earlier_call(storage::Call &call, const KeyedRequest &request,
                               storage::JournalRow &row, bool &replayed);

// For a request that repeats an earlier one of the call: code ok if both are the same, or
// idempotency_mismatch.
Refusal mismatch_with(const KeyedRequest &first, const KeyedRequest &request);

// Records the journal row, or the refusal, that answers a request that acts.
void record_answer(storage::Call &call, const KeyedRequest &request, std::int64_t transaction_id);
void record_refusal(storage::Call &call, const KeyedRequest &request, const Refusal &refusal);

// A call with one request. If it is refused it raises, so no key stays behind.
struct KeyedCall {
    bool answered; // by an earlier call, with `first_answer`
    bool has_key;  // a new one: the answer is to be recorded
    KeyedRequest request;
    storage::JournalRow first_answer;
};

// Claims `key`, if there is one, for `request`. idempotency_mismatch if the key was used for
// another request.
KeyedCall begin_keyed_call(storage::Call &call, std::int64_t user_id,
                           const std::optional<Datum> &key, const char *request);

// Puts the key into the row that is to answer the call, before it is written.
void put_key(const KeyedCall &keyed, storage::JournalRow &row);

// Records the row, which is written, as the key's answer.
void end_keyed_call(storage::Call &call, const KeyedCall &keyed, const storage::JournalRow &row);

} // namespace mvm::market
