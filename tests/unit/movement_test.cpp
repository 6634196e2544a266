// What journal rows move in wallets and stock.
#include "domain/movement.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

using namespace mvm::domain;

namespace {

constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();

} // namespace

TEST(RunningAmount, the_last_minor_unit_can_be_taken_and_not_one_more)
{
    RunningAmount running = 100;
    EXPECT_FALSE(move(running, -101));
    EXPECT_EQ(running, 100U);
    EXPECT_TRUE(move(running, -100));
    EXPECT_EQ(running, 0U);
    EXPECT_FALSE(move(running, -1));
    EXPECT_EQ(running, 0U);
}

TEST(RunningAmount, what_passes_64_bits_is_no_amount_and_can_be_taken_again)
{
    RunningAmount running = largest;
    EXPECT_TRUE(is_amount(running));
    EXPECT_TRUE(move(running, largest));
    EXPECT_FALSE(is_amount(running));
    EXPECT_TRUE(move(running, -largest));
    EXPECT_EQ(running, static_cast<RunningAmount>(largest));
    EXPECT_TRUE(is_amount(running));
}

TEST(RunningAmount, a_change_taken_back_leaves_what_was)
{
    for (const std::int64_t change :
         {std::int64_t{0}, std::int64_t{7}, std::int64_t{-7}, largest}) {
        RunningAmount running = 50;
        ASSERT_TRUE(move(running, change));
        move_back(running, change);
        EXPECT_EQ(running, 50U);
    }
}

TEST(Movement, a_purchase_takes_from_buyer_and_stock_and_credits_the_seller)
{
    const Movement moved = movement_of(JournalKind::purchase, 400, 1000, 3);
    EXPECT_EQ(moved.from_minor, -400);
    EXPECT_EQ(moved.to_minor, 1000);
    EXPECT_EQ(moved.pieces, -3);
}

TEST(Movement, a_refund_undoes_a_purchase_and_a_release_a_hold)
{
    const Movement bought = movement_of(JournalKind::purchase, 400, 1000, 3);
    const Movement refunded = movement_of(JournalKind::refund, 400, 1000, 3);
    EXPECT_EQ(bought.from_minor + refunded.from_minor, 0);
    EXPECT_EQ(bought.to_minor + refunded.to_minor, 0);
    EXPECT_EQ(bought.pieces + refunded.pieces, 0);

    const Movement held = movement_of(JournalKind::hold, 400, 400, 3);
    const Movement released = movement_of(JournalKind::release, 400, 400, 3);
    EXPECT_EQ(held.from_minor + released.to_minor, 0);
    EXPECT_EQ(held.to_minor, 0);
    EXPECT_EQ(released.from_minor, 0);
    EXPECT_EQ(held.pieces + released.pieces, 0);
}

TEST(Movement, what_only_the_house_or_the_stock_feels_moves_no_wallet)
{
    for (const JournalKind kind : {JournalKind::listing, JournalKind::restock,
                                   JournalKind::treasury_payout, JournalKind::fees_payout}) {
        const Movement moved = movement_of(kind, 5, 5, 2);
        EXPECT_EQ(moved.from_minor, 0) << name_of(kind);
        EXPECT_EQ(moved.to_minor, 0) << name_of(kind);
    }
    EXPECT_EQ(movement_of(JournalKind::restock, 0, 0, 2).pieces, 2);
}

TEST(JournalKinds, the_legs_of_a_row_in_one_currency_sum_to_zero)
{
    for (const KindInfo &info : journal_kinds) {
        EXPECT_EQ(info.paid_by_user + info.paid_by_treasury + info.paid_by_fees +
                      info.received_by_user + info.received_by_counterparty + info.held +
                      info.outside,
                  0)
            << info.name;
    }
}

TEST(JournalKinds, each_letter_and_name_stands_once_and_finds_its_row)
{
    std::set<char> letters;
    std::set<std::string> names;
    for (const KindInfo &info : journal_kinds) {
        EXPECT_TRUE(letters.insert(static_cast<char>(info.kind)).second) << info.name;
        EXPECT_TRUE(names.insert(info.name).second) << info.name;
        EXPECT_EQ(&info_of(info.kind), &info);
        EXPECT_FALSE(info.received_by_user != 0 && info.received_by_counterparty != 0)
            << info.name << " has two legs that it calls received";
    }
    EXPECT_EQ(&info_of(JournalKind{'?'}), &unknown_kind);
    EXPECT_EQ(&info_of(JournalKind{'\xff'}), &unknown_kind);
}
