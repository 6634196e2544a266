// Quotes: exchanges at a rate that is frozen for a while.
#pragma once

#include "storage/journal.hpp"
#include "storage/quote.hpp"

namespace mvm::market {

struct QuoteRequest {
    std::int64_t user_id;
    Datum amount; // numeric, above zero
    std::int32_t from_universe_id;
    std::int32_t to_universe_id;
    std::int64_t lifetime_us;
};

// Freezes the terms of the exchange; moves nothing.
// The refusals of an exchange, but for the balance; rule_violation beyond what the universe that
// credits lets a user keep open.
storage::Quote make_quote(storage::Call &call, const QuoteRequest &request);

// Exchanges at the quote's terms: the journal row of the exchange.
// quote_not_found, quote_closed, rule_violation, insufficient_balance, amount_out_of_range.
storage::JournalRow accept_quote(storage::Call &call, std::int64_t quote_id);

} // namespace mvm::market
