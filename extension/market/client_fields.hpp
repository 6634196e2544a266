// What a client may give with a request beside what it asks for. A further such field is added
// here, where it goes into the journal and the canonical form, and in entry/client_arguments, which
// reads it for all calls.
#pragma once

#include <optional>

#include "storage/journal.hpp"

namespace mvm::market {

struct ClientFields {
    std::optional<Datum> key;  // text, of idempotency
    std::optional<Datum> memo; // text, kept with the journal row
};

// Puts into the row what it keeps of them. The key is put once it is claimed: see keys.hpp.
void put_client_fields(const ClientFields &client, storage::JournalRow &row);

// Takes them and the key out of a row that starts as a copy of another request's.
void clear_client_fields(storage::JournalRow &row);

// A request in canonical form with them at its end: with others it is another request.
const char *with_client_fields(const char *request, const ClientFields &client);

} // namespace mvm::market
