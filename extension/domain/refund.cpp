#include "domain/refund.hpp"

#include "domain/assert.hpp"

namespace mvm::domain {

namespace {

__extension__ using int128 = __int128;

// amount * (from + quantity) / bought - amount * from / bought, each rounded down.
std::int64_t part_of(std::int64_t amount_minor, std::int64_t bought, std::int64_t from,
                     std::int64_t quantity) noexcept
{
    const auto upto = [&](std::int64_t pieces) noexcept {
        return static_cast<std::int64_t>(int128{amount_minor} * pieces / bought);
    };
    return upto(from + quantity) - upto(from);
}

} // namespace

PurchaseAmounts refund_part(const PurchaseAmounts &purchase, std::int64_t bought,
                            std::int64_t refunded, std::int64_t quantity,
                            bool same_currency) noexcept
{
    MVM_ASSERT(quantity > 0 && refunded >= 0 && quantity <= bought - refunded);
    const auto part = [&](std::int64_t amount_minor) noexcept {
        return part_of(amount_minor, bought, refunded, quantity);
    };
    // The price, the payment, the fee and the tariff are divided. What seller and buyer get follows
    // from these four, so that the part balances as the whole does.
    const std::int64_t price = part(purchase.received_minor + purchase.fee_minor);
    const std::int64_t payment =
        same_currency ? price : part(purchase.paid_minor - purchase.tariff_minor);
    PurchaseAmounts amounts;
    amounts.fee_minor = part(purchase.fee_minor);
    amounts.tariff_minor = part(purchase.tariff_minor);
    amounts.received_minor = price - amounts.fee_minor;
    amounts.paid_minor = payment + amounts.tariff_minor;
    MVM_ASSERT(amounts.received_minor >= 0 && amounts.received_minor <= purchase.received_minor);
    MVM_ASSERT(payment >= 0 && amounts.paid_minor <= purchase.paid_minor);
    return amounts;
}

} // namespace mvm::domain
