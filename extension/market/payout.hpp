// Money of the house that leaves the market.
#pragma once

#include "market/client_fields.hpp"
#include "storage/house_account.hpp"

namespace mvm::market {

struct PayoutRequest {
    std::int32_t universe_id;
    storage::HouseAccount account;
    Datum amount; // numeric, above zero
    ClientFields client;
};

// Pays the money out; the journal row that answers the request.
// universe_not_found, invalid_amount, insufficient_balance, amount_out_of_range,
// idempotency_mismatch.
storage::JournalRow pay_out(storage::Call &call, const PayoutRequest &request);

} // namespace mvm::market
