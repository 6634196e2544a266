// A batch of orders on rows held in memory: each order takes effect before the
// next one is looked at, and every row is written once at the end.
#pragma once

#include "domain/plan.hpp"

#include <cstdint>

namespace mvm::domain {

struct RunningBalance {
    std::int64_t balance_minor = 0;
    bool changed = false;
};

struct RunningStock {
    std::int64_t price_minor = 0;
    std::int64_t stock = 0;
    bool changed = false;
};

// What an order did, or what it was refused with and the number that was short.
struct Settlement {
    ErrorCode error = ErrorCode::ok;
    std::int64_t paid_minor = 0;
    std::int64_t received_minor = 0;
    std::int64_t available_minor = 0; // the payer's balance, for insufficient_balance
};

// Sells `quantity` of `item` to `payer`. `receiver` is null where a treasury
// sells, whose account is derived and has no balance to keep. A refused order
// changes nothing.
Settlement settle_purchase(std::int64_t quantity, const Currency &payer_currency,
                           const Currency &item_currency, bool same_currency, RunningStock &item,
                           RunningBalance &payer, RunningBalance *receiver) noexcept;

// Exchanges `amount_minor` of `payer` into `receiver`. A refused order changes nothing.
Settlement settle_exchange(std::int64_t amount_minor, const Currency &payer_currency,
                           const Currency &receiver_currency, RunningBalance &payer,
                           RunningBalance &receiver) noexcept;

} // namespace mvm::domain
