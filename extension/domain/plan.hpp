// The amounts of an exchange and of a purchase, or why there are none: price, conversion, fee and
// tariff. Trading rules and limits come on top (settlement.hpp).
#pragma once

#include "domain/rate.hpp"
#include "domain/rules.hpp"

#include <cstdint>

namespace mvm::domain {

// ---------------------------------------------------------------------------
// Exchange
// ---------------------------------------------------------------------------

// What `amount_minor` of `from` is in `to`, rounded down.
// invalid_amount if that is zero, amount_out_of_range beyond 64 bits.
Result<std::int64_t> plan_conversion(std::int64_t amount_minor, const Currency &from,
                                     const Currency &to) noexcept;

struct ExchangePlan {
    std::int64_t received_minor = 0; // credited: the conversion less the fee
    std::int64_t fee_minor = 0;
};

// The conversion and the fee on it. The errors of plan_conversion; invalid_amount also if the fee
// takes all of it.
Result<ExchangePlan> plan_exchange(std::int64_t amount_minor, const Currency &from,
                                   const Currency &to, const Share &fee) noexcept;

// ---------------------------------------------------------------------------
// Purchase
// ---------------------------------------------------------------------------

struct PurchaseTerms {
    std::int64_t quantity = 1; // 1 or more
    std::int64_t price_minor = 0;
    std::int64_t stock = 0;
    bool same_currency = true; // buyer's home is the item's universe
    Currency buyer_currency;
    Currency item_currency;
    Share sale_fee; // of the item's universe
    Share tariff;   // of the route
};

struct PurchasePlan {
    // By the buyer, in their currency: the converted price, rounded up, and the tariff.
    std::int64_t paid_minor = 0;
    // By the seller, in the item's currency: price * quantity less the fee.
    std::int64_t received_minor = 0;
    std::int64_t fee_minor = 0;    // in the item's currency
    std::int64_t tariff_minor = 0; // in the buyer's currency
    std::int64_t stock_left = 0;

    constexpr std::int64_t price_minor() const noexcept { return received_minor + fee_minor; }
    friend constexpr bool operator==(const PurchasePlan &, const PurchasePlan &) noexcept = default;
};

// insufficient_stock, amount_out_of_range; invalid_amount if the fee takes all.
Result<PurchasePlan> plan_purchase(const PurchaseTerms &terms) noexcept;

// The purchase of pieces of a hold at its frozen terms; `terms.stock` is how many it keeps.
// It costs at most what was set aside, because a part's share is never more than that of the
// whole. Holds made before version 1.2 are different in two ways. Their tariff was rounded
// half-even when it was set aside, so the capture takes a tariff of at most what is there. And
// nobody checked whether the fee takes all, so a capture of all pieces leaves the seller one
// minor unit.
// The errors of plan_purchase; amount_out_of_range if the price is not covered.
Result<PurchasePlan> plan_capture(const PurchaseTerms &terms,
                                  std::int64_t set_aside_minor) noexcept;

} // namespace mvm::domain
