// The rules of a transfer and a purchase.
#include "domain/plan.hpp"

#include <gtest/gtest.h>

#include <limits>

using namespace mvm::domain;

namespace {

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

PurchaseTerms terms(std::int64_t price_minor, std::int64_t quantity, std::int64_t stock)
{
    PurchaseTerms result;
    result.price_minor = price_minor;
    result.quantity = quantity;
    result.stock = stock;
    return result;
}

} // namespace

TEST(Transfer, moves_what_was_paid_and_received)
{
    const auto plan = plan_transfer(100, 30, 5, 75);
    ASSERT_TRUE(plan.ok());
    EXPECT_EQ(plan.value.payer_balance_minor, 70);
    EXPECT_EQ(plan.value.receiver_balance_minor, 80);
}

TEST(Transfer, the_last_minor_unit_can_be_spent_and_not_one_more)
{
    EXPECT_EQ(plan_transfer(100, 100, 0, 1).value.payer_balance_minor, 0);
    EXPECT_EQ(plan_transfer(100, 101, 0, 1).error, ErrorCode::insufficient_balance);
}

TEST(Transfer, a_receiver_beyond_64_bits_is_refused)
{
    EXPECT_EQ(plan_transfer(1, 1, int64_max, 1).error, ErrorCode::amount_out_of_range);
    EXPECT_EQ(plan_transfer(1, 1, int64_max - 1, 1).value.receiver_balance_minor, int64_max);
}

TEST(Transfer, too_little_comes_before_too_much)
{
    EXPECT_EQ(plan_transfer(0, 1, int64_max, 1).error, ErrorCode::insufficient_balance);
}

TEST(Purchase, in_one_currency_pays_what_is_received)
{
    const auto plan = plan_purchase(terms(500, 3, 10));
    ASSERT_TRUE(plan.ok());
    EXPECT_EQ(plan.value.paid_minor, 1500);
    EXPECT_EQ(plan.value.received_minor, 1500);
    EXPECT_EQ(plan.value.stock_left, 7);
}

TEST(Purchase, across_currencies_the_buyer_pays_rounded_up_and_the_seller_gets_the_price)
{
    PurchaseTerms across = terms(1000, 1, 50);
    across.same_currency = false;
    across.buyer_currency = {{1, 0}, 2};
    across.item_currency = {{25, 1}, 2};
    EXPECT_EQ(plan_purchase(across).value.paid_minor, 400);
    EXPECT_EQ(plan_purchase(across).value.received_minor, 1000);

    across.price_minor = 1001;
    EXPECT_EQ(plan_purchase(across).value.paid_minor, 401);
    EXPECT_EQ(plan_purchase(across).value.received_minor, 1001);
}

TEST(Purchase, the_last_piece_can_be_bought_and_not_one_more)
{
    EXPECT_EQ(plan_purchase(terms(1, 10, 10)).value.stock_left, 0);
    EXPECT_EQ(plan_purchase(terms(1, 11, 10)).error, ErrorCode::insufficient_stock);
}

TEST(Purchase, a_price_beyond_64_bits_is_refused)
{
    EXPECT_EQ(plan_purchase(terms(int64_max, 2, 10)).error, ErrorCode::amount_out_of_range);

    PurchaseTerms across = terms(int64_max, 1, 10);
    across.same_currency = false;
    across.buyer_currency = {{2, 0}, 2};
    across.item_currency = {{1, 0}, 2};
    EXPECT_EQ(plan_purchase(across).error, ErrorCode::amount_out_of_range);
}
