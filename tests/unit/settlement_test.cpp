// The terms of orders. Rules have a file of their own.
#include "domain/settlement.hpp"

#include <gtest/gtest.h>

using namespace mvm::domain;

namespace {

const Currency earth{{1, 0}, 2};
const Currency mars{{25, 1}, 2};

// Without rules and limits.
PurchaseOrder purchase(std::int64_t quantity, std::int64_t price_minor, std::int64_t stock,
                       const Currency &payer_currency, const Currency &item_currency)
{
    PurchaseOrder order;
    order.quantity = quantity;
    order.price_minor = price_minor;
    order.stock = stock;
    order.payer_currency = payer_currency;
    order.item_currency = item_currency;
    order.same_currency = payer_currency.rate == item_currency.rate;
    return order;
}

ExchangeOrder exchange(std::int64_t amount_minor, const Currency &payer_currency,
                       const Currency &receiver_currency)
{
    ExchangeOrder order;
    order.amount_minor = amount_minor;
    order.payer_currency = payer_currency;
    order.receiver_currency = receiver_currency;
    return order;
}

} // namespace

TEST(Settlement, a_purchase_takes_all_of_the_stock_and_not_one_piece_more)
{
    const Settlement all = settle_purchase(purchase(3, 500, 3, earth, earth));
    EXPECT_EQ(all.error, ErrorCode::ok);
    EXPECT_EQ(all.paid_minor, 1500);
    EXPECT_EQ(all.received_minor, 1500);
    EXPECT_EQ(settle_purchase(purchase(4, 500, 3, earth, earth)).error,
              ErrorCode::insufficient_stock);
}

TEST(Settlement, a_purchase_across_currencies_is_paid_in_the_buyers)
{
    const Settlement sale = settle_purchase(purchase(1, 1000, 1, earth, mars));
    EXPECT_EQ(sale.error, ErrorCode::ok);
    EXPECT_EQ(sale.paid_minor, 400);
    EXPECT_EQ(sale.received_minor, 1000);
}

TEST(Settlement, an_exchange_rounds_down)
{
    const Settlement terms = settle_exchange(exchange(99, mars, earth));
    EXPECT_EQ(terms.error, ErrorCode::ok);
    EXPECT_EQ(terms.paid_minor, 99);
    EXPECT_EQ(terms.received_minor, 39);
}

TEST(Settlement, an_exchange_to_nothing_is_refused)
{
    EXPECT_EQ(settle_exchange(exchange(1, mars, earth)).error, ErrorCode::invalid_amount);
}

TEST(Settlement, a_limit_is_kept_to_the_minor_unit_and_tells_the_terms)
{
    PurchaseOrder dear = purchase(1, 1001, 1, earth, mars);
    dear.max_paid_minor = 400;
    EXPECT_EQ(settle_purchase(dear).error, ErrorCode::limit_exceeded);
    EXPECT_EQ(settle_purchase(dear).paid_minor, 401);
    dear.max_paid_minor = 401;
    EXPECT_EQ(settle_purchase(dear).error, ErrorCode::ok);

    ExchangeOrder poor = exchange(99, mars, earth);
    poor.min_received_minor = 40;
    EXPECT_EQ(settle_exchange(poor).error, ErrorCode::limit_exceeded);
    EXPECT_EQ(settle_exchange(poor).received_minor, 39);
    poor.min_received_minor = 39;
    EXPECT_EQ(settle_exchange(poor).error, ErrorCode::ok);
}
