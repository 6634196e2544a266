// Decimal text to minor units: exact, half-even, refused by name.
#include "domain/money.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

using namespace mvm::domain;

namespace {

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

std::int64_t minor_of(std::string_view text, int scale)
{
    const auto amount = amount_from_decimal(text, scale);
    EXPECT_TRUE(amount.ok()) << text << " at scale " << scale;
    return amount.value;
}

ErrorCode error_of(std::string_view text, int scale)
{
    return amount_from_decimal(text, scale).error;
}

} // namespace

TEST(Amount, whole_and_fraction_become_minor_units)
{
    EXPECT_EQ(minor_of("12.34", 2), 1234);
    EXPECT_EQ(minor_of("12", 2), 1200);
    EXPECT_EQ(minor_of("0.5", 3), 500);
    EXPECT_EQ(minor_of("7", 0), 7);
    EXPECT_EQ(minor_of("0.000000001", 9), 1);
    EXPECT_EQ(minor_of("000012.340000", 2), 1234);
}

TEST(Amount, further_decimals_round_half_even)
{
    EXPECT_EQ(minor_of("0.125", 2), 12);
    EXPECT_EQ(minor_of("0.135", 2), 14);
    EXPECT_EQ(minor_of("0.1250000000000000000001", 2), 13);
    EXPECT_EQ(minor_of("0.1249999999999999999999", 2), 12);
    EXPECT_EQ(minor_of("2.5", 0), 2);
    EXPECT_EQ(minor_of("3.5", 0), 4);
    EXPECT_EQ(minor_of("0.30000000000000004", 2), 30);
    EXPECT_EQ(minor_of("9.995", 2), 1000);
}

TEST(Amount, rounded_to_zero_is_refused)
{
    EXPECT_EQ(error_of("0.005", 2), ErrorCode::invalid_amount);
    EXPECT_EQ(error_of("0.5", 0), ErrorCode::invalid_amount);
    EXPECT_EQ(minor_of("0.0051", 2), 1);
}

TEST(Amount, zero_negatives_nan_and_infinity_are_refused)
{
    for (const char *text : {"0", "0.00", "-1", "-0.01", "NaN", "Infinity", "-Infinity", "", "-"}) {
        EXPECT_EQ(error_of(text, 2), ErrorCode::invalid_amount) << text;
    }
}

TEST(Amount, the_largest_minor_unit_is_accepted_and_one_more_refused)
{
    EXPECT_EQ(minor_of("9223372036854775807", 0), int64_max);
    EXPECT_EQ(error_of("9223372036854775808", 0), ErrorCode::amount_out_of_range);
    EXPECT_EQ(minor_of("92233720368547758.07", 2), int64_max);
    EXPECT_EQ(error_of("92233720368547758.08", 2), ErrorCode::amount_out_of_range);
    EXPECT_EQ(minor_of("9223372036.854775807", 9), int64_max);
    EXPECT_EQ(error_of("9223372036.854775808", 9), ErrorCode::amount_out_of_range);
}

TEST(Amount, rounding_up_past_the_largest_minor_unit_is_refused)
{
    EXPECT_EQ(minor_of("9223372036854775807.4", 0), int64_max);
    EXPECT_EQ(error_of("9223372036854775807.5", 0), ErrorCode::amount_out_of_range);
}

TEST(Amount, a_hundred_thousand_digits_are_refused)
{
    EXPECT_EQ(error_of(std::string(100000, '9'), 2), ErrorCode::amount_out_of_range);
    EXPECT_EQ(minor_of("1." + std::string(100000, '0'), 2), 100);
}

TEST(Amount, sums_and_products_beyond_64_bits_are_refused)
{
    EXPECT_EQ(add_amounts(int64_max - 1, 1).value, int64_max);
    EXPECT_EQ(add_amounts(int64_max, 1).error, ErrorCode::amount_out_of_range);
    EXPECT_EQ(multiply_price(int64_max, 1).value, int64_max);
    EXPECT_EQ(multiply_price(int64_max / 2 + 1, 2).error, ErrorCode::amount_out_of_range);
}
