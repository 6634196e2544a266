#include "domain/rate.hpp"

#include "domain/assert.hpp"

#include <limits>

namespace mvm::domain {

namespace {

__extension__ using uint128 = unsigned __int128;

// factor * 10^exponent; false when it does not fit into 128 bits.
bool scale_up(uint128 factor, int exponent, uint128 &product) noexcept
{
    product = factor;
    for (int i = 0; i < exponent; ++i) {
        if (__builtin_mul_overflow(product, uint128{10}, &product)) {
            return false;
        }
    }
    return true;
}

} // namespace

Result<Rate> rate_from_decimal(std::string_view text) noexcept
{
    if (sign_of_decimal(text) != Sign::positive) {
        return failure<Rate>(ErrorCode::invalid_argument);
    }
    const std::size_t point = text.find('.');
    if (point != std::string_view::npos) {
        text.remove_suffix(text.size() - 1 - text.find_last_not_of('0'));
    }
    Rate rate{0, 0};
    int digits = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '.') {
            continue;
        }
        if (point != std::string_view::npos && i > point && ++rate.scale > rate_scale_max) {
            return failure<Rate>(ErrorCode::invalid_argument);
        }
        if (digits > 0 || text[i] != '0') { // leading zeros do not count
            if (++digits > rate_digits_max) {
                return failure<Rate>(ErrorCode::invalid_argument);
            }
            rate.mantissa = rate.mantissa * 10 + (text[i] - '0');
        }
    }
    return success(rate);
}

Result<std::int64_t> convert(std::int64_t amount_minor, const Currency &from, const Currency &to,
                             Rounding rounding) noexcept
{
    MVM_ASSERT(amount_minor >= 0);
    MVM_ASSERT(from.rate.mantissa > 0 && to.rate.mantissa > 0);
    MVM_ASSERT(from.scale >= 0 && from.scale <= currency_scale_max);
    MVM_ASSERT(to.scale >= 0 && to.scale <= currency_scale_max);
    // amount * 10^-from.scale * rate_to / rate_from * 10^to.scale, as one fraction.
    // amount * mantissa stays below 2^63 * 10^18 < 2^123.
    const uint128 product =
        static_cast<uint128>(amount_minor) * static_cast<uint128>(to.rate.mantissa);
    const int exponent = to.scale - from.scale + from.rate.scale - to.rate.scale;

    uint128 numerator = product;
    auto denominator = static_cast<uint128>(from.rate.mantissa);
    if (exponent >= 0) {
        // A numerator beyond 2^128 over a denominator below 2^60 is beyond 2^63.
        if (!scale_up(product, exponent, numerator)) {
            return failure<std::int64_t>(ErrorCode::amount_out_of_range);
        }
    } else if (!scale_up(denominator, -exponent, denominator)) {
        // A numerator below 2^123 over a denominator beyond 2^128 is a fraction of one unit.
        return success<std::int64_t>(rounding == Rounding::up ? 1 : 0);
    }

    uint128 quotient = numerator / denominator;
    if (rounding == Rounding::up && numerator % denominator != 0) {
        ++quotient;
    }
    if (quotient > static_cast<uint128>(std::numeric_limits<std::int64_t>::max())) {
        return failure<std::int64_t>(ErrorCode::amount_out_of_range);
    }
    return success(static_cast<std::int64_t>(quotient));
}

} // namespace mvm::domain
