// Decimal text to minor units: exact, or refused by name.
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

TEST(Amount, within_a_millionth_of_a_minor_unit_is_that_unit)
{
    EXPECT_EQ(minor_of("0.30000000000000004", 2), 30);
    EXPECT_EQ(minor_of("0.29999999999999999", 2), 30);
    EXPECT_EQ(minor_of("2.000001", 0), 2);
    EXPECT_EQ(minor_of("1.999999", 0), 2);
    EXPECT_EQ(minor_of("0.12000001", 2), 12);
    EXPECT_EQ(minor_of("0.11999999", 2), 12);
    EXPECT_EQ(minor_of("0.119999990000000000000000001", 2), 12);
    EXPECT_EQ(minor_of("0.000000001000001", 9), 1);
    EXPECT_EQ(minor_of("0.999999", 0), 1);
    EXPECT_EQ(minor_of("9.99999999", 2), 1000);
    EXPECT_EQ(minor_of("1.00000", 0), 1);
}

TEST(Amount, further_away_is_refused)
{
    for (const char *text :
         {"0.125", "0.135", "0.12000001000000000000000001", "0.1199999899999999999999999",
          "0.120001", "0.119998", "0.1200000200", "0.11999998"}) {
        EXPECT_EQ(error_of(text, 2), ErrorCode::invalid_amount) << text;
    }
    for (const char *text : {"10.5", "2.5", "3.5", "2.0000010000000000001", "2.000002", "2.1",
                             "1.9999989999999999999", "1.999998", "250.75"}) {
        EXPECT_EQ(error_of(text, 0), ErrorCode::invalid_amount) << text;
    }
}

TEST(Amount, nearest_to_zero_is_refused)
{
    for (const char *text : {"0.000001", "0.0000001", "0.5", "0.999998"}) {
        EXPECT_EQ(error_of(text, 0), ErrorCode::invalid_amount) << text;
    }
    EXPECT_EQ(error_of("0.000000001", 2), ErrorCode::invalid_amount);
    EXPECT_EQ(error_of("0.00000001", 2), ErrorCode::invalid_amount);
    EXPECT_EQ(minor_of("0.00999999", 2), 1);
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

TEST(Amount, around_the_largest_minor_unit_is_judged_like_any_other)
{
    EXPECT_EQ(minor_of("9223372036854775807.000001", 0), int64_max);
    EXPECT_EQ(minor_of("9223372036854775806.999999", 0), int64_max);
    EXPECT_EQ(error_of("9223372036854775807.999999", 0), ErrorCode::amount_out_of_range);
    EXPECT_EQ(error_of("9223372036854775807.4", 0), ErrorCode::invalid_amount);
    EXPECT_EQ(error_of("9223372036854775808.4", 0), ErrorCode::invalid_amount);
    EXPECT_EQ(error_of("92233720368547758.070000011", 2), ErrorCode::invalid_amount);
}

TEST(Amount, a_hundred_thousand_digits_are_read_to_the_last)
{
    EXPECT_EQ(error_of(std::string(100000, '9'), 2), ErrorCode::amount_out_of_range);
    EXPECT_EQ(minor_of("1." + std::string(100000, '0'), 2), 100);
    EXPECT_EQ(minor_of("1." + std::string(100000, '9'), 2), 200);
    EXPECT_EQ(minor_of("1.00000001" + std::string(16000, '0'), 2), 100);
    EXPECT_EQ(error_of("1.00000001" + std::string(16000, '0') + "1", 2), ErrorCode::invalid_amount);
    EXPECT_EQ(error_of("1.5" + std::string(100000, '0'), 0), ErrorCode::invalid_amount);
}

TEST(Amount, sums_and_products_beyond_64_bits_are_refused)
{
    EXPECT_EQ(add_amounts(int64_max - 1, 1).value, int64_max);
    EXPECT_EQ(add_amounts(int64_max, 1).error, ErrorCode::amount_out_of_range);
    EXPECT_EQ(multiply_price(int64_max, 1).value, int64_max);
    EXPECT_EQ(multiply_price(int64_max / 2 + 1, 2).error, ErrorCode::amount_out_of_range);
}
