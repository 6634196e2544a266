// Trading rules: what a universe and a route allow, and what they take.
#pragma once

#include "domain/money.hpp"

#include <cstdint>
#include <limits>
#include <string_view>

namespace mvm::domain {

inline constexpr int share_scale_max = 9;

// A share of an amount, exactly: mantissa * 10^-scale. Zero takes nothing.
struct Share {
    std::int64_t mantissa = 0;
    int scale = 0; // 0 to share_scale_max

    friend constexpr bool operator==(const Share &, const Share &) noexcept = default;
};

// The share that decimal text, as PostgreSQL prints a numeric, means.
// invalid_argument unless it is zero or above and below `below` with at most 9
// decimals (trailing zeros do not count).
Result<Share> share_from_decimal(std::string_view text, int below) noexcept;

inline constexpr int fee_rate_below = 1;      // what is left may still round to nothing
inline constexpr int tariff_rate_below = 100; // at most 99.999999999 times the price

// The share of an amount that is not negative, rounded up to the minor unit: whoever splits an
// amount does not pay less. A share below one is at most the amount.
// amount_out_of_range beyond 2^63 - 1.
Result<std::int64_t> share_of(std::int64_t amount_minor, const Share &share) noexcept;

// The rules of one universe. These defaults restrict nothing.
struct UniverseRules {
    bool trade_open = true;
    bool exchange_open = true;
    Share sale_fee;     // of a sale's price, from the seller's proceeds
    Share exchange_fee; // of what an exchange credits in this universe
    std::int64_t min_amount_minor = 0;
    std::int64_t max_amount_minor = std::numeric_limits<std::int64_t>::max();
    std::int64_t max_quantity = std::numeric_limits<std::int64_t>::max();
};

// How long holds on a universe's items and quotes into its currency may live, in microseconds, and
// how many of them each user may have open. These defaults are those of a new universe.
struct OpenLimits {
    std::int64_t hold_ttl_us_max = std::int64_t{86'400} * 1'000'000;
    std::int64_t quote_ttl_us_max = std::int64_t{300} * 1'000'000;
    std::int64_t holds_max = 100;
    std::int64_t quotes_max = 100;
};

// The rules between two universes.
struct RouteRules {
    bool allowed = true;
    Share tariff; // of the price in the buyer's currency, on top of it
};

// A rule that a trade breaks.
enum class BrokenRule : std::uint8_t {
    none,
    payer_universe_closed,
    receiver_universe_closed,
    route_closed,
    above_max_quantity,
    below_min_amount,
    above_max_amount,
};

// Whether the amount is below the universe's smallest or above its largest; none if neither.
BrokenRule check_amount(std::int64_t amount_minor, const UniverseRules &rules) noexcept;

} // namespace mvm::domain
