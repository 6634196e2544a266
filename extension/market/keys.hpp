// Idempotency keys: a request under a key acts once and is answered the same every time, for one
// request and for thousands.
#pragma once

#include "market/refusals.hpp"
#include "storage/idempotency.hpp"
#include "storage/journal.hpp"

namespace mvm::market {

// Keys of what the house does belong to nobody.
inline constexpr std::int64_t nobody = 0;

// A request in canonical form with its memo at the end: another memo is another request.
const char *with_memo(const char *request, const std::optional<Datum> &memo);

// A request under a key, and what claiming the key found.
struct KeyedRequest {
    std::int64_t user_id;
    Datum key;           // text
    const char *request; // in canonical form

    enum class State : std::uint8_t {
        acts,     // the key is this request's: an answer is to be recorded
        repeats,  // it was claimed for an earlier request of the same call: see `first`
        answered, // an earlier call has used it
    } state;
    int first;                     // where it repeats: the place of the request that acts
    storage::IdempotencyKey claim; // of one that acts or is answered
};

// Claims every key once, in the order (user, key), whatever that of the requests.
void claim_keys(storage::Call &call, pg::Array<KeyedRequest> &requests);

// The answer of an earlier call: its refusal, or code ok and its journal row. Refuses another
// request than the first; `replayed` is whether it is the first one's answer.
Refusal answer_of_earlier_call(storage::Call &call, const KeyedRequest &request,
                               storage::JournalRow &row, bool &replayed);

// The same for a request that repeats an earlier one of the call: code ok when it is the same.
Refusal mismatch_with(const KeyedRequest &first, const KeyedRequest &request);

// Records the journal row, or the refusal, that answers a request that acts.
void record_answer(storage::Call &call, const KeyedRequest &request, std::int64_t transaction_id);
void record_refusal(storage::Call &call, const KeyedRequest &request, const Refusal &refusal);

// A call with one request, which raises where it is refused and leaves no key behind then.
struct KeyedCall {
    bool answered; // `first_answer` is the call's answer
    bool has_key;  // and acts
    KeyedRequest request;
    storage::JournalRow first_answer;
};

// Claims `key` (none: nothing to do) for `request`. idempotency_mismatch when the key was used for
// another request.
KeyedCall begin_keyed_call(storage::Call &call, std::int64_t user_id,
                           const std::optional<Datum> &key, const char *request);

// Puts the key into the row that is to answer the call, before it is written.
void put_key(const KeyedCall &keyed, storage::JournalRow &row);

// Records the row, which is written, as the key's answer.
void end_keyed_call(storage::Call &call, const KeyedCall &keyed, const storage::JournalRow &row);

} // namespace mvm::market
