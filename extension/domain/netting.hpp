// A batch of orders on rows held in memory: each order takes effect before the
// next one is looked at, and every row is written once at the end.
#pragma once

#include "domain/plan.hpp"

#include <cstdint>

namespace mvm::domain {

struct RunningBalance {
    std::int64_t balance_minor = 0;
    bool changed = false;
};

struct RunningStock {
    std::int64_t price_minor = 0;
    std::int64_t stock = 0;
    bool changed = false;
};

// What an order did, or what it was refused with and the numbers behind it.
struct Settlement {
    ErrorCode error = ErrorCode::ok;
    std::int64_t paid_minor = 0;
    std::int64_t received_minor = 0;
    std::int64_t fee_minor = 0;
    std::int64_t tariff_minor = 0;
    std::int64_t available_minor = 0;   // the payer's balance, for insufficient_balance
    BrokenRule rule = BrokenRule::none; // for rule_violation
};

// The first of both universes and the route between them that is closed.
BrokenRule first_closed(bool payer_open, bool receiver_open, const RouteRules &route) noexcept;

// Both sides of a purchase and what holds between them.
struct PurchaseOrder {
    std::int64_t quantity = 1; // 1 or more
    Currency payer_currency;
    Currency item_currency;
    bool same_currency = true; // the payer's home is the item's universe
    UniverseRules payer_rules;
    UniverseRules item_rules;
    RouteRules route;
    std::uint64_t max_paid_minor = std::numeric_limits<std::uint64_t>::max(); // the buyer's limit
};

// Sells to `payer`. `receiver` is null where a treasury sells, whose account is
// derived and has no balance to keep. A refused order changes nothing.
Settlement settle_purchase(const PurchaseOrder &order, RunningStock &item, RunningBalance &payer,
                           RunningBalance *receiver) noexcept;

struct ExchangeOrder {
    std::int64_t amount_minor = 0; // above zero
    Currency payer_currency;
    Currency receiver_currency;
    UniverseRules payer_rules;
    UniverseRules receiver_rules;
    RouteRules route;
    std::uint64_t min_received_minor = 0; // the user's limit
};

// Exchanges from `payer` into `receiver`. A refused order changes nothing.
Settlement settle_exchange(const ExchangeOrder &order, RunningBalance &payer,
                           RunningBalance &receiver) noexcept;

} // namespace mvm::domain
