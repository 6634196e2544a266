#include "database.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <random>
#include <thread>

#include "json_request.hpp"
#include "limits.hpp"
#include "log.hpp"

namespace mvm::gateway {

namespace {

constexpr int lost_attempts = 2;

const char *or_null(const std::optional<std::string> &text)
{
    return text ? text->c_str() : nullptr;
}

const char *or_null(const std::optional<bool> &value)
{
    return !value ? nullptr : *value ? "true" : "false";
}

// libpqxx throws a type without its SQLSTATE for some errors; the type says which it was.
SqlVerdict judge(const std::exception &error)
{
    const std::string_view message = error.what();
    if (dynamic_cast<const pqxx::serialization_failure *>(&error) != nullptr ||
        dynamic_cast<const pqxx::deadlock_detected *>(&error) != nullptr) {
        return judge_sql_error("40001", message);
    }
    if (dynamic_cast<const pqxx::insufficient_privilege *>(&error) != nullptr) {
        return judge_sql_error("42501", message);
    }
    if (const auto *sql = dynamic_cast<const pqxx::sql_error *>(&error)) {
        return judge_sql_error(sql->sqlstate(), message);
    }
    if (dynamic_cast<const pqxx::broken_connection *>(&error) != nullptr ||
        dynamic_cast<const pqxx::statement_completion_unknown *>(&error) != nullptr ||
        dynamic_cast<const pqxx::in_doubt_error *>(&error) != nullptr) {
        return judge_sql_error("", message);
    }
    return {SqlOutcome::unexpected, problems::internal_error()};
}

void log_failure(LogLevel level, std::string_view what, const std::exception &error)
{
    LogLine line(what);
    if (const auto *sql = dynamic_cast<const pqxx::sql_error *>(&error)) {
        line.field("sqlstate", sql->sqlstate());
    }
    log(level, line.field("error", error.what()));
}

void pause_before_repeating(int attempt)
{
    thread_local std::minstd_rand random(std::random_device{}());
    std::uniform_int_distribution<int> milliseconds(1, 1 << attempt);
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds(random)));
}

Problem away(const NoConnection &failure)
{
    return problems::unavailable(failure.all_in_use
                                     ? "All connections to PostgreSQL are in use; try again"
                                     : "PostgreSQL is away; try again",
                                 1);
}

Problem outcome_unknown()
{
    return problems::unavailable(
        "The connection to PostgreSQL was lost and it is not known whether the request was carried "
        "out. Look before repeating it; sent with an Idempotency-Key it can be repeated safely",
        1);
}

Problem repeat_with_key()
{
    return problems::unavailable(
        "The connection to PostgreSQL was lost and it is not known whether the request was carried "
        "out. Repeat it with the same Idempotency-Key: it will not happen twice",
        1);
}

Page page_of(const pqxx::result &result)
{
    return {result[0][0].c_str(), result[0][1].is_null() ? "" : result[0][1].c_str()};
}

std::optional<std::string> row_of(const pqxx::result &result)
{
    return result.empty() ? std::nullopt : std::optional<std::string>(result[0][0].c_str());
}

WrittenRow written_row(const pqxx::result &result)
{
    return {result[0][0].c_str(), result[0][1].c_str()};
}

WrittenItem written_item(const pqxx::result &result)
{
    return {result[0][0].c_str(), result[0][1].c_str(), result[0][2].c_str()};
}

WrittenHold written_hold(const pqxx::result &result)
{
    const auto row = result[0];
    return {row[0].c_str(), row[1].c_str(), row[2].c_str(), row[3].c_str(), row[4].c_str()};
}

// c_str() of a null is empty.
WrittenTransaction written_transaction(const pqxx::result &result)
{
    const auto row = result[0];
    return {row[0].c_str(), row[1].c_str(), row[2].c_str(),
            row[3].c_str(), row[4].c_str(), row[5].c_str()};
}

// An array literal of what `projection` gives of every value, such as a member, which may be
// absent. Numbers as JSON writes them, so nothing in it needs quotes.
template <typename Value, typename Projection>
std::string array_of(const std::vector<Value> &values, const Projection &projection)
{
    std::string text = "{";
    for (const Value &value : values) {
        const std::optional<std::string_view> element = std::invoke(projection, value);
        text += text.size() > 1 ? "," : "";
        text += element.value_or("NULL");
    }
    return text + "}";
}

// An array literal of the orders' keys or memos, which may hold any character.
template <typename Order>
std::string array_of_texts(const std::vector<Order> &orders,
                           std::optional<std::string> Order::*member)
{
    std::string text = "{";
    for (const Order &order : orders) {
        text += text.size() > 1 ? "," : "";
        const std::optional<std::string> &element = order.*member;
        if (!element) {
            text += "NULL";
            continue;
        }
        text += '"';
        for (const char c : *element) {
            if (c == '"' || c == '\\') {
                text += '\\';
            }
            text += c;
        }
        text += '"';
    }
    return text + "}";
}

// Nothing when no order has one.
template <typename Order>
std::optional<std::string> array_of_memos(const std::vector<Order> &orders)
{
    return std::any_of(orders.begin(), orders.end(),
                       [](const Order &order) { return order.memo.has_value(); })
               ? std::optional(array_of_texts(orders, &Order::memo))
               : std::nullopt;
}

// What a row of a batch refuses its order with; nothing when the order was carried out.
template <typename Row> std::optional<Problem> refusal_of(const Row &row)
{
    const std::string_view outcome = row[0].c_str();
    if (outcome == "ok") {
        return std::nullopt;
    }
    return market_problem(domain::find_error_by_name(outcome),
                          row[1].is_null() ? "" : row[1].c_str());
}

} // namespace

template <typename Order> Database::Kind Database::kind_of(const Order &order)
{
    return order.idempotency_key ? Kind::keyed_write : Kind::plain_write;
}

// Runs `call` in autocommit: one statement, one round trip, and once it has
// returned it is committed.
template <typename Call>
pqxx::result Database::run(Kind kind, const Call &call, bool in_doubt, const queries::Query *query)
{
    int repeats = 0;
    int losses = 0;
    for (;;) {
        std::optional<Pool::Lease> lease;
        try {
            lease.emplace(pool_.acquire());
        } catch (const NoConnection &error) {
            throw DatabaseFailure{in_doubt ? repeat_with_key() : away(error), in_doubt};
        }
        try {
            if (query != nullptr) {
                lease->prepare(*query);
            }
            pqxx::nontransaction transaction(lease->connection());
            return call(transaction);
        } catch (const std::exception &error) {
            SqlVerdict verdict = judge(error);
            switch (verdict.outcome) {
            case SqlOutcome::refused:
                throw Refused{std::move(verdict.problem)};
            case SqlOutcome::forbidden:
                log_failure(LogLevel::warning, "the database's role may not do this", error);
                throw Refused{std::move(verdict.problem)};
            case SqlOutcome::repeat:
                if (++repeats < limits::serialization_attempts) {
                    lease.reset();
                    pause_before_repeating(repeats);
                    continue;
                }
                break;
            case SqlOutcome::stale_plan:
                lease->discard();
                if (++losses < lost_attempts) {
                    continue;
                }
                break;
            case SqlOutcome::connection_lost:
                lease->discard();
                log_failure(LogLevel::warning, "lost a connection to PostgreSQL", error);
                if (kind == Kind::plain_write) {
                    throw DatabaseFailure{outcome_unknown(), true};
                }
                in_doubt = kind == Kind::keyed_write;
                if (++losses < lost_attempts) {
                    continue;
                }
                break;
            case SqlOutcome::unavailable:
                log_failure(LogLevel::warning, "PostgreSQL did not carry out a statement", error);
                break;
            case SqlOutcome::unexpected:
                lease->discard();
                log_failure(LogLevel::error, "unexpected database error", error);
                break;
            }
            const bool sql_error = verdict.outcome == SqlOutcome::unexpected &&
                                   dynamic_cast<const pqxx::sql_error *>(&error) != nullptr;
            // This attempt certainly did nothing; an earlier one may have been carried out.
            throw DatabaseFailure{in_doubt ? repeat_with_key() : std::move(verdict.problem),
                                  in_doubt, sql_error};
        }
    }
}

template <typename... Arguments>
pqxx::result Database::run(Kind kind, const queries::Query &query, const Arguments &...arguments)
{
    const auto call = [&](pqxx::nontransaction &transaction) {
        return exec_prepared(transaction, query.name, arguments...);
    };
    return run(kind, call, false, &query);
}

std::string Database::version()
{
    return run(Kind::read, queries::version)[0][0].c_str();
}

std::string Database::universes()
{
    return run(Kind::read, queries::universes)[0][0].c_str();
}

std::optional<std::string> Database::universe(const std::string &universe_id)
{
    return row_of(run(Kind::read, queries::universe, universe_id));
}

std::optional<std::string> Database::routes_from(const std::string &universe_id)
{
    return row_of(run(Kind::read, queries::routes, universe_id));
}

std::optional<std::string> Database::item(const std::string &item_id)
{
    return row_of(run(Kind::read, queries::item, item_id));
}

std::optional<std::string> Database::user(const std::string &user_id)
{
    return row_of(run(Kind::read, queries::user, user_id));
}

std::string Database::users_by_username(const std::string &username)
{
    return run(Kind::read, queries::users_by_username, username)[0][0].c_str();
}

std::string Database::users_by_external_id(const std::string &external_id)
{
    return run(Kind::read, queries::users_by_external_id, external_id)[0][0].c_str();
}

std::string Database::items_by_external_id(const std::string &external_id)
{
    return run(Kind::read, queries::items_by_external_id, external_id)[0][0].c_str();
}

std::optional<std::string> Database::transaction(const std::string &transaction_id)
{
    return row_of(run(Kind::read, queries::transaction, transaction_id));
}

std::optional<std::string> Database::hold(const std::string &hold_id)
{
    return row_of(run(Kind::read, queries::hold, hold_id));
}

std::optional<std::string> Database::quote(const std::string &quote_id)
{
    return row_of(run(Kind::read, queries::quote, quote_id));
}

Page Database::items(const std::string &after, const std::string &rows)
{
    return page_of(run(Kind::read, queries::items, after, rows));
}

std::optional<Page> Database::items_of_universe(const std::string &universe_id,
                                                const std::string &after, const std::string &rows)
{
    const pqxx::result result =
        run(Kind::read, queries::items_of_universe, after, rows, universe_id);
    return result.empty() ? std::nullopt : std::optional(page_of(result));
}

std::optional<Page> Database::items_of_seller(const std::string &user_id, const std::string &after,
                                              const std::string &rows)
{
    const pqxx::result result = run(Kind::read, queries::items_of_seller, user_id, rows, after);
    return result.empty() ? std::nullopt : std::optional(page_of(result));
}

Page Database::trades(const std::string &user_id, const std::string &rows,
                      const std::optional<std::string> &before)
{
    return page_of(run(Kind::read, queries::trades, user_id, rows, or_null(before)));
}

Page Database::transactions(const std::string &user_id, const std::string &rows,
                            const std::optional<std::string> &before)
{
    return page_of(run(Kind::read, queries::transactions, user_id, rows, or_null(before)));
}

std::string Database::convert(const std::string &amount, const std::string &from_universe_id,
                              const std::string &to_universe_id)
{
    return run(Kind::read, queries::convert, amount, from_universe_id, to_universe_id)[0][0]
        .c_str();
}

std::string Database::convert_at(const std::string &amount, const std::string &from_universe_id,
                                 const std::string &to_universe_id, const std::string &time)
{
    return run(Kind::read, queries::convert_at, amount, from_universe_id, to_universe_id,
               time)[0][0]
        .c_str();
}

std::string Database::balance(const std::string &user_id,
                              const std::optional<std::string> &universe_id,
                              const std::optional<std::string> &time)
{
    return run(Kind::read, queries::balance, user_id, or_null(universe_id), or_null(time))[0][0]
        .c_str();
}

StatementPage Database::statement(const std::string &user_id,
                                  const std::optional<std::string> &universe_id,
                                  const std::optional<std::string> &from,
                                  const std::optional<std::string> &to, const std::string &rows,
                                  const std::optional<std::string> &after)
{
    const pqxx::result result = run(Kind::read, queries::statement, user_id, or_null(universe_id),
                                    or_null(from), or_null(to), rows, or_null(after));
    return {page_of(result), result[0][2].c_str(), result[0][3].c_str(), result[0][4].c_str()};
}

std::optional<std::string> Database::rates(const std::string &universe_id, const std::string &rows)
{
    return row_of(run(Kind::read, queries::rates, universe_id, rows));
}

std::string Database::audit(const std::string &rows)
{
    run(Kind::read, queries::allow_long_statements, std::to_string(limits::audit_ms));
    return run(Kind::read, queries::audit, rows)[0][0].c_str();
}

Exchange Database::write(const ExchangeOrder &order, bool repeated)
{
    const auto call = [&](pqxx::nontransaction &transaction) {
        return exec_prepared(transaction, queries::exchange.name, order.user_id, order.amount,
                             order.from_universe_id, order.to_universe_id,
                             or_null(order.idempotency_key), or_null(order.min_converted),
                             or_null(order.memo));
    };
    const pqxx::result result = run(kind_of(order), call, repeated);
    return {result[0][0].c_str()};
}

Purchase Database::write(const PurchaseOrder &order, bool repeated)
{
    const auto pay_from =
        order.pay_from ? std::optional(array_of(*order.pay_from, std::identity())) : std::nullopt;
    const auto call = [&](pqxx::nontransaction &transaction) {
        return exec_prepared(transaction, queries::buy.name, order.buyer_id, order.item_id,
                             order.quantity, or_null(order.idempotency_key),
                             or_null(order.max_amount), or_null(pay_from), or_null(order.memo));
    };
    const pqxx::result result = run(kind_of(order), call, repeated);
    return {result[0][0].c_str(), result[0][1].is_null() ? "" : result[0][1].c_str(),
            result[0][2].c_str()};
}

WrittenRow Database::write(const NewUniverse &universe)
{
    return written_row(run(Kind::plain_write, queries::create_universe, universe.name,
                           universe.currency_type, universe.exchange_rate,
                           or_null(universe.currency_scale)));
}

WrittenRow Database::write(const UniverseChange &change)
{
    const UniverseChange::Rules rules = change.rules.value_or(UniverseChange::Rules{});
    return written_row(run(
        Kind::plain_write, queries::change_universe, change.universe_id,
        or_null(change.exchange_rate), change.rules ? "true" : "false", or_null(rules.trade_open),
        or_null(rules.exchange_open), or_null(rules.sale_fee_rate),
        or_null(rules.exchange_fee_rate), or_null(rules.min_amount), or_null(rules.max_amount),
        or_null(rules.max_quantity), or_null(rules.max_hold_ttl_s), or_null(rules.max_quote_ttl_s),
        or_null(rules.max_open_holds), or_null(rules.max_open_quotes)));
}

WrittenRow Database::write(const RouteChange &change)
{
    return written_row(run(Kind::plain_write, queries::set_route, change.from_universe_id,
                           change.to_universe_id, or_null(change.allowed),
                           or_null(change.tariff_rate)));
}

WrittenRow Database::write(const NewUser &user)
{
    return written_row(run(Kind::plain_write, queries::create_user, user.username, user.universe_id,
                           or_null(user.balance), or_null(user.external_id),
                           or_null(user.metadata)));
}

WrittenRow Database::write(const UserChange &change)
{
    return written_row(run(Kind::plain_write, queries::change_user, change.user_id,
                           or_null(change.universe_id), or_null(change.external_id),
                           or_null(change.metadata)));
}

WrittenItem Database::write(const NewItem &item)
{
    const pqxx::result result = run(Kind::plain_write, queries::list_item, or_null(item.seller_id),
                                    item.name, item.price, item.stock, or_null(item.universe_id),
                                    or_null(item.external_id), or_null(item.metadata));
    return written_item(result);
}

WrittenItem Database::write(const ItemChange &change)
{
    return written_item(run(Kind::plain_write, queries::change_item, change.item_id,
                            or_null(change.price), or_null(change.listed),
                            or_null(change.external_id), or_null(change.metadata)));
}

WrittenTransaction Database::write(const Restock &restock)
{
    return written_transaction(run(kind_of(restock), queries::restock, restock.item_id,
                                   restock.quantity, or_null(restock.idempotency_key)));
}

WrittenTransaction Database::write(const Transfer &transfer)
{
    return written_transaction(run(kind_of(transfer), queries::transfer, transfer.from_user_id,
                                   transfer.to_user_id, transfer.amount,
                                   or_null(transfer.universe_id), or_null(transfer.idempotency_key),
                                   or_null(transfer.memo)));
}

WrittenTransaction Database::write(const Refund &refund)
{
    return written_transaction(run(kind_of(refund), queries::refund, refund.transaction_id,
                                   or_null(refund.quantity), or_null(refund.idempotency_key)));
}

WrittenRow Database::write(const CashOrder &order)
{
    const queries::Query &query =
        order.kind == CashOrder::Kind::deposit ? queries::deposit : queries::withdraw;
    return written_row(run(kind_of(order), query, order.user_id, order.amount,
                           or_null(order.universe_id), or_null(order.idempotency_key),
                           or_null(order.memo)));
}

WrittenHold Database::write(const NewHold &hold)
{
    return written_hold(run(kind_of(hold), queries::reserve, hold.buyer_id, hold.item_id,
                            or_null(hold.quantity), or_null(hold.ttl_s),
                            or_null(hold.idempotency_key)));
}

WrittenHold Database::write(const HoldRelease &release)
{
    return written_hold(run(Kind::plain_write, queries::release, release.hold_id));
}

CapturedHold Database::write(const HoldCapture &capture)
{
    const pqxx::result result = run(kind_of(capture), queries::capture, capture.hold_id,
                                    or_null(capture.quantity), or_null(capture.idempotency_key));
    const auto row = result[0];
    return {row[0].c_str(), row[1].c_str(), row[2].c_str(), row[3].c_str(), row[4].c_str()};
}

HoldSweep::Receipt Database::write(const HoldSweep &sweep)
{
    return {
        run(Kind::plain_write, queries::sweep_holds, std::to_string(sweep.most))[0][0].as<int>()};
}

WrittenRow Database::write(const NewQuote &quote)
{
    return written_row(run(Kind::plain_write, queries::create_quote, quote.user_id, quote.amount,
                           quote.from_universe_id, quote.to_universe_id, or_null(quote.ttl_s)));
}

AcceptedQuote Database::write(const QuoteAcceptance &acceptance)
{
    const pqxx::result result = run(Kind::plain_write, queries::accept_quote, acceptance.quote_id);
    return {result[0][0].c_str(), result[0][1].c_str()};
}

// The batch's rows, one for each of the orders.
template <typename Call>
pqxx::result Database::run_batch(std::size_t orders, const Call &call, bool repeated)
{
    const pqxx::result result =
        run(repeated ? Kind::keyed_write : Kind::plain_write, call, repeated);
    if (static_cast<std::size_t>(result.size()) != orders) {
        log(LogLevel::error, LogLine("a batch gave another number of rows than it had orders"));
        throw DatabaseFailure{outcome_unknown(), true};
    }
    return result;
}

std::vector<BatchAnswer<PurchaseOrder>>
Database::write_batch(const std::vector<PurchaseOrder> &orders, bool repeated)
{
    const std::string buyers = array_of(orders, &PurchaseOrder::buyer_id);
    const std::string items = array_of(orders, &PurchaseOrder::item_id);
    const std::string quantities = array_of(orders, &PurchaseOrder::quantity);
    const std::string keys = array_of_texts(orders, &PurchaseOrder::idempotency_key);
    const std::string limits = array_of(orders, &PurchaseOrder::max_amount);
    const auto memos = array_of_memos(orders);
    const auto call = [&](pqxx::nontransaction &transaction) {
        return exec_prepared(transaction, queries::buy_batch.name, buyers, items, quantities, keys,
                             limits, or_null(memos));
    };
    std::vector<BatchAnswer<PurchaseOrder>> answers;
    answers.reserve(orders.size());
    for (const auto &row : run_batch(orders.size(), call, repeated)) {
        if (auto refusal = refusal_of(row)) {
            answers.emplace_back(*std::move(refusal));
        } else {
            answers.emplace_back(
                Purchase{row[2].c_str(), row[3].is_null() ? "" : row[3].c_str(), row[4].c_str()});
        }
    }
    return answers;
}

std::vector<BatchAnswer<ExchangeOrder>>
Database::write_batch(const std::vector<ExchangeOrder> &orders, bool repeated)
{
    const std::string users = array_of(orders, &ExchangeOrder::user_id);
    const std::string amounts = array_of(orders, &ExchangeOrder::amount);
    const std::string from = array_of(orders, &ExchangeOrder::from_universe_id);
    const std::string to = array_of(orders, &ExchangeOrder::to_universe_id);
    const std::string keys = array_of_texts(orders, &ExchangeOrder::idempotency_key);
    const std::string limits = array_of(orders, &ExchangeOrder::min_converted);
    const auto memos = array_of_memos(orders);
    const auto call = [&](pqxx::nontransaction &transaction) {
        return exec_prepared(transaction, queries::exchange_batch.name, users, amounts, from, to,
                             keys, limits, or_null(memos));
    };
    std::vector<BatchAnswer<ExchangeOrder>> answers;
    answers.reserve(orders.size());
    for (const auto &row : run_batch(orders.size(), call, repeated)) {
        if (auto refusal = refusal_of(row)) {
            answers.emplace_back(*std::move(refusal));
        } else {
            answers.emplace_back(Exchange{row[2].c_str()});
        }
    }
    return answers;
}

} // namespace mvm::gateway
