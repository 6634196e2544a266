// Rates and conversion: exact fractions, rounded once, toward the house.
#include "domain/rate.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

using namespace mvm::domain;

namespace {

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

Currency currency(std::string_view rate, int scale = 2)
{
    const auto parsed = rate_from_decimal(rate);
    EXPECT_TRUE(parsed.ok()) << rate;
    return {parsed.value, scale};
}

std::int64_t down(std::int64_t amount, const Currency &from, const Currency &to)
{
    const auto converted = convert(amount, from, to, Rounding::down);
    EXPECT_TRUE(converted.ok());
    return converted.value;
}

std::int64_t up(std::int64_t amount, const Currency &from, const Currency &to)
{
    const auto converted = convert(amount, from, to, Rounding::up);
    EXPECT_TRUE(converted.ok());
    return converted.value;
}

} // namespace

TEST(Rate, text_becomes_mantissa_and_scale)
{
    EXPECT_EQ(rate_from_decimal("2.5").value, (Rate{25, 1}));
    EXPECT_EQ(rate_from_decimal("2.500").value, (Rate{25, 1}));
    EXPECT_EQ(rate_from_decimal("100").value, (Rate{100, 0}));
    EXPECT_EQ(rate_from_decimal("100.00").value, (Rate{100, 0}));
    EXPECT_EQ(rate_from_decimal("0.000000000000000001").value, (Rate{1, 18}));
    EXPECT_EQ(rate_from_decimal("999999999999999999").value, (Rate{999999999999999999, 0}));
}

TEST(Rate, zero_negative_nan_infinity_and_too_many_digits_are_refused)
{
    for (const char *text : {"0", "-1", "NaN", "Infinity", "0.0000000000000000001",
                             "1000000000000000000", "1.000000000000000001", ""}) {
        EXPECT_EQ(rate_from_decimal(text).error, ErrorCode::invalid_argument) << text;
    }
}

TEST(Conversion, multiplies_by_the_target_rate_and_divides_by_the_source_rate)
{
    const Currency earth = currency("1");
    const Currency mars = currency("2.5");
    EXPECT_EQ(down(10000, earth, mars), 25000);
    EXPECT_EQ(up(1000, mars, earth), 400);
}

TEST(Conversion, rounds_what_is_received_down_and_what_is_paid_up)
{
    const Currency one = currency("1");
    const Currency three = currency("3");
    EXPECT_EQ(down(100, three, one), 33);
    EXPECT_EQ(up(100, three, one), 34);
    EXPECT_EQ(down(99, three, one), 33);
    EXPECT_EQ(up(99, three, one), 33);
}

TEST(Conversion, respects_the_decimals_of_both_currencies)
{
    const Currency yen = currency("150", 0);
    const Currency dollar = currency("1", 2);
    const Currency gold = currency("0.0005", 9);
    EXPECT_EQ(down(100, dollar, yen), 150);
    EXPECT_EQ(down(1, yen, dollar), 0);
    EXPECT_EQ(up(1, yen, dollar), 1);
    EXPECT_EQ(down(100, dollar, gold), 500000);
}

TEST(Conversion, beyond_64_bits_is_refused)
{
    const Currency tiny = currency("0.000000000000000001", 0);
    const Currency huge = currency("999999999999999999", 9);
    EXPECT_EQ(convert(1, tiny, huge, Rounding::down).error, ErrorCode::amount_out_of_range);
    EXPECT_EQ(convert(int64_max, currency("1", 0), currency("1", 1), Rounding::down).error,
              ErrorCode::amount_out_of_range);
    EXPECT_EQ(down(int64_max, currency("1", 0), currency("1", 0)), int64_max);
    EXPECT_EQ(down(int64_max, currency("999999999999999999", 0), currency("999999999999999999", 0)),
              int64_max);
}

TEST(Conversion, a_vanishing_amount_is_nothing_received_and_one_unit_paid)
{
    const Currency tiny = currency("0.000000000000000001", 0);
    const Currency huge = currency("999999999999999999", 9);
    EXPECT_EQ(down(1, huge, tiny), 0);
    EXPECT_EQ(up(1, huge, tiny), 1);
    EXPECT_EQ(up(int64_max, huge, tiny), 1);
}

// The seed is printed with a failure: --gtest_random_seed repeats it.
TEST(Conversion, there_and_back_never_gains)
{
    const auto seed = static_cast<unsigned>(testing::UnitTest::GetInstance()->random_seed());
    std::mt19937_64 random(seed);
    std::uniform_int_distribution<std::int64_t> mantissa(1, 999999999999999999);
    std::uniform_int_distribution<int> rate_scale(0, 18);
    std::uniform_int_distribution<int> currency_scale(0, 9);
    std::uniform_int_distribution<int> magnitude(0, 62);
    int converted_back = 0;
    for (int i = 0; i < 200000; ++i) {
        const Currency a{{mantissa(random), rate_scale(random)}, currency_scale(random)};
        const Currency b{{mantissa(random), rate_scale(random)}, currency_scale(random)};
        const std::int64_t amount = (int64_max >> magnitude(random)) | 1;
        const auto there = convert(amount, a, b, Rounding::down);
        if (!there.ok() || there.value == 0) {
            continue;
        }
        const auto back = convert(there.value, b, a, Rounding::down);
        ASSERT_TRUE(back.ok()) << "seed " << seed << " step " << i;
        ASSERT_LE(back.value, amount) << "seed " << seed << " step " << i;
        const auto paid = convert(there.value, b, a, Rounding::up);
        ASSERT_TRUE(paid.ok()) << "seed " << seed << " step " << i;
        ASSERT_GE(amount, paid.value) << "seed " << seed << " step " << i;
        ++converted_back;
    }
    EXPECT_GT(converted_back, 1000);
}

TEST(Conversion, up_and_down_differ_by_at_most_one)
{
    const auto seed = static_cast<unsigned>(testing::UnitTest::GetInstance()->random_seed());
    std::mt19937_64 random(seed);
    std::uniform_int_distribution<std::int64_t> mantissa(1, 1000000);
    std::uniform_int_distribution<std::int64_t> amount(1, 1000000000);
    for (int i = 0; i < 100000; ++i) {
        const Currency a{{mantissa(random), 3}, 2};
        const Currency b{{mantissa(random), 4}, 2};
        const std::int64_t x = amount(random);
        const std::int64_t low = down(x, a, b);
        const std::int64_t high = up(x, a, b);
        ASSERT_TRUE(high == low || high == low + 1) << "seed " << seed << " step " << i;
    }
}
