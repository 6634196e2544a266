// The OpenAPI document and the documentation pages: complete, and working offline.
#include <algorithm>
#include <cctype>
#include <regex>
#include <set>

#include "endpoints.hpp"
#include "support.hpp"

namespace mvm::gateway::test {
namespace {

class Documents : public RestTest {
protected:
    nlohmann::json document() { return get("/openapi.json").json(); }
};

// Follows "$ref" inside the document.
const nlohmann::json &resolve(const nlohmann::json &document, const nlohmann::json &node)
{
    if (!node.contains("$ref")) {
        return node;
    }
    return document.at(nlohmann::json::json_pointer(node["$ref"].get<std::string>().substr(1)));
}

void expect_references_resolve(const nlohmann::json &document, const nlohmann::json &node)
{
    if (node.is_object() && node.contains("$ref")) {
        EXPECT_NO_THROW(resolve(document, node)) << node.dump();
    }
    for (const auto &child : node) {
        if (child.is_structured()) {
            expect_references_resolve(document, child);
        }
    }
}

TEST_F(Documents, openapi_names_every_endpoint_and_nothing_else)
{
    std::set<std::string> served;
    for (const Endpoint &endpoint : endpoints()) {
        served.insert(std::string(endpoint.method) + " " + std::string(endpoint.pattern));
    }
    std::set<std::string> described;
    const nlohmann::json all = document();
    for (const auto &[path, operations] : all["paths"].items()) {
        for (const auto &[method, operation] : operations.items()) {
            std::string name = method;
            std::transform(name.begin(), name.end(), name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
            described.insert(name + " " + path);
        }
    }
    EXPECT_EQ(served, described);
}

TEST_F(Documents, openapi_is_version_3_1_and_its_references_resolve)
{
    const Answer answer = get("/openapi.json");
    EXPECT_EQ(answer.headers.at("content-type"), "application/json");
    const nlohmann::json all = answer.json();
    EXPECT_TRUE(all["openapi"].get<std::string>().starts_with("3.1."));
    expect_references_resolve(all, all);
}

TEST_F(Documents, openapi_is_of_the_version_of_the_market)
{
    EXPECT_EQ(document()["info"]["version"], MVM_VERSION);
}

TEST_F(Documents, openapi_describes_every_path_parameter_and_every_answer)
{
    const nlohmann::json all = document();
    std::set<std::string> operation_ids;
    for (const auto &[path, operations] : all["paths"].items()) {
        for (const auto &[method, operation] : operations.items()) {
            EXPECT_TRUE(operation_ids.insert(operation["operationId"]).second) << path;
            EXPECT_FALSE(operation["summary"].get<std::string>().empty());
            EXPECT_TRUE(operation["responses"].contains("200") ||
                        operation["responses"].contains("201"))
                << path;
            for (const auto &[status, response] : operation["responses"].items()) {
                const nlohmann::json &described = resolve(all, response);
                EXPECT_FALSE(described["description"].get<std::string>().empty());
                EXPECT_TRUE(described.contains("content")) << path << " " << status;
                if (status.front() != '2') {
                    EXPECT_TRUE(described["content"].contains("application/problem+json"));
                }
            }
            const std::size_t open = path.find('{');
            if (open != std::string::npos) {
                const std::string name = path.substr(open + 1, path.find('}') - open - 1);
                bool found = false;
                for (const auto &parameter : operation["parameters"]) {
                    const nlohmann::json &described = resolve(all, parameter);
                    found = found || (described["name"] == name && described["in"] == "path");
                }
                EXPECT_TRUE(found) << path;
            }
        }
    }
}

TEST_F(Documents, openapi_has_every_error_that_an_endpoint_can_send)
{
    const nlohmann::json all = document();
    const auto codes = [&](const std::string &path, const std::string &method) {
        std::set<std::string> named;
        for (const auto &[status, response] : all["paths"][path][method]["responses"].items()) {
            const nlohmann::json &described = resolve(all, response);
            const auto &content = described["content"];
            if (content.contains("application/problem+json")) {
                for (const auto &[code, example] :
                     content["application/problem+json"]["examples"].items()) {
                    EXPECT_EQ(example["value"]["code"], code);
                    EXPECT_EQ(std::to_string(example["value"]["status"].get<int>()), status);
                    named.insert(code);
                }
            }
        }
        return named;
    };
    const auto expect_codes = [&](const std::string &path, const std::string &method,
                                  std::set<std::string> expected) {
        if (method != "get") {
            expected.insert({"forbidden", "length_required", "body_too_large",
                             "unsupported_media_type", "invalid_argument"});
        }
        expected.insert("unavailable");
        EXPECT_EQ(codes("/api/v1/" + path, method), expected) << method << " " << path;
    };
    expect_codes("buy", "post",
                 {"user_not_found", "item_not_found", "universe_not_found", "insufficient_balance",
                  "insufficient_stock", "own_item", "item_not_listed", "limit_exceeded",
                  "invalid_amount", "invalid_quantity", "amount_out_of_range",
                  "idempotency_mismatch", "rule_violation"});
    expect_codes("exchange", "post",
                 {"user_not_found", "universe_not_found", "insufficient_balance", "same_universe",
                  "limit_exceeded", "invalid_amount", "amount_out_of_range", "idempotency_mismatch",
                  "rule_violation"});
    expect_codes("universes", "post", {"already_exists"});
    expect_codes(
        "universes/{universe_id}", "patch",
        {"universe_not_found", "invalid_amount", "invalid_quantity", "amount_out_of_range"});
    expect_codes("universes/{universe_id}/routes", "get",
                 {"universe_not_found", "invalid_argument"});
    expect_codes("universes/{from_universe_id}/routes/{to_universe_id}", "put",
                 {"universe_not_found"});
    expect_codes("universes/{universe_id}", "get", {"universe_not_found", "invalid_argument"});
    expect_codes("users", "post",
                 {"universe_not_found", "already_exists", "invalid_amount", "amount_out_of_range"});
    expect_codes("items", "post",
                 {"user_not_found", "universe_not_found", "already_exists", "invalid_amount",
                  "invalid_quantity", "amount_out_of_range"});
    expect_codes("items/{item_id}", "get", {"item_not_found", "invalid_argument"});
    expect_codes("items/{item_id}", "patch",
                 {"item_not_found", "already_exists", "invalid_amount", "amount_out_of_range"});
    expect_codes(
        "items/{item_id}/restock", "post",
        {"item_not_found", "invalid_quantity", "amount_out_of_range", "idempotency_mismatch"});
    expect_codes("users/{user_id}/items", "get", {"user_not_found", "invalid_argument"});
    expect_codes("deposits", "post",
                 {"user_not_found", "universe_not_found", "invalid_amount", "amount_out_of_range",
                  "idempotency_mismatch"});
    expect_codes("withdrawals", "post",
                 {"user_not_found", "universe_not_found", "insufficient_balance", "invalid_amount",
                  "amount_out_of_range", "idempotency_mismatch"});
    expect_codes("holds", "post",
                 {"user_not_found", "item_not_found", "insufficient_balance", "insufficient_stock",
                  "own_item", "item_not_listed", "rule_violation", "invalid_quantity",
                  "amount_out_of_range", "idempotency_mismatch"});
    expect_codes("holds/{hold_id}", "get", {"hold_not_found", "invalid_argument"});
    expect_codes("holds/{hold_id}/capture", "post",
                 {"hold_not_found", "hold_closed", "invalid_quantity", "amount_out_of_range",
                  "idempotency_mismatch"});
    expect_codes("holds/{hold_id}/release", "post",
                 {"hold_not_found", "hold_closed", "amount_out_of_range"});
    expect_codes("quotes", "post",
                 {"user_not_found", "universe_not_found", "same_universe", "rule_violation",
                  "invalid_amount", "amount_out_of_range"});
    expect_codes("quotes/{quote_id}", "get", {"quote_not_found", "invalid_argument"});
    expect_codes("quotes/{quote_id}/accept", "post",
                 {"quote_not_found", "quote_closed", "rule_violation", "insufficient_balance",
                  "amount_out_of_range"});
    expect_codes("users", "get", {"invalid_argument"});
    expect_codes("users/{user_id}", "patch",
                 {"user_not_found", "universe_not_found", "already_exists", "amount_out_of_range"});
    for (const char *read : {"balance", "statement"}) {
        expect_codes(std::string("users/{user_id}/") + read, "get",
                     {"user_not_found", "universe_not_found", "invalid_argument"});
    }
    expect_codes("universes/{universe_id}/rates", "get",
                 {"universe_not_found", "invalid_argument"});
    expect_codes("transfers", "post",
                 {"user_not_found", "universe_not_found", "insufficient_balance", "invalid_amount",
                  "amount_out_of_range", "idempotency_mismatch"});
    expect_codes("refunds", "post",
                 {"transaction_not_found", "insufficient_balance", "refund_exceeded",
                  "invalid_quantity", "amount_out_of_range", "idempotency_mismatch"});
    expect_codes("transactions/{transaction_id}", "get",
                 {"transaction_not_found", "invalid_argument"});
    expect_codes("users/{user_id}/transactions", "get", {"user_not_found", "invalid_argument"});
    expect_codes("convert", "get",
                 {"universe_not_found", "same_universe", "invalid_amount", "amount_out_of_range",
                  "invalid_argument"});
    expect_codes("audit", "get", {});
}

// The schema of an answer's every object lists exactly the members that are sent, in order; one
// that is not required may be left out.
TEST_F(Documents, openapi_schemas_are_what_is_answered)
{
    const auto all = nlohmann::ordered_json::parse(get("/openapi.json").body);
    const auto expect_members = [&](const std::string &schema, const std::string &body) {
        auto sent = nlohmann::ordered_json::parse(body);
        if (sent.is_array()) {
            sent = sent[0];
        }
        std::vector<std::string> members;
        for (const auto &member : sent.items()) {
            members.push_back(member.key());
        }
        std::vector<std::string> described;
        const auto &required = all["components"]["schemas"][schema]["required"];
        for (const auto &member : all["components"]["schemas"][schema]["properties"].items()) {
            if (sent.contains(member.key()) ||
                std::find(required.begin(), required.end(), member.key()) != required.end()) {
                described.push_back(member.key());
            }
        }
        EXPECT_EQ(members, described) << schema;
    };
    expect_members("Trade", post("/api/v1/buy", R"({"buyer_id":1,"item_id":1,"quantity":1})").body);
    expect_members("Exchange",
                   post("/api/v1/exchange",
                        R"({"user_id":1,"amount":1,"from_universe_id":1,"to_universe_id":2})")
                       .body);
    expect_members("Universe", get("/api/v1/universes").body);
    expect_members("Item", get("/api/v1/items").body);
    expect_members("User", get("/api/v1/users/1").body);
    expect_members("Wallet",
                   nlohmann::ordered_json::parse(get("/api/v1/users/1").body)["wallets"].dump());
    expect_members("Trade", get("/api/v1/trades/1").body);
    expect_members("Universe", get("/api/v1/universes/1").body);
    expect_members("Universe", patch("/api/v1/universes/1", R"({"exchange_rate":2})").body);
    expect_members(
        "Universe",
        post("/api/v1/universes", R"({"name":"X","currency_type":"X","exchange_rate":1})").body);
    expect_members("Route", put("/api/v1/universes/1/routes/2", "{}").body);
    expect_members("Route", get("/api/v1/universes/1/routes").body);
    expect_members("Hold", post("/api/v1/holds", R"({"buyer_id":1,"item_id":1})").body);
    expect_members("Hold", get("/api/v1/holds/1").body);
    expect_members("Trade", post("/api/v1/holds/1/capture", "{}").body);
    const std::string terms = R"({"user_id":1,"amount":1,"from_universe_id":1,"to_universe_id":2})";
    expect_members("Quote", post("/api/v1/quotes", terms).body);
    expect_members("Quote", get("/api/v1/quotes/1").body);
    expect_members("Exchange", post("/api/v1/quotes/1/accept", "{}").body);
    expect_members("Balance", get("/api/v1/users/1/balance").body);
    expect_members("StatementLine", get("/api/v1/users/1/statement").body);
    expect_members("Rate", get("/api/v1/universes/1/rates").body);
    expect_members("PastConversion",
                   get("/api/v1/convert?amount=1&from_universe_id=1&to_universe_id=2"
                       "&at=9999-01-01T00:00:00Z")
                       .body);
    expect_members("User", patch("/api/v1/users/1", R"({"universe_id":1})").body);
    expect_members("Item", get("/api/v1/items/1").body);
    expect_members("Item",
                   post("/api/v1/items", R"({"seller_id":1,"name":"x","price":1,"stock":1})").body);
    expect_members("Item", patch("/api/v1/items/1", R"({"price":6})").body);
    expect_members("Item", get("/api/v1/users/1/items").body);
    expect_members("Item", patch("/api/v1/items/1", R"({"external_id":"SKU"})").body);
    expect_members("Item", get("/api/v1/items?external_id=SKU").body);
    expect_members("User", get("/api/v1/users?username=john_earth").body);
    expect_members("Transaction", post("/api/v1/items/1/restock", R"({"quantity":1})").body);
    expect_members("User", post("/api/v1/users", R"({"username":"x","universe_id":1})").body);
    expect_members("Transaction", post("/api/v1/deposits", R"({"user_id":1,"amount":1})").body);
    expect_members("Transaction", post("/api/v1/withdrawals", R"({"user_id":1,"amount":1})").body);
    expect_members("Transaction", get("/api/v1/transactions/1").body);
    expect_members(
        "Transaction",
        post("/api/v1/transfers", R"({"from_user_id":1,"to_user_id":2,"amount":1})").body);
    const std::string trade =
        post("/api/v1/buy", R"({"buyer_id":2,"item_id":1,"quantity":1})").json()["id"].dump();
    expect_members("Transaction",
                   post("/api/v1/refunds", R"({"transaction_id":)" + trade + "}").body);
    expect_members("Transaction", get("/api/v1/users/1/transactions").body);
    expect_members("Conversion",
                   get("/api/v1/convert?amount=1&from_universe_id=1&to_universe_id=2").body);
    database_->sql("UPDATE mvm.item SET stock = stock + 1 WHERE id = 1");
    const std::string audit = get("/api/v1/audit").body;
    expect_members("Audit", audit);
    expect_members("Violation", nlohmann::ordered_json::parse(audit)["violations"].dump());
    expect_members("Problem", get("/api/v1/users/999").body);
}

TEST_F(Documents, root_says_where_they_are)
{
    EXPECT_EQ(get("/").body,
              R"({"message":"Multiverse Market","docs_url":"/docs","redoc_url":"/redoc"})");
}

// What a page loads: src, href and spec-url. All must come from this server.
TEST_F(Documents, pages_load_everything_from_the_gateway)
{
    const std::regex reference("(?:src|href|spec-url)=\"([^\"]*)\"");
    for (const std::string page : {"/docs", "/redoc"}) {
        const Answer answer = get(page);
        ASSERT_EQ(answer.status, 200);
        EXPECT_EQ(answer.headers.at("content-type"), "text/html; charset=utf-8");
        // ReDoc's own code names one image elsewhere; the policy keeps it from being asked for.
        const std::string policy = answer.headers.at("content-security-policy");
        EXPECT_TRUE(policy.starts_with("default-src 'self'; ")) << policy;
        EXPECT_EQ(policy.find("http"), std::string::npos) << policy;
        EXPECT_EQ(policy.find("*"), std::string::npos) << policy;
        int loaded = 0;
        for (auto at = std::sregex_iterator(answer.body.begin(), answer.body.end(), reference);
             at != std::sregex_iterator(); ++at, ++loaded) {
            const std::string target = (*at)[1];
            EXPECT_TRUE(target.starts_with("/") && !target.starts_with("//")) << target;
            EXPECT_EQ(get(target).status, 200) << target;
        }
        EXPECT_GE(loaded, 2) << page;
        EXPECT_EQ(answer.body.find("://"), std::string::npos) << page;
    }
    const std::string script = get("/docs/docs.js").body;
    EXPECT_NE(script.find("validatorUrl: null"), std::string::npos);
    EXPECT_EQ(script.find("://"), std::string::npos);
}

TEST_F(Documents, pages_come_with_their_libraries_and_licences)
{
    EXPECT_GT(get("/docs/swagger-ui-bundle.js").body.size(), 1'000'000u);
    EXPECT_NE(get("/docs/swagger-ui-bundle.js").body.find("SwaggerUIBundle"), std::string::npos);
    EXPECT_GT(get("/docs/swagger-ui.css").body.size(), 100'000u);
    EXPECT_GT(get("/redoc/redoc.standalone.js").body.size(), 500'000u);
    EXPECT_NE(get("/docs/LICENSE").body.find("Apache License"), std::string::npos);
    EXPECT_NE(get("/redoc/LICENSE").body.find("MIT"), std::string::npos);
    expect_problem(get("/docs/secret"), 404, "not_found", "There is nothing at this path");
    expect_problem(get("/docs/..%2Fopenapi.json"), 404, "not_found",
                   "There is nothing at this path");
}

} // namespace
} // namespace mvm::gateway::test
