#include "domain/rules.hpp"

namespace mvm::domain {

namespace {

__extension__ using uint128 = unsigned __int128;

constexpr std::int64_t power_of_ten(int exponent) noexcept
{
    std::int64_t power = 1;
    for (int i = 0; i < exponent; ++i) {
        power *= 10;
    }
    return power;
}

} // namespace

Result<Share> share_from_decimal(std::string_view text, int below) noexcept
{
    const Sign sign = sign_of_decimal(text);
    if (sign == Sign::zero) {
        return success(Share{});
    }
    if (sign != Sign::positive) {
        return failure<Share>(ErrorCode::invalid_argument);
    }
    const std::size_t point = text.find('.');
    if (point != std::string_view::npos) {
        text.remove_suffix(text.size() - 1 - text.find_last_not_of('0'));
    }
    Share share;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '.') {
            continue;
        }
        if (point != std::string_view::npos && i > point && ++share.scale > share_scale_max) {
            return failure<Share>(ErrorCode::invalid_argument);
        }
        share.mantissa = share.mantissa * 10 + (text[i] - '0');
        // Before the point that is the value itself, so no digit can make it overflow.
        if (share.mantissa >= below * power_of_ten(share.scale)) {
            return failure<Share>(ErrorCode::invalid_argument);
        }
    }
    return success(share);
}

Result<std::int64_t> share_of(std::int64_t amount_minor, const Share &share) noexcept
{
    // Below 2^63 * 10^11 < 2^100.
    const uint128 product =
        static_cast<uint128>(amount_minor) * static_cast<uint128>(share.mantissa);
    const auto divisor = static_cast<uint128>(power_of_ten(share.scale));
    const uint128 quotient = product / divisor + (product % divisor != 0 ? 1 : 0);
    if (quotient > static_cast<uint128>(std::numeric_limits<std::int64_t>::max())) {
        return failure<std::int64_t>(ErrorCode::amount_out_of_range);
    }
    return success(static_cast<std::int64_t>(quotient));
}

BrokenRule check_amount(std::int64_t amount_minor, const UniverseRules &rules) noexcept
{
    if (amount_minor < rules.min_amount_minor) {
        return BrokenRule::below_min_amount;
    }
    return amount_minor > rules.max_amount_minor ? BrokenRule::above_max_amount : BrokenRule::none;
}

} // namespace mvm::domain
