#include "handlers.hpp"

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>

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
constexpr auto transactions_path = "/api/v1/transactions/";

void send_json(Call &call, std::string body)
{
    call.response.body = std::move(body);
    call.response.set_header("Content-Type", "application/json");
}

// Carries out `order`, which makes a row; answers with the row and its place, `path` and its id.
template <typename Order> void create(Call &call, Order order, const std::string &path)
{
    auto row = call.services.writes.write(std::move(order));
    call.response.status = 201;
    call.response.set_header("Location", path + row.id);
    send_json(call, std::move(row.body));
}

// A query parameter as it came; nothing when it is not there.
const std::string *query_text(const Call &call, const char *name)
{
    const auto [first, last] = call.request.params.equal_range(name);
    if (first == last) {
        return nullptr;
    }
    if (std::next(first) != last) {
        throw Refused{invalid_field(name, "is there twice")};
    }
    return &first->second;
}

const std::string &required_query_text(const Call &call, const char *name)
{
    const std::string *text = query_text(call, name);
    if (text == nullptr) {
        throw Refused{invalid_field(name, "is missing")};
    }
    return *text;
}

// A query parameter as decimal text; nothing when it is not there.
std::optional<std::string> query_integer(const Call &call, const char *name, std::int64_t least,
                                         std::int64_t most)
{
    const std::string *text = query_text(call, name);
    return text == nullptr
               ? std::nullopt
               : std::optional(std::to_string(integer_parameter(name, *text, least, most)));
}

std::string required_query_universe_id(const Call &call, const char *name)
{
    return std::to_string(integer_parameter(name, required_query_text(call, name),
                                            universe_id_least, universe_id_most));
}

std::optional<std::string> query_time(const Call &call, const char *name)
{
    const std::string *text = query_text(call, name);
    return text == nullptr ? std::nullopt : std::optional(time_parameter(name, *text));
}

std::string page_rows(const Call &call)
{
    return query_integer(call, "limit", 1, limits::page_rows_max)
        .value_or(std::to_string(limits::page_rows_default));
}

std::string path_id(const Call &call, const char *name)
{
    return std::to_string(integer_parameter(name, call.parameter, id_least, id_most));
}

std::string path_universe_id(const Call &call)
{
    return std::to_string(
        integer_parameter("universe_id", call.parameter, universe_id_least, universe_id_most));
}

std::string required_universe_id(const JsonRequest &request, const char *name)
{
    return request.integer(name, universe_id_least, universe_id_most);
}

std::optional<std::string> optional_universe_id(const JsonRequest &request)
{
    return request.optional_integer("universe_id", universe_id_least, universe_id_most);
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

// The same where every field may be left out, and the body with them.
JsonRequest optional_json_body(const Call &call)
{
    return call.request.body.empty() ? JsonRequest("{}") : json_body(call);
}

std::optional<std::string> ttl(const JsonRequest &request)
{
    return request.optional_integer("ttl_seconds", 1, limits::ttl_max_s);
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

// One row, which is a group of the cache or a key of a larger one: from the
// cache, or else from `read`, which gives nothing when there is no such row.
template <typename Read>
void send_cached_row(Call &call, std::string_view group, std::string_view key, const Read &read,
                     ErrorCode absent, const std::string &absent_detail)
{
    const Cache::Lookup lookup = call.services.cache.find(group, key);
    if (lookup.body) {
        return send_json(call, *lookup.body);
    }
    std::optional<std::string> body = read();
    if (!body) {
        throw Refused{market_problem(absent, absent_detail)};
    }
    call.services.cache.store(lookup, *body);
    send_json(call, *std::move(body));
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

// Ends the audit's turn at the end of the block, however that is reached.
struct AuditTurn {
    explicit AuditTurn(std::atomic<bool> &taken) : taken_(taken) {}
    ~AuditTurn() { taken_ = false; }
    AuditTurn(const AuditTurn &) = delete;
    AuditTurn &operator=(const AuditTurn &) = delete;

private:
    std::atomic<bool> &taken_;
};

void send_page(Call &call, Page page, const std::string &next_uri)
{
    if (!page.next.empty()) {
        call.response.set_header("Link", "<" + next_uri + page.next + ">; rel=\"next\"");
    }
    send_json(call, std::move(page.body));
}

// One line of a metric for each pool.
void write_pool_metric(std::string &text, const Services &services, std::string_view name,
                       std::string_view type, std::string_view help,
                       const std::function<std::uint64_t(const Pool &)> &value)
{
    write_head(text, name, type, help);
    const std::string start(name);
    text += start + "{pool=\"reads\"} " + std::to_string(value(services.pool)) + "\n";
    text += start + "{pool=\"writes\"} " + std::to_string(value(services.writing_pool)) + "\n";
    text += start + "{pool=\"audits\"} " + std::to_string(value(services.audit_pool)) + "\n";
}

void write_pool_metrics(std::string &text, const Services &services)
{
    const auto line = [&](std::string_view name, std::string_view type, std::string_view help,
                          const std::function<std::uint64_t(const Pool &)> &value) {
        write_pool_metric(text, services, name, type, help, value);
    };
    line("mvm_pool_size", "gauge", "PostgreSQL connections at most.",
         [](const Pool &pool) { return static_cast<std::uint64_t>(pool.size()); });
    line("mvm_pool_in_use", "gauge", "PostgreSQL connections in use.",
         [](const Pool &pool) { return static_cast<std::uint64_t>(pool.in_use()); });
    line("mvm_pool_opened_total", "counter", "PostgreSQL connections opened.",
         [](const Pool &pool) { return pool.metrics().opened.load(); });
    line("mvm_pool_open_failures_total", "counter",
         "PostgreSQL connections that could not be opened.",
         [](const Pool &pool) { return pool.metrics().open_failures.load(); });
    line("mvm_pool_lost_total", "counter", "PostgreSQL connections that died.",
         [](const Pool &pool) { return pool.metrics().lost.load(); });
    line("mvm_pool_waits_total", "counter", "Requests that waited for a PostgreSQL connection.",
         [](const Pool &pool) { return pool.metrics().waits.load(); });
    line("mvm_pool_wait_timeouts_total", "counter", "Requests that waited for one in vain.",
         [](const Pool &pool) { return pool.metrics().wait_timeouts.load(); });
}

void write_write_metrics(std::string &text, const WriteBatcher &writes)
{
    const WriteBatcher::Metrics &metrics = writes.metrics();
    write_metric(text, "mvm_write_queue_orders", "gauge", "Writes that wait for a connection.",
                 writes.queued());
    write_metric(text, "mvm_write_queue_full_total", "counter",
                 "Writes answered 503 because too many were waiting.", metrics.queue_full);
    write_metric(text, "mvm_write_singles_total", "counter", "Writes sent as a call of their own.",
                 metrics.singles);
    write_metric(text, "mvm_write_batches_total", "counter", "Batch calls sent.", metrics.batches);
    write_metric(text, "mvm_write_batches_split_total", "counter",
                 "Batches refused as a whole, whose orders were sent one by one.", metrics.splits);
    write_head(text, "mvm_write_batch_orders", "histogram", "Orders of a batch call.");
    metrics.batch_orders.write(text, "mvm_write_batch_orders", "");
    write_head(text, "mvm_write_wait_seconds", "histogram",
               "Seconds that a write waited before it was sent; one sent at once is not counted.");
    metrics.wait_us.write(text, "mvm_write_wait_seconds", "");
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

void get_universe(Call &call)
{
    const std::string universe_id = path_universe_id(call);
    send_cached_row(
        call, groups::universes, "universe:" + universe_id,
        [&] { return call.services.database.universe(universe_id); }, ErrorCode::universe_not_found,
        "There is no universe " + universe_id + ".");
}

void get_routes(Call &call)
{
    const std::string universe_id = path_universe_id(call);
    auto body = call.services.database.routes_from(universe_id);
    if (!body) {
        throw Refused{market_problem(ErrorCode::universe_not_found,
                                     "There is no universe " + universe_id + ".")};
    }
    send_json(call, *std::move(body));
}

namespace {

// A key to find a row by, as it came; nothing when it is not there.
std::optional<std::string> query_key(const Call &call, const char *name)
{
    const std::string *text = query_text(call, name);
    if (text == nullptr) {
        return std::nullopt;
    }
    if (text->find('\0') != std::string::npos) {
        throw Refused{invalid_field(name, "must not hold the character U+0000")};
    }
    return *text;
}

} // namespace

// Not cached, here and below, where a row is found by a key: a write that gives the key to another
// row does not know which one had it, so it could not drop that from the cache.
void get_users(Call &call)
{
    const auto username = query_key(call, "username");
    const auto external_id = query_key(call, "external_id");
    if (username.has_value() == external_id.has_value()) {
        throw Refused{invalid_field("username", "give either it or external_id")};
    }
    Database &database = call.services.database;
    send_json(call, username ? database.users_by_username(*username)
                             : database.users_by_external_id(*external_id));
}

namespace {

void get_items_by_external_id(Call &call, const std::string &external_id)
{
    for (const char *name : {"universe_id", "limit", "after"}) {
        if (query_text(call, name) != nullptr) {
            throw Refused{invalid_field(name, "does not go with external_id")};
        }
    }
    send_json(call, call.services.database.items_by_external_id(external_id));
}

} // namespace

void get_items(Call &call)
{
    if (const auto external_id = query_key(call, "external_id")) {
        return get_items_by_external_id(call, *external_id);
    }
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

// Not cached: a write that changes an item does not know its seller, so it could not drop this
// list.
void get_items_of_seller(Call &call)
{
    const std::string user_id = path_id(call, "user_id");
    const std::string rows = page_rows(call);
    const std::string after = query_integer(call, "after", 0, id_most).value_or("0");
    auto page = call.services.database.items_of_seller(user_id, after, rows);
    if (!page) {
        throw Refused{
            market_problem(ErrorCode::user_not_found, "There is no user " + user_id + ".")};
    }
    send_page(call, *std::move(page),
              "/api/v1/users/" + user_id + "/items?limit=" + rows + "&after=");
}

void get_item(Call &call)
{
    const std::string item_id = path_id(call, "item_id");
    const std::string group = groups::item(item_id);
    send_cached_row(
        call, group, group, [&] { return call.services.database.item(item_id); },
        ErrorCode::item_not_found, "There is no item " + item_id + ".");
}

void get_user(Call &call)
{
    const std::string user_id = path_id(call, "user_id");
    const std::string group = groups::user(user_id);
    send_cached_row(
        call, group, group, [&] { return call.services.database.user(user_id); },
        ErrorCode::user_not_found, "There is no user " + user_id + ".");
}

void get_balance(Call &call)
{
    const std::string user_id = path_id(call, "user_id");
    const auto universe_id =
        query_integer(call, "universe_id", universe_id_least, universe_id_most);
    const auto at = query_time(call, "at");
    send_json(call, call.services.database.balance(user_id, universe_id, at));
}

// The link to the next page names this page's span, as the present month may have ended by then.
void get_statement(Call &call)
{
    const std::string user_id = path_id(call, "user_id");
    const auto universe_id =
        query_integer(call, "universe_id", universe_id_least, universe_id_most);
    const auto from = query_time(call, "from");
    const auto to = query_time(call, "to");
    const std::string rows = page_rows(call);
    const auto after = query_integer(call, "after", 0, id_most);
    StatementPage statement =
        call.services.database.statement(user_id, universe_id, from, to, rows, after);
    send_page(call, std::move(statement.page),
              "/api/v1/users/" + user_id + "/statement?universe_id=" + statement.universe_id +
                  "&from=" + statement.from + "&to=" + statement.to + "&limit=" + rows + "&after=");
}

void get_rates(Call &call)
{
    const std::string universe_id = path_universe_id(call);
    auto body = call.services.database.rates(universe_id, page_rows(call));
    if (!body) {
        throw Refused{market_problem(ErrorCode::universe_not_found,
                                     "There is no universe " + universe_id + ".")};
    }
    send_json(call, *std::move(body));
}

void get_trades(Call &call)
{
    const std::string user_id = path_id(call, "user_id");
    const std::string rows = page_rows(call);
    const auto before = query_integer(call, "before", 1, id_most);

    const std::string group = groups::trades_of(user_id);
    Page page = cached_page(call, group, group + ":" + rows + ":" + before.value_or(""),
                            [&] { return call.services.database.trades(user_id, rows, before); });
    send_page(call, std::move(page), "/api/v1/trades/" + user_id + "?limit=" + rows + "&before=");
}

void get_transactions(Call &call)
{
    const std::string user_id = path_id(call, "user_id");
    const std::string rows = page_rows(call);
    const auto before = query_integer(call, "before", 1, id_most);
    Page page = call.services.database.transactions(user_id, rows, before);
    send_page(call, std::move(page),
              "/api/v1/users/" + user_id + "/transactions?limit=" + rows + "&before=");
}

void get_transaction(Call &call)
{
    const std::string transaction_id = path_id(call, "transaction_id");
    auto body = call.services.database.transaction(transaction_id);
    if (!body) {
        throw Refused{market_problem(ErrorCode::transaction_not_found,
                                     "There is no transaction " + transaction_id + ".")};
    }
    send_json(call, *std::move(body));
}

void get_hold(Call &call)
{
    const std::string hold_id = path_id(call, "hold_id");
    auto body = call.services.database.hold(hold_id);
    if (!body) {
        throw Refused{
            market_problem(ErrorCode::hold_not_found, "There is no hold " + hold_id + ".")};
    }
    send_json(call, *std::move(body));
}

void get_quote(Call &call)
{
    const std::string quote_id = path_id(call, "quote_id");
    auto body = call.services.database.quote(quote_id);
    if (!body) {
        throw Refused{
            market_problem(ErrorCode::quote_not_found, "There is no quote " + quote_id + ".")};
    }
    send_json(call, *std::move(body));
}

void get_convert(Call &call)
{
    const std::string amount = number_parameter("amount", required_query_text(call, "amount"));
    const std::string from = required_query_universe_id(call, "from_universe_id");
    const std::string to = required_query_universe_id(call, "to_universe_id");
    const auto at = query_time(call, "at");
    Database &database = call.services.database;
    send_json(call,
              at ? database.convert_at(amount, from, to, *at) : database.convert(amount, from, to));
}

// Reads the whole market, so one at a time.
void get_audit(Call &call)
{
    std::atomic<bool> &auditing = call.services.auditing;
    if (auditing.exchange(true)) { // it was true before
        throw Refused{
            problems::unavailable("An audit is running; try again", limits::audit_retry_s)};
    }
    const AuditTurn turn(auditing);
    send_json(call, call.services.audits.audit(std::to_string(limits::page_rows_max)));
}

// ---------------------------------------------------------------------------
// Writes
// ---------------------------------------------------------------------------

void post_universe(Call &call)
{
    const JsonRequest request = json_body(call);
    NewUniverse universe;
    universe.name = request.text("name");
    universe.currency_type = request.text("currency_type");
    universe.exchange_rate = request.number("exchange_rate");
    universe.currency_scale =
        request.optional_integer("currency_scale", std::numeric_limits<std::int32_t>::min(),
                                 std::numeric_limits<std::int32_t>::max());
    create(call, std::move(universe), "/api/v1/universes/");
}

namespace {

// A bound, as the function that sets it takes it: for null the value that takes it away.
template <typename Read>
std::optional<std::string> bound(const JsonRequest &request, const char *name, const char *none,
                                 const Read &read)
{
    if (!request.has(name)) {
        return std::nullopt;
    }
    return request.is_null(name) ? std::string(none) : read(name);
}

std::optional<UniverseChange::Rules> rules_of(const JsonRequest &request)
{
    const auto boolean = [&](const char *name) {
        return request.has(name) ? std::optional(request.boolean(name)) : std::nullopt;
    };
    const auto number = [&](const char *name) { return request.number(name); };
    // To the market 0 means no bound, and no client that sends 0 means that.
    const auto amount = [&](const char *name) {
        std::string text = request.number(name);
        const std::string digits = text.substr(0, text.find_first_of("eE"));
        if (digits.find_first_of("123456789") == std::string::npos) {
            throw Refused{market_problem(ErrorCode::invalid_amount,
                                         std::string(name) + ": must be above zero, or null")};
        }
        return text;
    };
    const auto quantity = [&](const char *name) { return request.integer(name); };
    const auto within = [&](const char *name, std::int64_t least, std::int64_t most) {
        return request.has(name) ? std::optional(request.integer(name, least, most)) : std::nullopt;
    };
    UniverseChange::Rules rules;
    rules.trade_open = boolean("trade_open");
    rules.exchange_open = boolean("exchange_open");
    rules.sale_fee_rate =
        request.has("sale_fee_rate") ? std::optional(number("sale_fee_rate")) : std::nullopt;
    rules.exchange_fee_rate = request.has("exchange_fee_rate")
                                  ? std::optional(number("exchange_fee_rate"))
                                  : std::nullopt;
    rules.min_amount = bound(request, "min_amount", "0", amount);
    rules.max_amount = bound(request, "max_amount", "Infinity", amount);
    rules.max_quantity = bound(request, "max_quantity", "9223372036854775807", quantity);
    rules.max_hold_ttl_s = within("max_hold_ttl_seconds", 1, limits::ttl_max_s);
    rules.max_quote_ttl_s = within("max_quote_ttl_seconds", 1, limits::ttl_max_s);
    rules.max_open_holds = within("max_open_holds", 0, INT64_MAX);
    rules.max_open_quotes = within("max_open_quotes", 0, INT64_MAX);
    const bool any = rules.trade_open || rules.exchange_open || rules.sale_fee_rate ||
                     rules.exchange_fee_rate || rules.min_amount || rules.max_amount ||
                     rules.max_quantity || rules.max_hold_ttl_s || rules.max_quote_ttl_s ||
                     rules.max_open_holds || rules.max_open_quotes;
    return any ? std::optional(std::move(rules)) : std::nullopt;
}

} // namespace

// Changes the fields that are there; null is a value like any other.
void patch_universe(Call &call)
{
    UniverseChange change;
    change.universe_id = path_universe_id(call);
    const JsonRequest request = json_body(call);
    if (request.has("exchange_rate")) {
        change.exchange_rate = request.number("exchange_rate");
    }
    change.rules = rules_of(request);
    if (!change.exchange_rate && !change.rules) {
        throw Refused{invalid_field("body", "has nothing to change: exchange_rate or a rule")};
    }
    send_json(call, call.services.writes.write(std::move(change)).body);
}

// Replaces the whole route: a field that is left out gets the value of a market without a route.
void put_route(Call &call)
{
    RouteChange change;
    change.from_universe_id = std::to_string(
        integer_parameter("from_universe_id", call.parameter, universe_id_least, universe_id_most));
    change.to_universe_id = std::to_string(integer_parameter(
        "to_universe_id", call.second_parameter, universe_id_least, universe_id_most));
    const JsonRequest request = json_body(call);
    change.allowed = request.optional_boolean("allowed");
    change.tariff_rate = request.optional_number("tariff_rate");
    send_json(call, call.services.writes.write(std::move(change)).body);
}

void post_user(Call &call)
{
    const JsonRequest request = json_body(call);
    NewUser user;
    user.username = request.text("username");
    user.universe_id = required_universe_id(request, "universe_id");
    user.balance = request.optional_number("balance");
    user.external_id = request.optional_text("external_id");
    user.metadata = request.optional_object("metadata");
    create(call, std::move(user), "/api/v1/users/");
}

namespace {

// What a platform keeps with a user or an item, as the functions that change it take it: for null
// the value that takes it away.
template <typename Change> void read_platform_data(const JsonRequest &request, Change &change)
{
    if (request.has("external_id")) {
        const auto external_id = request.optional_text("external_id");
        if (external_id && external_id->empty()) {
            throw Refused{
                invalid_field("external_id", "must have 1 to 255 characters, or be null")};
        }
        change.external_id = external_id.value_or("");
    }
    if (request.has("metadata")) {
        change.metadata = request.optional_object("metadata").value_or("null");
    }
}

} // namespace

// As patch_universe.
void patch_user(Call &call)
{
    UserChange change;
    change.user_id = path_id(call, "user_id");
    const JsonRequest request = json_body(call);
    if (request.has("universe_id")) {
        change.universe_id = required_universe_id(request, "universe_id");
    }
    read_platform_data(request, change);
    if (!change.universe_id && !change.external_id && !change.metadata) {
        throw Refused{
            invalid_field("body", "has nothing to change: universe_id, external_id, metadata")};
    }
    call.services.writes.write(std::move(change));
    get_user(call);
}

void post_item(Call &call)
{
    const JsonRequest request = json_body(call);
    NewItem item;
    item.seller_id = request.optional_integer("seller_id");
    item.name = request.text("name");
    item.price = request.number("price");
    item.stock = request.integer("stock");
    item.universe_id = optional_universe_id(request);
    item.external_id = request.optional_text("external_id");
    item.metadata = request.optional_object("metadata");
    create(call, std::move(item), "/api/v1/items/");
}

// As patch_universe.
void patch_item(Call &call)
{
    ItemChange change;
    change.item_id = path_id(call, "item_id");
    const JsonRequest request = json_body(call);
    if (request.has("price")) {
        change.price = request.number("price");
    }
    if (request.has("listed")) {
        change.listed = request.boolean("listed");
    }
    read_platform_data(request, change);
    if (!change.price && !change.listed && !change.external_id && !change.metadata) {
        throw Refused{
            invalid_field("body", "has nothing to change: price, listed, external_id, metadata")};
    }
    send_json(call, call.services.writes.write(std::move(change)).body);
}

void post_restock(Call &call)
{
    Restock restock;
    restock.item_id = path_id(call, "item_id");
    restock.idempotency_key = idempotency_key(call);
    restock.quantity = json_body(call).integer("quantity");
    create(call, std::move(restock), transactions_path);
}

namespace {

void post_cash(Call &call, CashOrder::Kind kind)
{
    const auto key = idempotency_key(call);
    const JsonRequest request = json_body(call);
    CashOrder order;
    order.kind = kind;
    order.user_id = request.integer("user_id");
    order.amount = request.number("amount");
    order.universe_id = optional_universe_id(request);
    order.idempotency_key = key;
    order.memo = request.optional_text("memo");
    create(call, std::move(order), transactions_path);
}

} // namespace

void post_deposit(Call &call)
{
    post_cash(call, CashOrder::Kind::deposit);
}

void post_withdrawal(Call &call)
{
    post_cash(call, CashOrder::Kind::withdrawal);
}

void post_transfer(Call &call)
{
    const auto key = idempotency_key(call);
    const JsonRequest request = json_body(call);
    Transfer transfer;
    transfer.from_user_id = request.integer("from_user_id");
    transfer.to_user_id = request.integer("to_user_id");
    transfer.amount = request.number("amount");
    transfer.universe_id = optional_universe_id(request);
    transfer.idempotency_key = key;
    transfer.memo = request.optional_text("memo");
    create(call, std::move(transfer), transactions_path);
}

void post_refund(Call &call)
{
    const auto key = idempotency_key(call);
    const JsonRequest request = json_body(call);
    Refund refund;
    refund.transaction_id = request.integer("transaction_id");
    refund.quantity = request.optional_integer("quantity");
    refund.idempotency_key = key;
    create(call, std::move(refund), transactions_path);
}

void post_hold(Call &call)
{
    const auto key = idempotency_key(call);
    const JsonRequest request = json_body(call);
    NewHold hold;
    hold.buyer_id = request.integer("buyer_id");
    hold.item_id = request.integer("item_id");
    hold.quantity = request.optional_integer("quantity");
    hold.ttl_s = ttl(request);
    hold.idempotency_key = key;
    create(call, std::move(hold), "/api/v1/holds/");
}

void post_capture(Call &call)
{
    HoldCapture capture;
    capture.hold_id = path_id(call, "hold_id");
    capture.idempotency_key = idempotency_key(call);
    capture.quantity = optional_json_body(call).optional_integer("quantity");
    send_json(call, call.services.writes.write(std::move(capture)).body);
}

void post_release(Call &call)
{
    HoldRelease release;
    release.hold_id = path_id(call, "hold_id");
    optional_json_body(call);
    send_json(call, call.services.writes.write(std::move(release)).body);
}

void post_quote(Call &call)
{
    const JsonRequest request = json_body(call);
    NewQuote quote;
    quote.user_id = request.integer("user_id");
    quote.amount = request.number("amount");
    quote.from_universe_id = required_universe_id(request, "from_universe_id");
    quote.to_universe_id = required_universe_id(request, "to_universe_id");
    quote.ttl_s = ttl(request);
    create(call, std::move(quote), "/api/v1/quotes/");
}

void post_acceptance(Call &call)
{
    QuoteAcceptance acceptance;
    acceptance.quote_id = path_id(call, "quote_id");
    optional_json_body(call);
    send_json(call, call.services.writes.write(std::move(acceptance)).body);
}

void post_exchange(Call &call)
{
    const auto key = idempotency_key(call);
    const JsonRequest request = json_body(call);
    ExchangeOrder order;
    order.user_id = request.integer("user_id");
    order.amount = request.number("amount");
    order.from_universe_id = required_universe_id(request, "from_universe_id");
    order.to_universe_id = required_universe_id(request, "to_universe_id");
    order.idempotency_key = key;
    order.min_converted = request.optional_number("min_converted");
    order.memo = request.optional_text("memo");
    send_json(call, call.services.writes.write(std::move(order)).body);
}

void post_buy(Call &call)
{
    const auto key = idempotency_key(call);
    const JsonRequest request = json_body(call);
    PurchaseOrder order;
    order.buyer_id = request.integer("buyer_id");
    order.item_id = request.integer("item_id");
    order.quantity = request.integer("quantity");
    order.idempotency_key = key;
    order.max_amount = request.optional_number("max_amount");
    order.pay_from = request.optional_integers("pay_from", universe_id_least, universe_id_most);
    order.memo = request.optional_text("memo");
    send_json(call, call.services.writes.write(std::move(order)).body);
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

    write_pool_metrics(text, services);
    write_write_metrics(text, services.writes);

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
