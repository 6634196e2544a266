// Orders of a batch on running balances and stock.
#include "domain/netting.hpp"

#include <gtest/gtest.h>

#include <limits>

using namespace mvm::domain;

namespace {

const Currency earth{{1, 0}, 2};
const Currency mars{{25, 1}, 2};

// Without rules and limits.
Settlement settle_purchase(std::int64_t quantity, const Currency &payer_currency,
                           const Currency &item_currency, bool same_currency, RunningStock &item,
                           RunningBalance &payer, RunningBalance *receiver)
{
    PurchaseOrder order;
    order.quantity = quantity;
    order.payer_currency = payer_currency;
    order.item_currency = item_currency;
    order.same_currency = same_currency;
    return mvm::domain::settle_purchase(order, item, payer, receiver);
}

Settlement settle_exchange(std::int64_t amount_minor, const Currency &payer_currency,
                           const Currency &receiver_currency, RunningBalance &payer,
                           RunningBalance &receiver)
{
    ExchangeOrder order;
    order.amount_minor = amount_minor;
    order.payer_currency = payer_currency;
    order.receiver_currency = receiver_currency;
    return mvm::domain::settle_exchange(order, payer, receiver);
}

} // namespace

TEST(Netting, each_purchase_sees_what_the_one_before_left)
{
    RunningStock item{500, 3, false};
    RunningBalance buyer{1200, false};
    RunningBalance seller{0, false};
    EXPECT_EQ(settle_purchase(2, earth, earth, true, item, buyer, &seller).error, ErrorCode::ok);
    EXPECT_EQ(item.stock, 1);
    EXPECT_EQ(buyer.balance_minor, 200);
    EXPECT_EQ(seller.balance_minor, 1000);

    const Settlement poor = settle_purchase(1, earth, earth, true, item, buyer, &seller);
    EXPECT_EQ(poor.error, ErrorCode::insufficient_balance);
    EXPECT_EQ(poor.available_minor, 200);
    EXPECT_EQ(poor.paid_minor, 500);
    EXPECT_EQ(settle_purchase(2, earth, earth, true, item, seller, &buyer).error,
              ErrorCode::insufficient_stock);
}

TEST(Netting, a_refused_order_changes_nothing)
{
    RunningStock item{500, 3, false};
    RunningBalance buyer{499, false};
    RunningBalance seller{7, false};
    EXPECT_NE(settle_purchase(1, earth, earth, true, item, buyer, &seller).error, ErrorCode::ok);
    EXPECT_EQ(item.stock, 3);
    EXPECT_FALSE(item.changed);
    EXPECT_EQ(buyer.balance_minor, 499);
    EXPECT_FALSE(buyer.changed);
    EXPECT_EQ(seller.balance_minor, 7);
    EXPECT_FALSE(seller.changed);
}

TEST(Netting, a_treasury_has_no_balance_to_keep)
{
    RunningStock item{1000, 1, false};
    RunningBalance buyer{400, false};
    const Settlement sale = settle_purchase(1, earth, mars, false, item, buyer, nullptr);
    EXPECT_EQ(sale.error, ErrorCode::ok);
    EXPECT_EQ(sale.paid_minor, 400);
    EXPECT_EQ(sale.received_minor, 1000);
    EXPECT_EQ(buyer.balance_minor, 0);
}

TEST(Netting, an_exchange_moves_both_balances_and_rounds_down)
{
    RunningBalance payer{100, false};
    RunningBalance receiver{0, false};
    const Settlement exchange = settle_exchange(99, mars, earth, payer, receiver);
    EXPECT_EQ(exchange.error, ErrorCode::ok);
    EXPECT_EQ(exchange.received_minor, 39);
    EXPECT_EQ(payer.balance_minor, 1);
    EXPECT_EQ(receiver.balance_minor, 39);
}

TEST(Netting, an_exchange_to_nothing_and_a_full_receiver_are_refused)
{
    RunningBalance payer{100, false};
    RunningBalance receiver{std::numeric_limits<std::int64_t>::max(), false};
    EXPECT_EQ(settle_exchange(1, mars, earth, payer, receiver).error, ErrorCode::invalid_amount);
    EXPECT_EQ(settle_exchange(100, earth, mars, payer, receiver).error,
              ErrorCode::amount_out_of_range);
    EXPECT_FALSE(payer.changed);
    EXPECT_FALSE(receiver.changed);
}
