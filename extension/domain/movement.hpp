// What a journal row moves in wallets and stock, and the arithmetic of balances on the way.
#pragma once

#include "domain/journal_kind.hpp"

#include <limits>

namespace mvm::domain {

// A balance in minor units, or a stock in pieces, between two movements. Twice the largest amount
// fits: the capture of a hold puts all back before its purchase takes its part.
using RunningAmount = std::uint64_t;

// Whether it can be stored: balances and stocks are signed 64-bit integers.
constexpr bool is_amount(RunningAmount running) noexcept
{
    return running <= static_cast<RunningAmount>(std::numeric_limits<std::int64_t>::max());
}

// Adds a change, which may be negative but not -2^63. False, and nothing changes, if less is there
// than is to be taken.
constexpr bool move(RunningAmount &running, std::int64_t change) noexcept
{
    if (change < 0 && running < static_cast<RunningAmount>(-change)) {
        return false;
    }
    running += static_cast<RunningAmount>(change); // modulo 2^64, so a negative change subtracts
    return true;
}

// Undoes a change that was made.
constexpr void move_back(RunningAmount &running, std::int64_t change) noexcept
{
    running -= static_cast<RunningAmount>(change);
}

// Changes; negative if something is taken.
struct Movement {
    std::int64_t from_minor; // of the wallet that the row's paid amount moves
    std::int64_t to_minor;   // of the wallet that its received amount moves
    std::int64_t pieces;     // of the item's stock
};

// What a row of this kind with these amounts changes. No amount is negative.
constexpr Movement movement_of(JournalKind kind, std::int64_t paid_minor,
                               std::int64_t received_minor, std::int64_t quantity) noexcept
{
    const KindInfo &info = info_of(kind);
    return {info.paid_by_user * paid_minor,
            (info.received_by_user + info.received_by_counterparty) * received_minor,
            info.stocked * quantity};
}

} // namespace mvm::domain
