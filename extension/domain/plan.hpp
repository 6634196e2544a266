// The market's rules: what a call would do to the rows it names, or why it may
// not. Plans are computed from locked rows and applied by storage.
#pragma once

#include "domain/rate.hpp"
#include "domain/rules.hpp"

#include <cstdint>

namespace mvm::domain {

// ---------------------------------------------------------------------------
// Exchange
// ---------------------------------------------------------------------------

// What `amount_minor` of `from` is in `to`, rounded down.
// invalid_amount when that is nothing, amount_out_of_range beyond 64 bits.
Result<std::int64_t> plan_conversion(std::int64_t amount_minor, const Currency &from,
                                     const Currency &to) noexcept;

struct ExchangePlan {
    std::int64_t received_minor = 0; // credited: the conversion less the fee
    std::int64_t fee_minor = 0;
};

// The conversion and the fee on it. As plan_conversion; invalid_amount also when
// the fee takes it all.
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
    std::int64_t paid_minor =
        0; // by the buyer, in their currency: the price, rounded up, and tariff
    std::int64_t received_minor =
        0;                      // by the seller, in the item's currency: price * quantity less fee
    std::int64_t fee_minor = 0; // in the item's currency
    std::int64_t tariff_minor = 0; // in the buyer's currency
    std::int64_t stock_left = 0;

    constexpr std::int64_t price_minor() const noexcept { return received_minor + fee_minor; }
    friend constexpr bool operator==(const PurchasePlan &, const PurchasePlan &) noexcept = default;
};

// insufficient_stock, amount_out_of_range; invalid_amount when the fee takes all.
Result<PurchasePlan> plan_purchase(const PurchaseTerms &terms) noexcept;

// The purchase of pieces of a hold, which are the stock of `terms`, at its frozen terms.
// It costs at most what was set aside: every share of a part is at most that of the
// whole. A hold made before version 1.2 set aside a tariff rounded half-even: there the
// capture takes what there is. Nor was it asked then whether the fee takes all: a
// capture of the whole leaves the seller one minor unit.
// As plan_purchase; amount_out_of_range when the price is not covered.
Result<PurchasePlan> plan_capture(const PurchaseTerms &terms,
                                  std::int64_t set_aside_minor) noexcept;

} // namespace mvm::domain
