#include "entry/keyed_call.hpp"

#include "entry/refusals.hpp"

namespace mvm::entry {

const char *with_memo(const char *request, const std::optional<Datum> &memo)
{
    return memo ? psprintf("%s memo=%s", request, TextDatumGetCString(*memo)) : request;
}

KeyedCall begin_keyed_call(storage::Call &call, std::int64_t user_id,
                           const std::optional<Datum> &key, const char *request)
{
    KeyedCall keyed{};
    if (!key) {
        return keyed;
    }
    storage::IdempotencyKey claim{};
    claim.user_id = user_id;
    claim.key = *key;
    claim.request = CStringGetTextDatum(request);
    if (storage::claim_key(call, claim)) {
        keyed.claim = claim;
        return keyed;
    }
    const char *first_request = TextDatumGetCString(claim.request);
    if (strcmp(first_request, request) != 0) {
        raise(key_mismatch(first_request, request));
    }
    // A deposit or withdrawal that is refused leaves no key behind, so there is a row.
    if (!storage::find_journal(call, claim.transaction_id.value_or(0), keyed.first_answer)) {
        raise(no_transaction(claim.transaction_id.value_or(0)));
    }
    keyed.answered = true;
    return keyed;
}

void journal_keyed_call(storage::Call &call, KeyedCall &keyed, storage::JournalRow &row)
{
    LockedRows none{};
    PendingJournal journal{};
    journal.rows.push(&row);
    journal_keyed_call(call, keyed, none, journal);
}

void journal_keyed_call(storage::Call &call, KeyedCall &keyed, LockedRows &rows,
                        PendingJournal &journal)
{
    storage::JournalRow &row = *journal.rows[journal.rows.count - 1];
    if (keyed.claim) {
        row.idempotency_key = keyed.claim->key;
    }
    write_journal(call, rows, journal);
    if (keyed.claim) {
        storage::record_answer(call, *keyed.claim, row.id);
    }
}

} // namespace mvm::entry
