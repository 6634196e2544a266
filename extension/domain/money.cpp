#include "domain/money.hpp"

#include "domain/assert.hpp"

#include <limits>

namespace mvm::domain {

namespace {

// The digits of a decimal without sign and point, addressed by decimal place.
struct Digits {
    std::string_view whole;
    std::string_view fraction;
    bool negative = false;
    bool finite = false;
};

bool is_digits(std::string_view text) noexcept
{
    for (char c : text) {
        if (c < '0' || c > '9') {
            return false;
        }
    }
    return true;
}

bool is_zeros(std::string_view text) noexcept
{
    return text.find_first_not_of('0') == std::string_view::npos;
}

Digits split_decimal(std::string_view text) noexcept
{
    Digits digits;
    if (!text.empty() && text.front() == '-') {
        digits.negative = true;
        text.remove_prefix(1);
    }
    const std::size_t point = text.find('.');
    digits.whole = text.substr(0, point);
    if (point != std::string_view::npos) {
        digits.fraction = text.substr(point + 1);
    }
    // NaN and Infinity are the only numerics that print with a letter.
    digits.finite = !text.empty() && is_digits(digits.whole) && is_digits(digits.fraction);
    return digits;
}

// Which whole minor unit a fraction of one, given by its digits, is taken as: the nearest within a
// millionth, otherwise none.
enum class Nearest : std::uint8_t { below, above, none };

Nearest nearest_unit(std::string_view fraction) noexcept
{
    constexpr std::size_t places = 6;
    int millionths = 0;
    for (std::size_t place = 0; place < places; ++place) {
        millionths = millionths * 10 + (place < fraction.size() ? fraction[place] - '0' : 0);
    }
    const bool more = fraction.size() > places && !is_zeros(fraction.substr(places));
    if (millionths == 0 || (millionths == 1 && !more)) {
        return Nearest::below;
    }
    return millionths == 999'999 ? Nearest::above : Nearest::none;
}

} // namespace

Sign sign_of_decimal(std::string_view text) noexcept
{
    const Digits digits = split_decimal(text);
    if (!digits.finite) {
        return Sign::not_finite;
    }
    if (is_zeros(digits.whole) && is_zeros(digits.fraction)) {
        return Sign::zero;
    }
    return digits.negative ? Sign::negative : Sign::positive;
}

Result<std::int64_t> amount_from_decimal(std::string_view text, int currency_scale) noexcept
{
    if (sign_of_decimal(text) != Sign::positive) {
        return failure<std::int64_t>(ErrorCode::invalid_amount);
    }
    const Digits digits = split_decimal(text);
    const auto scale = static_cast<std::size_t>(currency_scale);
    const Nearest nearest = digits.fraction.size() > scale
                                ? nearest_unit(digits.fraction.substr(scale))
                                : Nearest::below;
    if (nearest == Nearest::none) {
        return failure<std::int64_t>(ErrorCode::invalid_amount);
    }

    std::int64_t minor = 0;
    auto append = [&minor](char digit) noexcept {
        return !__builtin_mul_overflow(minor, std::int64_t{10}, &minor) &&
               !__builtin_add_overflow(minor, std::int64_t{digit - '0'}, &minor);
    };
    for (char digit : digits.whole) {
        if (!append(digit)) {
            return failure<std::int64_t>(ErrorCode::amount_out_of_range);
        }
    }
    for (std::size_t place = 0; place < scale; ++place) {
        if (!append(place < digits.fraction.size() ? digits.fraction[place] : '0')) {
            return failure<std::int64_t>(ErrorCode::amount_out_of_range);
        }
    }
    if (nearest == Nearest::above && __builtin_add_overflow(minor, std::int64_t{1}, &minor)) {
        return failure<std::int64_t>(ErrorCode::amount_out_of_range);
    }
    if (minor == 0) {
        return failure<std::int64_t>(ErrorCode::invalid_amount);
    }
    return success(minor);
}

std::uint64_t limit_from_decimal(std::string_view text, int currency_scale, bool round_up) noexcept
{
    const Digits digits = split_decimal(text);
    const auto scale = static_cast<std::size_t>(currency_scale);
    std::int64_t minor = 0;
    bool fits = true;
    auto append = [&minor, &fits](char digit) noexcept {
        fits = fits && !__builtin_mul_overflow(minor, std::int64_t{10}, &minor) &&
               !__builtin_add_overflow(minor, std::int64_t{digit - '0'}, &minor);
    };
    for (char digit : digits.whole) {
        append(digit);
    }
    for (std::size_t place = 0; place < scale; ++place) {
        append(place < digits.fraction.size() ? digits.fraction[place] : '0');
    }
    if (round_up && digits.fraction.size() > scale && !is_zeros(digits.fraction.substr(scale))) {
        fits = fits && !__builtin_add_overflow(minor, std::int64_t{1}, &minor);
    }
    constexpr auto largest = std::uint64_t{std::numeric_limits<std::int64_t>::max()};
    if (!fits) {
        return round_up ? largest + 1 : largest;
    }
    return static_cast<std::uint64_t>(minor);
}

Result<std::int64_t> add_amounts(std::int64_t a_minor, std::int64_t b_minor) noexcept
{
    MVM_ASSERT(a_minor >= 0 && b_minor >= 0);
    std::int64_t sum = 0;
    if (__builtin_add_overflow(a_minor, b_minor, &sum)) {
        return failure<std::int64_t>(ErrorCode::amount_out_of_range);
    }
    return success(sum);
}

Result<std::int64_t> multiply_price(std::int64_t price_minor, std::int64_t quantity) noexcept
{
    MVM_ASSERT(price_minor > 0 && quantity > 0);
    std::int64_t product = 0;
    if (__builtin_mul_overflow(price_minor, quantity, &product)) {
        return failure<std::int64_t>(ErrorCode::amount_out_of_range);
    }
    return success(product);
}

} // namespace mvm::domain
