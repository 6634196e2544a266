#include "domain/plan.hpp"

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

Result<TransferPlan> plan_transfer(std::int64_t payer_balance_minor, std::int64_t paid_minor,
                                   std::int64_t receiver_balance_minor,
                                   std::int64_t received_minor) noexcept
{
    if (payer_balance_minor < paid_minor) {
        return failure<TransferPlan>(ErrorCode::insufficient_balance);
    }
    const auto receiver = add_amounts(receiver_balance_minor, received_minor);
    if (!receiver.ok()) {
        return failure<TransferPlan>(receiver.error);
    }
    return success(TransferPlan{payer_balance_minor - paid_minor, receiver.value});
}

Result<PurchasePlan> plan_purchase(const PurchaseTerms &terms) noexcept
{
    if (terms.quantity > terms.stock) {
        return failure<PurchasePlan>(ErrorCode::insufficient_stock);
    }
    const auto price = multiply_price(terms.price_minor, terms.quantity);
    if (!price.ok()) {
        return failure<PurchasePlan>(price.error);
    }
    const auto converted = terms.same_currency ? price
                                               : convert(price.value, terms.item_currency,
                                                         terms.buyer_currency, Rounding::up);
    if (!converted.ok()) {
        return failure<PurchasePlan>(converted.error);
    }
    const auto tariff = share_of(converted.value, terms.tariff);
    if (!tariff.ok()) {
        return failure<PurchasePlan>(tariff.error);
    }
    const auto paid = add_amounts(converted.value, tariff.value);
    if (!paid.ok()) {
        return failure<PurchasePlan>(paid.error);
    }
    // A share below one of an amount within range is within range.
    const std::int64_t fee = share_of(price.value, terms.sale_fee).value;
    return success(PurchasePlan{paid.value, price.value - fee, fee, tariff.value,
                                terms.stock - terms.quantity});
}

} // namespace mvm::domain
