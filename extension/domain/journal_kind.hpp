// Kinds of business events, as the journal stores them in one character.
#pragma once

#include <cstdint>

namespace mvm::domain {

enum class JournalKind : char {
    deposit = 'd',
    withdrawal = 'w',
    exchange = 'x',
    purchase = 'p',
    listing = 'l',
    restock = 's',
    transfer = 't',
    refund = 'r',
    hold = 'h',
    release = 'u',
    treasury_payout = 'o',
    fees_payout = 'f',
};

// The name that mvm.transactions shows.
constexpr const char *name_of(JournalKind kind) noexcept
{
    switch (kind) {
    case JournalKind::deposit:
        return "deposit";
    case JournalKind::withdrawal:
        return "withdrawal";
    case JournalKind::exchange:
        return "exchange";
    case JournalKind::purchase:
        return "purchase";
    case JournalKind::listing:
        return "listing";
    case JournalKind::restock:
        return "restock";
    case JournalKind::transfer:
        return "transfer";
    case JournalKind::refund:
        return "refund";
    case JournalKind::hold:
        return "hold";
    case JournalKind::release:
        return "release";
    case JournalKind::treasury_payout:
        return "treasury_payout";
    case JournalKind::fees_payout:
        return "fees_payout";
    }
    return "unknown";
}

} // namespace mvm::domain
