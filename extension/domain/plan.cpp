#include "domain/plan.hpp"

#include <algorithm>

namespace mvm::domain {

Result<std::int64_t> plan_conversion(std::int64_t amount_minor, const Currency &from,
                                     const Currency &to) noexcept
{
    const auto converted = convert(amount_minor, from, to, Rounding::down);
    if (converted.ok() && converted.value == 0) {
        return failure<std::int64_t>(ErrorCode::invalid_amount);
    }
    return converted;
}

Result<ExchangePlan> plan_exchange(std::int64_t amount_minor, const Currency &from,
                                   const Currency &to, const Share &fee) noexcept
{
    const auto converted = plan_conversion(amount_minor, from, to);
    if (!converted.ok()) {
        return failure<ExchangePlan>(converted.error);
    }
    const auto taken = share_of(converted.value, fee);
    if (!taken.ok()) {
        return failure<ExchangePlan>(taken.error);
    }
    if (taken.value >= converted.value) {
        return failure<ExchangePlan>(ErrorCode::invalid_amount);
    }
    return success(ExchangePlan{converted.value - taken.value, taken.value});
}

namespace {

// A price in the item's currency and in the buyer's.
struct Price {
    std::int64_t minor = 0;
    std::int64_t converted_minor = 0;
};

Result<Price> price_of(const PurchaseTerms &terms) noexcept
{
    if (terms.quantity > terms.stock) {
        return failure<Price>(ErrorCode::insufficient_stock);
    }
    const auto price = multiply_price(terms.price_minor, terms.quantity);
    if (!price.ok()) {
        return failure<Price>(price.error);
    }
    const auto converted = terms.same_currency ? price
                                               : convert(price.value, terms.item_currency,
                                                         terms.buyer_currency, Rounding::up);
    if (!converted.ok()) {
        return failure<Price>(converted.error);
    }
    return success(Price{price.value, converted.value});
}

// The purchase at a price and its tariff, which are together within range; the fee may take all.
PurchasePlan purchase_at(const Price &price, std::int64_t tariff_minor,
                         const PurchaseTerms &terms) noexcept
{
    // A share below one of an amount within range is within range.
    const std::int64_t fee_minor = share_of(price.minor, terms.sale_fee).value;
    return {price.converted_minor + tariff_minor, price.minor - fee_minor, fee_minor, tariff_minor,
            terms.stock - terms.quantity};
}

} // namespace

Result<PurchasePlan> plan_purchase(const PurchaseTerms &terms) noexcept
{
    const auto price = price_of(terms);
    if (!price.ok()) {
        return failure<PurchasePlan>(price.error);
    }
    const auto tariff = share_of(price.value.converted_minor, terms.tariff);
    if (!tariff.ok()) {
        return failure<PurchasePlan>(tariff.error);
    }
    const auto paid = add_amounts(price.value.converted_minor, tariff.value);
    if (!paid.ok()) {
        return failure<PurchasePlan>(paid.error);
    }
    const PurchasePlan plan = purchase_at(price.value, tariff.value, terms);
    return plan.received_minor > 0 ? success(plan)
                                   : failure<PurchasePlan>(ErrorCode::invalid_amount);
}

Result<PurchasePlan> plan_capture(const PurchaseTerms &terms, std::int64_t set_aside_minor) noexcept
{
    const auto price = price_of(terms);
    if (!price.ok()) {
        return failure<PurchasePlan>(price.error);
    }
    const std::int64_t tariff_max = set_aside_minor - price.value.converted_minor;
    if (tariff_max < 0) {
        return failure<PurchasePlan>(ErrorCode::amount_out_of_range);
    }
    const auto tariff = share_of(price.value.converted_minor, terms.tariff);
    PurchasePlan plan = purchase_at(
        price.value, tariff.ok() ? std::min(tariff.value, tariff_max) : tariff_max, terms);
    if (plan.received_minor == 0) {
        if (terms.quantity < terms.stock) {
            return failure<PurchasePlan>(ErrorCode::invalid_amount);
        }
        plan.received_minor = 1;
        plan.fee_minor -= 1;
    }
    return success(plan);
}

} // namespace mvm::domain
