// The legs of a journal row on users' wallets, as the view mvm.leg has them.
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
        return 0;
    }
    return 0;
}

} // namespace mvm::domain
