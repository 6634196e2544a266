// Names and column numbers of the storage tables, as sql/mvm--1.0.sql creates them.
#pragma once

namespace mvm::storage {

inline constexpr const char *schema_name = "mvm";

enum class TableId { universe, user_account, wallet, item, journal, idempotency_key };
inline constexpr int table_count = 6;
inline constexpr const char *table_names[table_count] = {
    "universe", "user_account", "wallet", "item", "journal", "idempotency_key"};

namespace universe_column {
enum : int {
    id = 1,
    currency_scale,
    version,
    exchange_rate,
    name,
    currency_type,
    last = currency_type
};
}
namespace user_account_column {
enum : int { id = 1, version, universe_id, username, last = username };
}
namespace wallet_column {
enum : int { user_id = 1, balance_minor, version, universe_id, last = universe_id };
}
namespace item_column {
enum : int { id = 1, seller_id, price_minor, stock, version, universe_id, name, last = name };
}
namespace journal_column {
enum : int {
    id = 1,
    transaction_time,
    user_id,
    counterparty_id,
    item_id,
    quantity,
    paid_minor,
    received_minor,
    from_universe_id,
    to_universe_id,
    kind,
    from_rate,
    to_rate,
    idempotency_key,
    last = idempotency_key
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

inline constexpr int table_column_counts[table_count] = {
    universe_column::last, user_account_column::last, wallet_column::last,
    item_column::last,     journal_column::last,      idempotency_key_column::last};

} // namespace mvm::storage
