// What a journal row moves in the rows that it names, and what they hold meanwhile.
#pragma once

#include "domain/journal_kind.hpp"

#include <limits>

namespace mvm::domain {

// What a wallet or an item holds between two movements: minor units, or pieces. Twice the largest
// amount fits, as a hold that ends puts all back before its purchase takes its part.
using Held = std::uint64_t;

// Whether that may stay: wallets and stock are 64-bit integers.
constexpr bool is_amount(Held held) noexcept
{
    return held <= static_cast<Held>(std::numeric_limits<std::int64_t>::max());
}

// Adds a change to what is held, or takes it. False, and then nothing, when there is less than is
// to be taken. What is to be taken is at most 2^63 - 1.
constexpr bool move(Held &held, std::int64_t change) noexcept
{
    if (change < 0 && held < static_cast<Held>(-change)) {
        return false;
    }
    held += static_cast<Held>(change); // modulo 2^64, which takes what is below zero
    return true;
}

// Undoes a change that was made.
constexpr void move_back(Held &held, std::int64_t change) noexcept
{
    held -= static_cast<Held>(change);
}

// Changes, below zero where something is taken.
struct Movement {
    std::int64_t from_minor; // of the wallet with the leg that the row calls paid
    std::int64_t to_minor;   // of the wallet with the leg that it calls received
    std::int64_t pieces;     // of the item's stock
};

// Those of a row of this kind with these amounts, none of which is negative.
constexpr Movement movement_of(JournalKind kind, std::int64_t paid_minor,
                               std::int64_t received_minor, std::int64_t quantity) noexcept
{
    const KindInfo &info = info_of(kind);
    return {info.paid_by_user * paid_minor,
            (info.received_by_user + info.received_by_counterparty) * received_minor,
            info.stocked * quantity};
}

} // namespace mvm::domain
