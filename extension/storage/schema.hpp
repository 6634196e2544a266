// Names and columns of the storage tables, as the scripts in sql/ create them.
//
// The library serves a market of version 1.0 or 1.1 until it is brought to 1.2. Columns
// that a table was created with stand at their numbers. Those that a later version added
// come after them here, and are found by their names: an update after a downgrade gives
// them other numbers.
#pragma once

#include <algorithm>
#include <cstdint>

#include "storage/journal_row.hpp"

namespace mvm::storage {

inline constexpr const char *schema_name = "mvm";

enum class TableId : std::uint8_t {
    universe,
    user_account,
    wallet,
    item,
    journal,
    idempotency_key,
    // since 1.1
    price_change,
    refund,
    route,
    rule_change,
    quote,
    hold,
    exchange_rate_change,
    balance_snapshot,
    // since 1.2
    house_account,
};
inline constexpr int table_count = 15;

namespace universe_column {
enum : int {
    id = 1,
    currency_scale,
    version,
    exchange_rate,
    name,
    currency_type,
    // since 1.1
    trade_open,
    exchange_open,
    sale_fee_rate,
    exchange_fee_rate,
    min_amount_minor,
    max_amount_minor,
    max_quantity,
    routed,
    first_rate_id,
    // since 1.2
    max_hold_ttl,
    max_quote_ttl,
    max_open_holds,
    max_open_quotes,
    last = max_open_quotes
};
}
namespace user_account_column {
enum : int {
    id = 1,
    version,
    universe_id,
    username,
    // since 1.2
    external_id,
    metadata,
    last = metadata
};
}
namespace wallet_column {
enum : int {
    user_id = 1,
    balance_minor,
    version,
    universe_id,
    // since 1.2
    last_journal_id,
    last = last_journal_id
};
}
namespace item_column {
enum : int {
    id = 1,
    seller_id,
    price_minor,
    stock,
    version,
    universe_id,
    name,
    // since 1.1
    listed,
    // since 1.2
    external_id,
    metadata,
    last = metadata
};
}
namespace idempotency_key_column {
enum : int {
    user_id = 1,
    transaction_id,
    created_at,
    key,
    request,
    refusal,
    refusal_detail,
    last = refusal_detail
};
}

namespace price_change_column {
enum : int { item_id = 1, valid_from, price_minor, last = price_minor };
}
namespace refund_column {
enum : int { transaction_id = 1, refund_id, quantity, last = quantity };
}

namespace route_column {
enum : int { from_universe_id = 1, to_universe_id, allowed, tariff_rate, last = tariff_rate };
}

namespace rule_change_column {
enum : int {
    id = 1,
    changed_at,
    changed_by,
    universe_id,
    to_universe_id,
    trade_open,
    exchange_open,
    sale_fee_rate,
    exchange_fee_rate,
    min_amount_minor,
    max_amount_minor,
    max_quantity,
    allowed,
    tariff_rate,
    // since 1.2
    max_hold_ttl,
    max_quote_ttl,
    max_open_holds,
    max_open_quotes,
    last = max_open_quotes
};
}

namespace quote_column {
enum : int {
    id = 1,
    user_id,
    paid_minor,
    received_minor,
    fee_minor,
    created_at,
    expires_at,
    from_universe_id,
    to_universe_id,
    from_rate,
    to_rate,
    transaction_id,
    last = transaction_id
};
}
namespace hold_column {
enum : int {
    id = 1,
    buyer_id,
    item_id,
    seller_id,
    quantity,
    captured_quantity,
    price_minor,
    paid_minor,
    created_at,
    expires_at,
    from_universe_id,
    to_universe_id,
    state,
    from_rate,
    to_rate,
    sale_fee_rate,
    tariff_rate,
    last = tariff_rate
};
}
namespace exchange_rate_change_column {
enum : int { id = 1, valid_from, universe_id, exchange_rate, last = exchange_rate };
}
namespace balance_snapshot_column {
enum : int {
    user_id = 1,
    before_id,
    balance_minor,
    taken_at,
    universe_id,
    // since 1.2
    last_journal_id,
    last = last_journal_id
};
}
namespace house_account_column {
enum : int { universe_id = 1, slot, treasury_minor, fees_minor, last = fees_minor };
}

struct TableShape {
    const char *name;
    int first_columns; // those that the table was created with
    int columns;       // with those that a later version added
    const char *const *added_names;
    // A letter per column, a capital where it is NOT NULL: b boolean, c "char", i integer,
    // j jsonb, l bigint, n numeric, s smallint, t text, v interval, z timestamptz.
    const char *types;
    std::int8_t primary_key[3]; // ended by 0 when shorter
};

inline constexpr const char *universe_added[] = {
    "trade_open",       "exchange_open",  "sale_fee_rate",  "exchange_fee_rate", "min_amount_minor",
    "max_amount_minor", "max_quantity",   "routed",         "first_rate_id",     "max_hold_ttl",
    "max_quote_ttl",    "max_open_holds", "max_open_quotes"};
inline constexpr const char *user_account_added[] = {"external_id", "metadata"};
inline constexpr const char *wallet_added[] = {"last_journal_id"};
inline constexpr const char *item_added[] = {"listed", "external_id", "metadata"};
inline constexpr const char *balance_snapshot_added[] = {"last_journal_id"};
inline constexpr const char *rule_change_added[] = {"max_hold_ttl", "max_quote_ttl",
                                                    "max_open_holds", "max_open_quotes"};

inline constexpr TableShape table_shapes[table_count] = {
    {"universe",
     universe_column::currency_type,
     universe_column::last,
     universe_added,
     "ISLNTTBBnnlllBLVVLL",
     {universe_column::id}},
    {"user_account",
     user_account_column::username,
     user_account_column::last,
     user_account_added,
     "LLITtj",
     {user_account_column::id}},
    {"wallet",
     wallet_column::universe_id,
     wallet_column::last,
     wallet_added,
     "LLLIl",
     {wallet_column::user_id, wallet_column::universe_id}},
    {"item", item_column::name, item_column::last, item_added, "LlLLLITBtj", {item_column::id}},
    {"journal",
     journal_column::first_version_last,
     journal_column_count,
     journal_added.data(),
     journal_types.data(),
     {journal_column::id}},
    {"idempotency_key",
     idempotency_key_column::last,
     idempotency_key_column::last,
     nullptr,
     "LlZTTtt",
     {idempotency_key_column::user_id, idempotency_key_column::key}},
    {"price_change",
     price_change_column::last,
     price_change_column::last,
     nullptr,
     "LZL",
     {price_change_column::item_id, price_change_column::valid_from}},
    {"refund",
     refund_column::last,
     refund_column::last,
     nullptr,
     "LLL",
     {refund_column::transaction_id, refund_column::refund_id}},
    {"route",
     route_column::last,
     route_column::last,
     nullptr,
     "IIBn",
     {route_column::from_universe_id, route_column::to_universe_id}},
    {"rule_change",
     rule_change_column::tariff_rate,
     rule_change_column::last,
     rule_change_added,
     "LZTIibbnnlllbnvvll",
     {rule_change_column::id}},
    {"quote", quote_column::last, quote_column::last, nullptr, "LLLLLZZIINNl", {quote_column::id}},
    {"hold", hold_column::last, hold_column::last, nullptr, "LLLlLLLLZZIICNNnn", {hold_column::id}},
    {"exchange_rate_change",
     exchange_rate_change_column::last,
     exchange_rate_change_column::last,
     nullptr,
     "LZIN",
     {exchange_rate_change_column::id}},
    {"balance_snapshot",
     balance_snapshot_column::universe_id,
     balance_snapshot_column::last,
     balance_snapshot_added,
     "LLLZIl",
     {balance_snapshot_column::user_id, balance_snapshot_column::universe_id,
      balance_snapshot_column::before_id}},
    {"house_account",
     house_account_column::last,
     house_account_column::last,
     nullptr,
     "IINN",
     {house_account_column::universe_id, house_account_column::slot}},
};
inline constexpr int columns_max = journal_column_count;
static_assert(std::max<int>({universe_column::last, hold_column::last, rule_change_column::last}) <=
              columns_max);

// The indexes beside the primary keys that the library reads or writes by itself, one that
// another version has on other columns twice. Columns that the table was created with stand at
// their numbers; one that was added later has its name here instead.
struct IndexShape {
    const char *name;
    std::int8_t columns[4]; // ended by 0 when shorter
    const char *added_column = nullptr;
};

inline constexpr IndexShape index_shapes[] = {
    {"universe_name_key", {universe_column::name}},
    {"user_account_username_key", {user_account_column::username}},
    {"journal_user_id_idx", {journal_column::user_id, journal_column::id}},
    {"journal_counterparty_id_idx", {journal_column::counterparty_id, journal_column::id}},
    {"journal_stocking_idx", {journal_column::user_id, journal_column::id}},
    {"hold_expires_at_idx", {hold_column::expires_at, hold_column::id}},
    {"hold_expires_at_idx", {hold_column::expires_at}},
    {"hold_item_id_idx", {hold_column::item_id, hold_column::expires_at, hold_column::id}},
    {"hold_item_id_idx", {hold_column::item_id}},
    {"hold_buyer_id_idx",
     {hold_column::buyer_id, hold_column::from_universe_id, hold_column::expires_at,
      hold_column::id}},
    {"hold_buyer_id_idx", {hold_column::buyer_id}},
    {"hold_open_idx",
     {hold_column::buyer_id, hold_column::to_universe_id, hold_column::expires_at}},
    {"quote_open_idx",
     {quote_column::user_id, quote_column::to_universe_id, quote_column::expires_at}},
    {"user_account_external_id_key", {}, "external_id"},
    {"item_external_id_key", {}, "external_id"},
    {"exchange_rate_change_universe_id_idx",
     {exchange_rate_change_column::universe_id, exchange_rate_change_column::valid_from,
      exchange_rate_change_column::id}},
    {"balance_snapshot_pkey",
     {balance_snapshot_column::user_id, balance_snapshot_column::universe_id,
      balance_snapshot_column::before_id}},
    {"balance_snapshot_taken_at_idx",
     {balance_snapshot_column::user_id, balance_snapshot_column::universe_id,
      balance_snapshot_column::taken_at, balance_snapshot_column::before_id}},
};

} // namespace mvm::storage
