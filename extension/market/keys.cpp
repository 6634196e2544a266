#include "market/keys.hpp"

#include <algorithm>

#include "pg/text.hpp"

namespace mvm::market {

namespace {

using domain::ErrorCode;
using storage::Call;

// What requests are sorted by. The key is not copied, as keys may be large.
struct SortedRequest {
    std::int64_t user_id;
    std::string_view key;
    int place;
};

int compare_keys(const SortedRequest &a, const SortedRequest &b)
{
    if (a.user_id != b.user_id) {
        return a.user_id < b.user_id ? -1 : 1;
    }
    return a.key.compare(b.key);
}

} // namespace

// A new key that stands in several requests belongs to the first of them; the others repeat it. All
// requests under a used key are answered by the earlier call.
void claim_keys(Call &call, pg::Array<KeyedRequest> &requests)
{
    pg::Array<SortedRequest> sorted{};
    for (int i = 0; i < requests.count; ++i) {
        sorted.push({requests[i].user_id, pg::view_of(requests[i].key), i});
    }
    std::sort(sorted.begin(), sorted.end(), [](const SortedRequest &a, const SortedRequest &b) {
        const int order = compare_keys(a, b);
        return order != 0 ? order < 0 : a.place < b.place;
    });
    int first = -1;
    for (int i = 0; i < sorted.count; ++i) {
        CHECK_FOR_INTERRUPTS();
        KeyedRequest &request = requests[sorted[i].place];
        if (i > 0 && compare_keys(sorted[i - 1], sorted[i]) == 0) {
            const KeyedRequest &same = requests[first];
            request.first = first;
            request.claim = same.claim;
            request.state =
                same.state == KeyedRequest::State::acts ? KeyedRequest::State::repeats : same.state;
            continue;
        }
        first = sorted[i].place;
        request.claim = {};
        request.claim.user_id = request.user_id;
        request.claim.key = request.key;
        request.claim.request = CStringGetTextDatum(request.request);
        request.state = storage::claim_key(call, request.claim) ? KeyedRequest::State::acts
                                                                : KeyedRequest::State::answered;
    }
}

Refusal answer_of_earlier_call(Call &call, const KeyedRequest &request, storage::JournalRow &row,
                               bool &replayed)
{
    const storage::IdempotencyKey &used = request.claim;
    const char *first_request = TextDatumGetCString(used.request);
    replayed = false;
    if (strcmp(first_request, request.request) != 0) {
        return key_mismatch(first_request, request.request);
    }
    if (used.refusal != nullptr) {
        replayed = true;
        return {domain::find_error_by_name(used.refusal), used.refusal_detail, nullptr};
    }
    if (!storage::find_journal(call, used.transaction_id.value_or(0), row)) {
        // There is no row yet if a trigger repeats the very call that has fired it.
        return no_transaction(used.transaction_id.value_or(0));
    }
    replayed = true;
    return {};
}

Refusal mismatch_with(const KeyedRequest &first, const KeyedRequest &request)
{
    return strcmp(first.request, request.request) == 0
               ? Refusal{}
               : key_mismatch(first.request, request.request);
}

void record_answer(Call &call, const KeyedRequest &request, std::int64_t transaction_id)
{
    storage::record_answer(call, request.claim, transaction_id);
}

void record_refusal(Call &call, const KeyedRequest &request, const Refusal &refusal)
{
    storage::record_refusal(call, request.claim, domain::find_error(refusal.code)->name,
                            refusal.detail);
}

KeyedCall begin_keyed_call(Call &call, std::int64_t user_id, const std::optional<Datum> &key,
                           const char *request)
{
    KeyedCall keyed{};
    if (!key) {
        return keyed;
    }
    pg::Array<KeyedRequest> requests{};
    KeyedRequest asked{};
    asked.user_id = user_id;
    asked.key = *key;
    asked.request = request;
    requests.push(asked);
    claim_keys(call, requests);
    keyed.request = requests[0];
    keyed.answered = keyed.request.state == KeyedRequest::State::answered;
    keyed.has_key = !keyed.answered;
    if (keyed.answered) {
        bool replayed = false;
        const Refusal refusal =
            answer_of_earlier_call(call, keyed.request, keyed.first_answer, replayed);
        if (refusal.code != ErrorCode::ok) {
            raise(refusal);
        }
    }
    return keyed;
}

void put_key(const KeyedCall &keyed, storage::JournalRow &row)
{
    if (keyed.has_key) {
        row.idempotency_key = keyed.request.key;
    }
}

void end_keyed_call(Call &call, const KeyedCall &keyed, const storage::JournalRow &row)
{
    if (keyed.has_key) {
        record_answer(call, keyed.request, row.id);
    }
}

} // namespace mvm::market
