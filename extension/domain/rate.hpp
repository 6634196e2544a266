// Exchange rates and conversion between currencies.
#pragma once

#include "domain/money.hpp"

#include <cstdint>
#include <string_view>

namespace mvm::domain {

inline constexpr int rate_digits_max = 18;
inline constexpr int rate_scale_max = 18;

// Units of a currency per one unit of the reference currency, exactly:
// mantissa * 10^-scale with mantissa in 1 .. 10^18 - 1 and scale in 0 .. 18.
struct Rate {
    std::int64_t mantissa = 1;
    int scale = 0;

    friend constexpr bool operator==(const Rate &, const Rate &) noexcept = default;
};

// The rate that decimal text, as PostgreSQL prints a numeric, means.
// invalid_argument unless it is above zero with at most 18 decimals and 18
// significant digits (trailing zeros of the fraction do not count).
Result<Rate> rate_from_decimal(std::string_view text) noexcept;

// A currency as conversion needs it.
struct Currency {
    Rate rate;
    int scale = 2; // decimals, 0 to 9
};

enum class Rounding : std::uint8_t {
    down, // what a user receives
    up,   // what a user pays
};

// amount_minor (above zero) of `from` in minor units of `to`:
// amount * rate_to / rate_from, exact but for the one rounding at the end.
// amount_out_of_range beyond 2^63 - 1; zero is a possible result of rounding down.
Result<std::int64_t> convert(std::int64_t amount_minor, const Currency &from, const Currency &to,
                             Rounding rounding) noexcept;

} // namespace mvm::domain
