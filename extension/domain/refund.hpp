// What goes back when part of a purchase is undone.
#pragma once

#include "domain/money.hpp"

#include <cstdint>

namespace mvm::domain {

// The amounts of a purchase or of a part of it, as the journal holds them.
struct PurchaseAmounts {
    std::int64_t paid_minor = 0;     // by the buyer, tariff included
    std::int64_t received_minor = 0; // by the seller, fee taken off
    std::int64_t fee_minor = 0;
    std::int64_t tariff_minor = 0;
};

// The amounts of pieces `refunded` to `refunded + quantity` of a purchase of
// `bought`: each is its share of the whole, rounded down over the pieces so far, so
// that refunds of all pieces, in whatever portions, add up to the purchase exactly.
// `same_currency`: price and payment are one amount, and stay so.
PurchaseAmounts refund_part(const PurchaseAmounts &purchase, std::int64_t bought,
                            std::int64_t refunded, std::int64_t quantity,
                            bool same_currency) noexcept;

} // namespace mvm::domain
