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
    const auto received = multiply_price(terms.price_minor, terms.quantity);
    if (!received.ok()) {
        return failure<PurchasePlan>(received.error);
    }
    const auto paid = terms.same_currency ? received
                                          : convert(received.value, terms.item_currency,
                                                    terms.buyer_currency, Rounding::up);
    if (!paid.ok()) {
        return failure<PurchasePlan>(paid.error);
    }
    return success(PurchasePlan{paid.value, received.value, terms.stock - terms.quantity});
}

} // namespace mvm::domain
