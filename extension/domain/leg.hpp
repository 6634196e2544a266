// The legs of a journal row on users' wallets and on the house's accounts treasury and fees, as
// the view mvm.leg has them.
#pragma once

#include "domain/journal_kind.hpp"

namespace mvm::domain {

// What happens to the amount that the row calls paid, in the wallet of its user in
// from_universe_id: 1 it is credited, -1 debited, 0 there is no such leg.
constexpr int paid_by_user(JournalKind kind) noexcept
{
    switch (kind) {
    case JournalKind::withdrawal:
    case JournalKind::exchange:
    case JournalKind::purchase:
    case JournalKind::transfer:
    case JournalKind::hold:
        return -1;
    case JournalKind::refund:
        return 1;
    case JournalKind::release: // credited as received
    case JournalKind::deposit:
    case JournalKind::listing:
    case JournalKind::restock:
    case JournalKind::treasury_payout:
    case JournalKind::fees_payout:
        return 0;
    }
    return 0;
}

// The same for the amount received, in the wallet of its user in to_universe_id.
constexpr int received_by_user(JournalKind kind) noexcept
{
    return kind == JournalKind::deposit || kind == JournalKind::exchange ||
                   kind == JournalKind::release
               ? 1
               : 0;
}

// The same in the wallet of its counterparty in to_universe_id.
constexpr int received_by_counterparty(JournalKind kind) noexcept
{
    switch (kind) {
    case JournalKind::purchase:
    case JournalKind::transfer:
        return 1;
    case JournalKind::refund:
        return -1;
    case JournalKind::deposit:
    case JournalKind::withdrawal:
    case JournalKind::exchange:
    case JournalKind::listing:
    case JournalKind::restock:
    case JournalKind::hold:
    case JournalKind::release:
    case JournalKind::treasury_payout:
    case JournalKind::fees_payout:
        return 0;
    }
    return 0;
}

// The same in the treasury of to_universe_id, which sells what has no counterparty.
constexpr int received_by_treasury(JournalKind kind) noexcept
{
    switch (kind) {
    case JournalKind::purchase:
        return 1;
    case JournalKind::refund:
        return -1;
    default:
        return 0;
    }
}

// The fee on the account fees of to_universe_id and the tariff in the treasury of
// from_universe_id: 1 the house takes them, -1 it gives them back.
constexpr int taken_by_house(JournalKind kind) noexcept
{
    return kind == JournalKind::refund ? -1 : 1;
}

} // namespace mvm::domain
