// Why a call or an order is refused: the error and the numbers behind it.
#pragma once

#include "domain/settlement.hpp"

#include "storage/item.hpp"
#include "storage/universe.hpp"

namespace mvm::market {

struct Refusal {
    domain::ErrorCode code;
    const char *detail;
    const char *hint;
};

Refusal no_user(std::int64_t user_id);
Refusal no_universe(std::int32_t universe_id);
Refusal no_item(std::int64_t item_id);
Refusal no_transaction(std::int64_t transaction_id);
Refusal same_universe(std::int32_t universe_id);
Refusal own_item(std::int64_t item_id, std::int64_t seller_id);
Refusal not_listed(std::int64_t item_id);
Refusal not_positive(const char *name, Datum amount);
Refusal quantity_below_one(std::int64_t quantity);
Refusal null_argument(const char *name);
Refusal key_mismatch(const char *first_request, const char *request);

// Of an amount that the universe's currency does not have, or that passes 64 bits in it.
Refusal unusable_amount(domain::ErrorCode code, const char *name, Datum amount,
                        const storage::Universe &universe);

Refusal short_of_stock(std::int64_t item_id, std::int64_t stock, std::int64_t quantity);
Refusal short_of_money(std::int64_t user_id, const storage::Universe &universe,
                       std::int64_t balance_minor, std::int64_t needed_minor);
// `balance_minor` is a numeric.
Refusal house_short_of_money(const char *account, const storage::Universe &universe,
                             Datum balance_minor, std::int64_t needed_minor);
Refusal balance_out_of_range(std::int64_t user_id);
Refusal stock_out_of_range(std::int64_t item_id);
Refusal price_out_of_range(std::int64_t quantity, std::int64_t price_minor,
                           const storage::Universe &universe);

// Of a purchase that leaves the seller nothing.
Refusal fee_takes_all(std::int64_t quantity, std::int64_t price_minor,
                      const domain::Share &sale_fee, const storage::Universe &universe);

// Of a conversion to nothing, before or after the fee, or beyond 64 bits.
Refusal unusable_conversion(domain::ErrorCode code, std::int64_t amount_minor,
                            const storage::Universe &from, const storage::Universe &to);

// Of a time before the first exchange rate that is known.
Refusal no_rate_yet(std::int32_t universe_id, TimestampTz at);

// Of a purchase of `quantity` pieces, or of an exchange (quantity 0).
Refusal broken_rule(const domain::Settlement &settlement, std::int64_t quantity,
                    const storage::Universe &payer_universe,
                    const storage::Universe &receiver_universe);
Refusal costs_too_much(std::uint64_t paid_minor, std::uint64_t limit_minor,
                       const storage::Universe &universe);
Refusal credits_too_little(std::int64_t received_minor, std::uint64_t limit_minor,
                           const storage::Universe &universe);

[[noreturn]] void raise(const Refusal &refusal);

} // namespace mvm::market
