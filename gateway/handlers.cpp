#include "handlers.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "assets.hpp"
#include "json_request.hpp"
#include "limits.hpp"
#include "log.hpp"

namespace mvm::gateway::handlers {

using domain::ErrorCode;

namespace {

constexpr auto universe_id_least = std::numeric_limits<std::int32_t>::min();
constexpr auto universe_id_most = std::numeric_limits<std::int32_t>::max();
constexpr auto id_least = std::numeric_limits<std::int64_t>::min();
constexpr auto id_most = std::numeric_limits<std::int64_t>::max();

void send_json(Call &call, std::string body)
{
    call.response.body = std::move(body);
    call.response.set_header("Content-Type", "application/json");
}

// A query parameter as decimal text; nothing when it is not there.
std::optional<std::string> query_integer(const Call &call, const char *name, std::int64_t least,
                                         std::int64_t most)
{
    const auto [first, last] = call.request.params.equal_range(name);
    if (first == last) {
        return std::nullopt;
    }
    if (std::next(first) != last) {
        throw Refused{invalid_field(name, "is there twice")};
    }
    return std::to_string(integer_parameter(name, first->second, least, most));
}

std::string page_rows(const Call &call)
{
    return query_integer(call, "limit", 1, limits::page_rows_max)
        .value_or(std::to_string(limits::page_rows_default));
}

std::string path_user_id(const Call &call)
{
    return std::to_string(integer_parameter("user_id", call.parameter, id_least, id_most));
}

std::optional<std::string> idempotency_key(const Call &call)
{
    const auto header = call.request.headers.find("Idempotency-Key");
    if (header == call.request.headers.end()) {
        return std::nullopt;
    }
    check_idempotency_key(header->second);
    return header->second;
}

JsonRequest json_body(const Call &call)
{
    const auto type = call.request.headers.find("Content-Type");
    if (type != call.request.headers.end() || !call.request.body.empty()) {
        check_content_type(type == call.request.headers.end() ? std::string_view() : type->second);
    }
    return JsonRequest(call.request.body);
}

// A page in the cache: where the next one starts on the first line, then the body.
std::string pack(const Page &page)
{
    return page.next + "\n" + page.body;
}

Page unpack(const std::string &packed)
{
    const std::size_t line = packed.find('\n');
    return {packed.substr(line + 1), packed.substr(0, line)};
}

// The page under `key` of `group`, from the cache or else from `read`.
template <typename Read>
Page cached_page(Call &call, const std::string &group, const std::string &key, const Read &read)
{
    const Cache::Lookup lookup = call.services.cache.find(group, key);
    if (lookup.body) {
        return unpack(*lookup.body);
    }
    Page page = read();
    call.services.cache.store(lookup, pack(page));
    return page;
}

void send_page(Call &call, Page page, const std::string &next_uri)
{
    if (!page.next.empty()) {
        call.response.set_header("Link", "<" + next_uri + page.next + ">; rel=\"next\"");
    }
    send_json(call, std::move(page.body));
}

// Runs a write and makes sure that the cache is right before the answer is
// sent: by `drop` when it succeeded, altogether when nobody knows whether it did.
template <typename Write> auto with_cache_dropped(Call &call, const Write &write)
{
    try {
        return write();
    } catch (const DatabaseFailure &failure) {
        if (failure.outcome_unknown) {
            call.services.cache.drop_everything();
        }
        throw;
    }
}

} // namespace

// ---------------------------------------------------------------------------
// Reads
// ---------------------------------------------------------------------------

void get_universes(Call &call)
{
    const Cache::Lookup lookup = call.services.cache.find(groups::universes, groups::universes);
    if (lookup.body) {
        return send_json(call, *lookup.body);
    }
    std::string body = call.services.database.universes();
    call.services.cache.store(lookup, body);
    send_json(call, std::move(body));
}

void get_items(Call &call)
{
    const auto universe_id =
        query_integer(call, "universe_id", universe_id_least, universe_id_most);
    const std::string rows = page_rows(call);
    const std::string after = query_integer(call, "after", 0, id_most).value_or("0");

    const std::string group =
        universe_id ? groups::items_of(*universe_id) : std::string(groups::all_items);
    Page page = cached_page(call, group, group + ":" + rows + ":" + after, [&] {
        Database &database = call.services.database;
        if (!universe_id) {
            return database.items(after, rows);
        }
        auto found = database.items_of_universe(*universe_id, after, rows);
        if (!found) {
            throw Refused{market_problem(ErrorCode::universe_not_found,
                                         "There is no universe " + *universe_id + ".")};
        }
        return *std::move(found);
    });
    send_page(call, std::move(page),
              "/api/v1/items?" + (universe_id ? "universe_id=" + *universe_id + "&" : "") +
                  "limit=" + rows + "&after=");
}

void get_user(Call &call)
{
    const std::string user_id = path_user_id(call);
    const std::string group = groups::user(user_id);
    const Cache::Lookup lookup = call.services.cache.find(group, group);
    if (lookup.body) {
        return send_json(call, *lookup.body);
    }
    std::optional<std::string> body = call.services.database.user(user_id);
    if (!body) {
        throw Refused{
            market_problem(ErrorCode::user_not_found, "There is no user " + user_id + ".")};
    }
    call.services.cache.store(lookup, *body);
    send_json(call, *std::move(body));
}

void get_trades(Call &call)
{
    const std::string user_id = path_user_id(call);
    const std::string rows = page_rows(call);
    const auto before = query_integer(call, "before", 1, id_most);

    const std::string group = groups::trades_of(user_id);
    Page page = cached_page(call, group, group + ":" + rows + ":" + before.value_or(""),
                            [&] { return call.services.database.trades(user_id, rows, before); });
    send_page(call, std::move(page), "/api/v1/trades/" + user_id + "?limit=" + rows + "&before=");
}

// ---------------------------------------------------------------------------
// Writes
// ---------------------------------------------------------------------------

void post_exchange(Call &call)
{
    const auto key = idempotency_key(call);
    const JsonRequest request = json_body(call);
    const std::string user_id = request.integer("user_id");
    const std::string amount = request.number("amount");
    const std::string from =
        request.integer("from_universe_id", universe_id_least, universe_id_most);
    const std::string to = request.integer("to_universe_id", universe_id_least, universe_id_most);

    std::string body = with_cache_dropped(
        call, [&] { return call.services.database.exchange(user_id, amount, from, to, key); });
    call.services.cache.drop({groups::user(user_id)});
    send_json(call, std::move(body));
}

void post_buy(Call &call)
{
    const auto key = idempotency_key(call);
    const JsonRequest request = json_body(call);
    const std::string buyer_id = request.integer("buyer_id");
    const std::string item_id = request.integer("item_id");
    const std::string quantity = request.integer("quantity");

    Purchase purchase = with_cache_dropped(
        call, [&] { return call.services.database.buy(buyer_id, item_id, quantity, key); });
    std::vector<std::string> changed{groups::user(buyer_id), groups::trades_of(buyer_id),
                                     std::string(groups::all_items),
                                     groups::items_of(purchase.universe_id)};
    if (!purchase.seller_id.empty()) {
        changed.push_back(groups::user(purchase.seller_id));
        changed.push_back(groups::trades_of(purchase.seller_id));
    }
    call.services.cache.drop(changed);
    send_json(call, std::move(purchase.body));
}

// ---------------------------------------------------------------------------
// The gateway itself
// ---------------------------------------------------------------------------

void get_root(Call &call)
{
    send_json(call, R"({"message":"Multiverse Market","docs_url":"/docs","redoc_url":"/redoc"})");
}

void get_health(Call &call)
{
    send_json(call, R"({"status":"healthy"})");
}

void get_livez(Call &call)
{
    send_json(call, R"({"status":"alive"})");
}

void get_readyz(Call &call)
{
    std::string body = R"({"status":"ready","extension_version":)";
    append_json_string(body, call.services.database.version());
    body += R"(,"redis":)";
    body += call.services.cache.available() ? R"("up"})" : R"("away"})";
    send_json(call, std::move(body));
}

void get_metrics(Call &call)
{
    const Services &services = call.services;
    std::string text;
    services.requests.write(text);

    const Cache::Metrics &cache = services.cache.metrics();
    write_metric(text, "mvm_cache_hits_total", "counter", "Reads answered by Redis.", cache.hits);
    write_metric(text, "mvm_cache_misses_total", "counter", "Reads that Redis did not have.",
                 cache.misses);
    write_metric(text, "mvm_cache_bypassed_total", "counter",
                 "Reads that did not ask Redis: it is away or turned off.", cache.bypassed);
    write_metric(text, "mvm_cache_errors_total", "counter", "Redis commands that failed.",
                 cache.errors);
    write_metric(text, "mvm_cache_lost_total", "counter", "Times that Redis went away.",
                 cache.lost);
    write_metric(text, "mvm_cache_available", "gauge", "1 while Redis is in use.",
                 services.cache.available() ? 1 : 0);

    const Pool::Metrics &pool = services.pool.metrics();
    write_metric(text, "mvm_pool_size", "gauge", "PostgreSQL connections at most.",
                 static_cast<std::uint64_t>(services.pool.size()));
    write_metric(text, "mvm_pool_in_use", "gauge", "PostgreSQL connections in use.",
                 static_cast<std::uint64_t>(services.pool.in_use()));
    write_metric(text, "mvm_pool_opened_total", "counter", "PostgreSQL connections opened.",
                 pool.opened);
    write_metric(text, "mvm_pool_open_failures_total", "counter",
                 "PostgreSQL connections that could not be opened.", pool.open_failures);
    write_metric(text, "mvm_pool_lost_total", "counter", "PostgreSQL connections that died.",
                 pool.lost);
    write_metric(text, "mvm_pool_waits_total", "counter",
                 "Requests that waited for a PostgreSQL connection.", pool.waits);
    write_metric(text, "mvm_pool_wait_timeouts_total", "counter",
                 "Requests that waited for one in vain.", pool.wait_timeouts);

    write_metric(text, "mvm_http_connections", "gauge", "Open HTTP connections.",
                 services.connections());
    write_metric(text, "mvm_log_lines_dropped_total", "counter",
                 "Log lines that could not be written in time.", log_lines_dropped());
    call.response.set_content(text, "text/plain; version=0.0.4; charset=utf-8");
}

void get_asset(Call &call)
{
    const Asset *asset = find_asset(call.request.path);
    if (asset == nullptr) {
        throw Refused{problems::not_found()};
    }
    if (asset->content_type.starts_with("text/html")) {
        // Everything from this server alone. Both pages set styles from their
        // scripts; ReDoc searches in a worker that it makes from a blob.
        call.response.set_header("Content-Security-Policy",
                                 "default-src 'self'; style-src 'self' 'unsafe-inline'; "
                                 "img-src 'self' data:; worker-src 'self' blob:; "
                                 "frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
        call.response.set_header("Referrer-Policy", "no-referrer");
    }
    call.response.set_header("Cache-Control", "no-cache");
    call.response.set_content(asset->bytes.data(), asset->bytes.size(),
                              std::string(asset->content_type));
}

} // namespace mvm::gateway::handlers
