#include "entry/keyed_call.hpp"

#include "pg/refusal.hpp"

namespace mvm::entry {

KeyedCall begin_keyed_call(storage::Call &call, std::int64_t user_id,
                           const std::optional<Datum> &key, const char *request)
{
    KeyedCall keyed{};
    if (!key) {
        return keyed;
    }
    storage::IdempotencyKey claim{user_id, *key, CStringGetTextDatum(request), 0, nullptr};
    if (storage::claim_key(call, claim)) {
        keyed.claim = claim;
        return keyed;
    }
    const char *first_request = TextDatumGetCString(claim.request);
    if (strcmp(first_request, request) != 0) {
        pg::refuse(domain::ErrorCode::idempotency_mismatch,
                   psprintf("The key was used for \"%s\", this is \"%s\".", first_request, request),
                   "Use a new key for a new request.");
    }
    if (!storage::find_journal(call, claim.transaction_id, keyed.first_answer)) {
        pg::refuse(domain::ErrorCode::transaction_not_found,
                   psprintf("There is no transaction " INT64_FORMAT ", which the key names.",
                            claim.transaction_id));
    }
    keyed.answered = true;
    return keyed;
}

void journal_keyed_call(storage::Call &call, KeyedCall &keyed, storage::JournalRow &row)
{
    if (keyed.claim) {
        row.idempotency_key = keyed.claim->key;
    }
    storage::append_journal(call, row);
    if (keyed.claim) {
        storage::record_answer(call, *keyed.claim, row.id);
    }
}

} // namespace mvm::entry
