// At which terms an order is settled, or why it is refused. Whether the payer has the money, and
// the receiver room for it, is for whoever moves it to say.
#pragma once

#include "domain/plan.hpp"

#include <cstdint>

namespace mvm::domain {

// The terms of an order, or what it is refused with and the numbers behind it.
struct Settlement {
    ErrorCode error = ErrorCode::ok;
    std::int64_t paid_minor = 0;
    std::int64_t received_minor = 0;
    std::int64_t fee_minor = 0;
    std::int64_t tariff_minor = 0;
    BrokenRule rule = BrokenRule::none; // for rule_violation
};

// The first of both universes and the route between them that is closed.
BrokenRule first_closed(bool payer_open, bool receiver_open, const RouteRules &route) noexcept;

// Both sides of a purchase and what holds between them.
struct PurchaseOrder {
    std::int64_t quantity = 1; // 1 or more
    std::int64_t price_minor = 0;
    std::int64_t stock = 0;
    Currency payer_currency;
    Currency item_currency;
    bool same_currency = true; // the payer's home is the item's universe
    UniverseRules payer_rules;
    UniverseRules item_rules;
    RouteRules route;
    std::uint64_t max_paid_minor = std::numeric_limits<std::uint64_t>::max(); // the buyer's limit
};

// rule_violation, insufficient_stock, invalid_amount, amount_out_of_range, limit_exceeded.
Settlement settle_purchase(const PurchaseOrder &order) noexcept;

struct ExchangeOrder {
    std::int64_t amount_minor = 0; // above zero
    Currency payer_currency;
    Currency receiver_currency;
    UniverseRules payer_rules;
    UniverseRules receiver_rules;
    RouteRules route;
    std::uint64_t min_received_minor = 0; // the user's limit
};

// rule_violation, invalid_amount, amount_out_of_range, limit_exceeded.
Settlement settle_exchange(const ExchangeOrder &order) noexcept;

} // namespace mvm::domain
