// Amounts: 64-bit integers in a currency's minor unit, with checked arithmetic.
// Nothing here rounds in a float, wraps or throws.
#pragma once

#include "domain/error.hpp"

#include <cstdint>
#include <string_view>

namespace mvm::domain {

inline constexpr int currency_scale_max = 9;

// A value or the reason why there is none. `value` is meaningful only when ok.
template <typename T> struct [[nodiscard]] Result {
    ErrorCode error = ErrorCode::ok;
    T value{};

    constexpr bool ok() const noexcept { return error == ErrorCode::ok; }
};

template <typename T> constexpr Result<T> success(T value) noexcept
{
    return {ErrorCode::ok, value};
}

template <typename T> constexpr Result<T> failure(ErrorCode error) noexcept
{
    return {error, T{}};
}

// Whether decimal text, as PostgreSQL prints a numeric, is above, at or below
// zero, or not a finite number at all.
enum class Sign : std::uint8_t { negative, zero, positive, not_finite };
Sign sign_of_decimal(std::string_view text) noexcept;

// The amount that decimal text means in a currency with `currency_scale`
// decimals (0 to 9), in minor units. The text may be up to a millionth of a minor unit
// away from a whole number of them, as a client's binary float may have made
// 0.30000000000000004 of 0.30; the nearest is taken then.
// Errors: invalid_amount for NaN, Infinity, zero, negatives, what is further away
// and what is nearest to zero; amount_out_of_range above 2^63 - 1 minor units.
Result<std::int64_t> amount_from_decimal(std::string_view text, int currency_scale) noexcept;

// A limit, which is decimal text above zero, in minor units. Rounding must not widen it: a limit
// on what is paid is rounded down, one on what is received (`round_up`) is rounded up. Beyond 64
// bits it is 2^63 - 1, or, rounded up, 2^63, which no amount reaches.
std::uint64_t limit_from_decimal(std::string_view text, int currency_scale, bool round_up) noexcept;

// a + b of two amounts that are not negative; amount_out_of_range beyond 2^63 - 1.
Result<std::int64_t> add_amounts(std::int64_t a_minor, std::int64_t b_minor) noexcept;

// price * quantity, both above zero; amount_out_of_range beyond 2^63 - 1.
Result<std::int64_t> multiply_price(std::int64_t price_minor, std::int64_t quantity) noexcept;

} // namespace mvm::domain
