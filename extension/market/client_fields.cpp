#include "market/client_fields.hpp"

namespace mvm::market {

void put_client_fields(const ClientFields &client, storage::JournalRow &row)
{
    row.memo = client.memo;
}

void clear_client_fields(storage::JournalRow &row)
{
    row.idempotency_key = std::nullopt;
    put_client_fields({}, row);
}

const char *with_client_fields(const char *request, const ClientFields &client)
{
    return client.memo ? psprintf("%s memo=%s", request, TextDatumGetCString(*client.memo))
                       : request;
}

} // namespace mvm::market
