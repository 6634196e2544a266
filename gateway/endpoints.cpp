#include "endpoints.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

#include "json_request.hpp"
#include "log.hpp"

namespace mvm::gateway {

using std::chrono::steady_clock;

const std::vector<Endpoint> &endpoints()
{
    static const std::vector<Endpoint> table{
        {"GET", "/api/v1/universes", handlers::get_universes},
        {"POST", "/api/v1/universes", handlers::post_universe},
        {"GET", "/api/v1/universes/{universe_id}", handlers::get_universe},
        {"PATCH", "/api/v1/universes/{universe_id}", handlers::patch_universe},
        {"GET", "/api/v1/universes/{universe_id}/routes", handlers::get_routes},
        {"GET", "/api/v1/universes/{universe_id}/rates", handlers::get_rates},
        {"PUT", "/api/v1/universes/{from_universe_id}/routes/{to_universe_id}",
         handlers::put_route},
        {"GET", "/api/v1/items", handlers::get_items},
        {"POST", "/api/v1/items", handlers::post_item},
        {"GET", "/api/v1/items/{item_id}", handlers::get_item},
        {"PATCH", "/api/v1/items/{item_id}", handlers::patch_item},
        {"POST", "/api/v1/items/{item_id}/restock", handlers::post_restock},
        {"GET", "/api/v1/users", handlers::get_users},
        {"POST", "/api/v1/users", handlers::post_user},
        {"GET", "/api/v1/users/{user_id}", handlers::get_user},
        {"PATCH", "/api/v1/users/{user_id}", handlers::patch_user},
        {"GET", "/api/v1/users/{user_id}/balance", handlers::get_balance},
        {"GET", "/api/v1/users/{user_id}/statement", handlers::get_statement},
        {"GET", "/api/v1/users/{user_id}/items", handlers::get_items_of_seller},
        {"GET", "/api/v1/users/{user_id}/trades", handlers::get_trades},
        {"GET", "/api/v1/users/{user_id}/transactions", handlers::get_transactions},
        {"GET", "/api/v1/trades/{user_id}", handlers::get_trades},
        {"GET", "/api/v1/transactions/{transaction_id}", handlers::get_transaction},
        {"GET", "/api/v1/convert", handlers::get_convert},
        {"GET", "/api/v1/audit", handlers::get_audit},
        {"POST", "/api/v1/deposits", handlers::post_deposit},
        {"POST", "/api/v1/withdrawals", handlers::post_withdrawal},
        {"POST", "/api/v1/transfers", handlers::post_transfer},
        {"POST", "/api/v1/refunds", handlers::post_refund},
        {"POST", "/api/v1/quotes", handlers::post_quote},
        {"GET", "/api/v1/quotes/{quote_id}", handlers::get_quote},
        {"POST", "/api/v1/quotes/{quote_id}/accept", handlers::post_acceptance},
        {"POST", "/api/v1/holds", handlers::post_hold},
        {"GET", "/api/v1/holds/{hold_id}", handlers::get_hold},
        {"POST", "/api/v1/holds/{hold_id}/capture", handlers::post_capture},
        {"POST", "/api/v1/holds/{hold_id}/release", handlers::post_release},
        {"POST", "/api/v1/exchange", handlers::post_exchange},
        {"POST", "/api/v1/buy", handlers::post_buy},
        {"GET", "/", handlers::get_root},
        {"GET", "/health", handlers::get_health},
        {"GET", "/livez", handlers::get_livez},
        {"GET", "/readyz", handlers::get_readyz},
        {"GET", "/metrics", handlers::get_metrics},
        {"GET", "/openapi.json", handlers::get_asset},
        {"GET", "/docs", handlers::get_asset},
        {"GET", "/docs/{file}", handlers::get_asset},
        {"GET", "/redoc", handlers::get_asset},
        {"GET", "/redoc/{file}", handlers::get_asset},
    };
    return table;
}

namespace {

// What stands in `path` for the parameters of `pattern`, empty for one that the pattern does not
// have; nothing when the path does not match.
using Parameters = std::array<std::string_view, 2>;

std::optional<Parameters> match(std::string_view pattern, std::string_view path)
{
    Parameters found{};
    for (std::string_view &value : found) {
        const std::size_t open = pattern.find('{');
        if (open == std::string_view::npos) {
            break;
        }
        if (!path.starts_with(pattern.substr(0, open))) {
            return std::nullopt;
        }
        path.remove_prefix(open);
        pattern.remove_prefix(pattern.find('}') + 1);
        value = path.substr(0, path.find('/'));
        if (value.empty()) {
            return std::nullopt;
        }
        path.remove_prefix(value.size());
    }
    return pattern == path ? std::optional(found) : std::nullopt;
}

bool answers(const Endpoint &endpoint, std::string_view method)
{
    return endpoint.method == method || (endpoint.method == "GET" && method == "HEAD");
}

struct Match {
    std::size_t endpoint; // index into endpoints(); its size when none answers
    Parameters parameters;
    std::string allowed; // methods of the path, when only the method is wrong
};

Match find_endpoint(const httplib::Request &request)
{
    const std::vector<Endpoint> &table = endpoints();
    Match found{table.size(), {}, {}};
    for (std::size_t at = 0; at < table.size(); ++at) {
        const auto parameters = match(table[at].pattern, request.path);
        if (!parameters) {
            continue;
        }
        if (answers(table[at], request.method)) {
            return {at, *parameters, {}};
        }
        found.allowed += found.allowed.empty() ? "" : ", ";
        found.allowed += table[at].method;
        found.allowed += table[at].method == "GET" ? ", HEAD" : "";
    }
    return found;
}

void send(httplib::Response &response, const Problem &problem)
{
    response.status = problem.status;
    response.headers.erase("Content-Type");
    response.set_content(to_json(problem), "application/problem+json");
    if (problem.retry_after_s > 0) {
        response.set_header("Retry-After", std::to_string(problem.retry_after_s));
    }
}

// A client's own request id when it is harmless in a log, else a fresh one.
std::string request_id(const httplib::Request &request)
{
    static constexpr std::size_t longest = 64;
    const auto header = request.headers.find("X-Request-Id");
    if (header != request.headers.end() && !header->second.empty() &&
        header->second.size() <= longest &&
        std::all_of(header->second.begin(), header->second.end(), [](unsigned char c) {
            return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
        })) {
        return header->second;
    }
    thread_local std::mt19937_64 random(std::random_device{}());
    static constexpr char digits[] = "0123456789abcdef";
    std::string id(16, '0');
    std::uint64_t number = random();
    for (char &digit : id) {
        digit = digits[number & 0xf];
        number >>= 4;
    }
    return id;
}

LogLevel level_of(int status)
{
    return status == 500 ? LogLevel::error : status > 500 ? LogLevel::warning : LogLevel::info;
}

// Runs the handler; every way in which it can fail becomes an answer here.
void run(const Endpoint &endpoint, Call &call)
{
    try {
        call.response.status = 200;
        endpoint.handler(call);
    } catch (const Refused &refused) {
        send(call.response, refused.problem);
    } catch (const DatabaseFailure &failure) {
        send(call.response, failure.problem);
    } catch (const std::exception &error) {
        log(LogLevel::error, LogLine("handler failed")
                                 .field("route", endpoint.pattern)
                                 .field("error", error.what()));
        send(call.response, problems::internal_error());
    }
}

} // namespace

std::vector<RequestMetrics::Endpoint> metric_endpoints()
{
    std::vector<RequestMetrics::Endpoint> series;
    for (const Endpoint &endpoint : endpoints()) {
        series.push_back({std::string(endpoint.method), std::string(endpoint.pattern)});
    }
    series.push_back({"", "none"});
    return series;
}

void dispatch(Services &services, const httplib::Request &request, httplib::Response &response)
{
    const auto began = steady_clock::now();
    const std::string id = request_id(request);
    const Match found = find_endpoint(request);
    std::string_view pattern = "none";
    if (found.endpoint < endpoints().size()) {
        const Endpoint &endpoint = endpoints()[found.endpoint];
        pattern = endpoint.pattern;
        Call call{services, request, response, found.parameters[0], found.parameters[1]};
        run(endpoint, call);
    } else if (!found.allowed.empty()) {
        send(response, problems::method_not_allowed(found.allowed));
        response.set_header("Allow", found.allowed);
    } else {
        send(response, problems::not_found());
    }
    response.set_header("X-Request-Id", id);
    response.set_header("X-Content-Type-Options", "nosniff");
    if (!response.has_header("Cache-Control")) {
        response.set_header("Cache-Control", "no-store");
    }

    const auto took =
        std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - began).count();
    services.requests.count(found.endpoint, response.status, took);
    const LogLevel level = level_of(response.status);
    if (log_enabled(level)) {
        log(level, LogLine("request")
                       .field("request_id", id)
                       .field("method", request.method)
                       .field("route", pattern)
                       .field("path", request.path)
                       .field("status", static_cast<std::int64_t>(response.status))
                       .milliseconds("duration_ms", static_cast<double>(took) / 1000.0)
                       .field("bytes", static_cast<std::int64_t>(response.body.size()))
                       .field("remote", request.remote_addr));
    }
}

void record_refusal(Services &services, const std::string &remote_address, const Problem &problem)
{
    services.requests.count(endpoints().size(), problem.status, 0);
    log(level_of(problem.status), LogLine("request refused")
                                      .field("status", static_cast<std::int64_t>(problem.status))
                                      .field("code", problem.code)
                                      .field("detail", problem.detail)
                                      .field("remote", remote_address));
}

} // namespace mvm::gateway
