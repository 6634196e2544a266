// The table of the market's errors: for each code the SQLSTATE that SQL users see, the HTTP status
// that REST clients see, and the text that both read.
#pragma once

#include <cstdint>
#include <string_view>

namespace mvm::domain {

enum class ErrorCode : std::uint8_t {
    ok,
    user_not_found,
    item_not_found,
    universe_not_found,
    transaction_not_found,
    quote_not_found,
    hold_not_found,
    insufficient_balance,
    insufficient_stock,
    same_universe,
    own_item,
    item_not_listed,
    limit_exceeded,
    refund_exceeded,
    quote_closed,
    hold_closed,
    invalid_amount,
    invalid_quantity,
    invalid_argument,
    amount_out_of_range,
    already_exists,
    rule_violation,
    idempotency_mismatch,
};

struct ErrorInfo {
    ErrorCode code;
    const char *name;     // `code` of a REST problem, `outcome` of a batch row
    const char *sqlstate; // five characters, class MV
    int http_status;
    const char *text; // the message in SQL, the start of `detail` in REST
};

inline constexpr ErrorInfo error_table[] = {
    {ErrorCode::user_not_found, "user_not_found", "MV001", 404, "User not found"},
    {ErrorCode::item_not_found, "item_not_found", "MV002", 404, "Item not found"},
    {ErrorCode::universe_not_found, "universe_not_found", "MV003", 404, "Universe not found"},
    {ErrorCode::transaction_not_found, "transaction_not_found", "MV004", 404,
     "Transaction not found"},
    {ErrorCode::quote_not_found, "quote_not_found", "MV005", 404, "Quote not found"},
    {ErrorCode::hold_not_found, "hold_not_found", "MV006", 404, "Hold not found"},
    {ErrorCode::insufficient_balance, "insufficient_balance", "MV101", 400, "Insufficient balance"},
    {ErrorCode::insufficient_stock, "insufficient_stock", "MV102", 400, "Insufficient stock"},
    {ErrorCode::same_universe, "same_universe", "MV103", 400,
     "Cannot exchange currency within the same universe"},
    {ErrorCode::own_item, "own_item", "MV104", 400, "Cannot buy your own item"},
    {ErrorCode::item_not_listed, "item_not_listed", "MV105", 400, "Item is off the market"},
    {ErrorCode::limit_exceeded, "limit_exceeded", "MV106", 409,
     "Deal is worse than the limit that was given"},
    {ErrorCode::refund_exceeded, "refund_exceeded", "MV107", 400, "More than can be refunded"},
    {ErrorCode::quote_closed, "quote_closed", "MV108", 409, "Quote is no longer open"},
    {ErrorCode::hold_closed, "hold_closed", "MV109", 409, "Hold is no longer active"},
    {ErrorCode::invalid_amount, "invalid_amount", "MV201", 422, "Invalid amount"},
    {ErrorCode::invalid_quantity, "invalid_quantity", "MV202", 422, "Invalid quantity"},
    {ErrorCode::invalid_argument, "invalid_argument", "MV203", 422, "Invalid argument"},
    {ErrorCode::amount_out_of_range, "amount_out_of_range", "MV204", 422, "Amount out of range"},
    {ErrorCode::already_exists, "already_exists", "MV205", 409, "Already exists"},
    {ErrorCode::rule_violation, "rule_violation", "MV301", 403,
     "Forbidden by the universe's trading rules"},
    {ErrorCode::idempotency_mismatch, "idempotency_mismatch", "MV401", 422,
     "Idempotency key was used with a different request"},
};

// The table's row for `code`; null for `ok`.
constexpr const ErrorInfo *find_error(ErrorCode code) noexcept
{
    for (const ErrorInfo &info : error_table) {
        if (info.code == code) {
            return &info;
        }
    }
    return nullptr;
}

// The table's row for a five-character SQLSTATE; null when it is not the market's.
constexpr const ErrorInfo *find_error(std::string_view sqlstate) noexcept
{
    for (const ErrorInfo &info : error_table) {
        if (sqlstate == info.sqlstate) {
            return &info;
        }
    }
    return nullptr;
}

// The code with this name; `invalid_argument` when the table has no such name.
constexpr ErrorCode find_error_by_name(std::string_view name) noexcept
{
    for (const ErrorInfo &info : error_table) {
        if (name == info.name) {
            return info.code;
        }
    }
    return ErrorCode::invalid_argument;
}

} // namespace mvm::domain
