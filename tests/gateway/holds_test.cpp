// Quotes and holds: terms that are frozen for a time, and what becomes of them.
#include "support.hpp"

namespace mvm::gateway::test {
namespace {

class Holds : public RestTest {
protected:
    // John sells item 4 on Earth at 10 USD; Mary, of Mars, holds pieces of it at 25 MRC each.
    void SetUp() override
    {
        RestTest::SetUp();
        post("/api/v1/items", R"({"seller_id":1,"name":"Tea","price":10,"stock":10})");
    }
    Answer hold(const std::string &more = "", const Headers &headers = {})
    {
        return post("/api/v1/holds", R"({"buyer_id":2,"item_id":4)" + more + "}", headers);
    }
    double balance(const std::string &user_id)
    {
        return get("/api/v1/users/" + user_id).json()["balance"];
    }
    void expect_books_are_clean()
    {
        EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm_audit()"), "0");
    }
    void expect_drops(const std::vector<std::string> &dropped, const std::vector<std::string> &kept,
                      const std::function<Answer()> &write)
    {
        for (const auto &paths : {dropped, kept}) {
            for (const std::string &path : paths) {
                warm(path);
            }
        }
        ASSERT_LT(write().status, 300);
        for (const std::string &path : dropped) {
            EXPECT_FALSE(is_cached(path)) << path;
        }
        for (const std::string &path : kept) {
            EXPECT_TRUE(is_cached(path)) << path;
        }
    }
};
class Quotes : public RestTest {
protected:
    Answer quote(const std::string &more = "")
    {
        return post("/api/v1/quotes",
                    R"({"user_id":1,"amount":100,"from_universe_id":1,"to_universe_id":2)" + more +
                        "}");
    }
};

TEST_F(Holds, are_201_with_their_place_and_set_stock_and_money_aside)
{
    const Answer answer = hold(R"(,"quantity":4,"ttl_seconds":600)");
    EXPECT_EQ(answer.status, 201) << answer.body;
    EXPECT_EQ(answer.headers.at("location"), "/api/v1/holds/1");
    EXPECT_EQ(get("/api/v1/holds/1").body, answer.body);
    EXPECT_TRUE(answer.body.starts_with(
        R"({"id":1,"buyer_id":2,"item_id":4,"seller_id":1,"quantity":4,"captured_quantity":0,)"
        R"("amount":100.00,"price":10.00,"from_universe_id":2,"to_universe_id":1,)"
        R"("exchange_rate":0.4,"state":"active","created_at":")"))
        << answer.body;
    EXPECT_EQ(database_->sql("SELECT expires_at - created_at FROM mvm.holds WHERE id = 1"),
              "00:10:00");
    EXPECT_EQ(balance("2"), 2400);
    EXPECT_EQ(get("/api/v1/items/4").json()["stock"], 6);
    EXPECT_EQ(hold().json()["quantity"], 1);
    EXPECT_EQ(database_->sql("SELECT expires_at - created_at FROM mvm.holds WHERE id = 2"),
              "00:15:00");
    expect_books_are_clean();
}

TEST_F(Holds, are_captured_whole_or_in_part_and_the_rest_returns)
{
    ASSERT_EQ(hold(R"(,"quantity":4)").status, 201);
    const Answer trade = post("/api/v1/holds/1/capture", R"({"quantity":1})");
    EXPECT_EQ(trade.status, 200) << trade.body;
    EXPECT_EQ(trade.json()["amount"], 25);
    EXPECT_EQ(get("/api/v1/trades/2").body, "[" + trade.body + "]");
    EXPECT_EQ(get("/api/v1/holds/1").json()["state"], "captured");
    EXPECT_EQ(balance("1"), 1010);
    EXPECT_EQ(balance("2"), 2475);
    EXPECT_EQ(get("/api/v1/items/4").json()["stock"], 9);
    ASSERT_EQ(hold(R"(,"quantity":3)").status, 201);
    EXPECT_EQ(post("/api/v1/holds/2/capture", "").json()["quantity"], 3);
    for (const char *path : {"/api/v1/holds/1/capture", "/api/v1/holds/1/release"}) {
        expect_problem(post(path, "{}"), 409, "hold_closed", "Hold is no longer active");
    }
    expect_books_are_clean();
}

TEST_F(Holds, are_released)
{
    ASSERT_EQ(hold(R"(,"quantity":4)").status, 201);
    const Answer answer = post("/api/v1/holds/1/release", "");
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.json()["state"], "released");
    EXPECT_EQ(get("/api/v1/holds/1").body, answer.body);
    EXPECT_EQ(balance("2"), 2500);
    expect_problem(post("/api/v1/holds/1/release", "{}"), 409, "hold_closed",
                   "Hold is no longer active");
    expect_books_are_clean();
}

TEST_F(Holds, of_one_key_are_one_and_so_is_their_capture)
{
    const Headers key{{"Idempotency-Key", "h"}};
    const Answer first = hold(R"(,"quantity":2)", key);
    EXPECT_EQ(hold(R"(,"quantity":2)", key).body, first.body);
    expect_problem(hold(R"(,"quantity":3)", key), 422, "idempotency_mismatch",
                   "Idempotency key was used");
    const Headers other{{"Idempotency-Key", "c"}};
    const Answer trade = post("/api/v1/holds/1/capture", "{}", other);
    EXPECT_EQ(trade.status, 200);
    EXPECT_EQ(post("/api/v1/holds/1/capture", "{}", other).body, trade.body);
    expect_problem(post("/api/v1/holds/1/capture", R"({"quantity":1})", other), 422,
                   "idempotency_mismatch", "Idempotency key was used");
    EXPECT_EQ(balance("2"), 2450);
}

TEST_F(Holds, are_refused_by_name)
{
    for (const char *body : {"", "{", "[]", "null"}) {
        expect_names_field(post("/api/v1/holds", body), "body");
    }
    for (const char *value : bad_integers) {
        const std::string text(value);
        expect_names_field(post("/api/v1/holds", R"({"item_id":4,"buyer_id":)" + text + "}"),
                           "buyer_id");
        expect_names_field(post("/api/v1/holds", R"({"buyer_id":2,"item_id":)" + text + "}"),
                           "item_id");
        if (text != "null") {
            expect_names_field(hold(R"(,"quantity":)" + text), "quantity");
            expect_names_field(hold(R"(,"ttl_seconds":)" + text), "ttl_seconds");
        }
    }
    for (const char *ttl : {"0", "-1", "31622401", "9223372036854775807"}) {
        expect_names_field(hold(std::string(R"(,"ttl_seconds":)") + ttl), "ttl_seconds");
    }
    expect_names_field(post("/api/v1/holds", R"({"item_id":4})"), "buyer_id");
    expect_names_field(post("/api/v1/holds", R"({"buyer_id":2})"), "item_id");
    expect_problem(hold(R"(,"quantity":0)"), 422, "invalid_quantity", "Invalid quantity");
    expect_problem(hold(R"(,"quantity":11)"), 400, "insufficient_stock", "Insufficient stock");
    expect_problem(post("/api/v1/holds", R"({"buyer_id":1,"item_id":4})"), 400, "own_item",
                   "Cannot buy your own item");
    expect_problem(post("/api/v1/holds", R"({"buyer_id":999,"item_id":4})"), 404, "user_not_found",
                   "User not found: There is no user 999.");
    expect_problem(post("/api/v1/holds", R"({"buyer_id":2,"item_id":999})"), 404, "item_not_found",
                   "Item not found: There is no item 999.");
    ASSERT_EQ(patch("/api/v1/items/4", R"({"price":1000})").status, 200);
    expect_problem(hold(R"(,"quantity":9)"), 400, "insufficient_balance", "Insufficient balance");
    ASSERT_EQ(patch("/api/v1/items/4", R"({"price":92233720368547758.07})").status, 200);
    expect_problem(hold(R"(,"quantity":9)"), 422, "amount_out_of_range", "Amount out of range");
    ASSERT_EQ(patch("/api/v1/items/4", R"({"listed":false,"price":10})").status, 200);
    expect_problem(hold(), 400, "item_not_listed", "Item is off the market");
    ASSERT_EQ(patch("/api/v1/items/4", R"({"listed":true})").status, 200);
    ASSERT_EQ(patch("/api/v1/universes/1", R"({"trade_open":false})").status, 200);
    expect_problem(hold(), 403, "rule_violation", "Forbidden by the universe's trading rules");
    EXPECT_EQ(balance("2"), 2500);
}

TEST_F(Holds, that_are_not_there_or_cannot_be_are_refused_by_name)
{
    expect_problem(get("/api/v1/holds/999"), 404, "hold_not_found",
                   "Hold not found: There is no hold 999.");
    expect_names_field(get("/api/v1/holds/x"), "hold_id");
    for (const char *action : {"capture", "release"}) {
        expect_problem(post(std::string("/api/v1/holds/999/") + action, "{}"), 404,
                       "hold_not_found", "Hold not found");
        expect_names_field(post(std::string("/api/v1/holds/9223372036854775808/") + action, "{}"),
                           "hold_id");
        expect_names_field(post(std::string("/api/v1/holds/1/") + action, "[]"), "body");
    }
    ASSERT_EQ(hold(R"(,"quantity":2)").status, 201);
    for (const char *value : {"\"1\"", "1.0", "true", "9223372036854775808"}) {
        expect_names_field(
            post("/api/v1/holds/1/capture", std::string(R"({"quantity":)") + value + "}"),
            "quantity");
    }
    for (const char *value : {"0", "3"}) {
        expect_problem(
            post("/api/v1/holds/1/capture", std::string(R"({"quantity":)") + value + "}"), 422,
            "invalid_quantity", "Invalid quantity");
    }
}

TEST_F(Holds, drop_what_they_and_their_ends_change_and_nothing_else)
{
    ASSERT_TRUE(wait_for_redis());
    const std::vector<std::string> items{"/api/v1/users/2", "/api/v1/items/4", "/api/v1/items",
                                         "/api/v1/items?universe_id=1"};
    const std::vector<std::string> kept{"/api/v1/users/1", "/api/v1/users/3", "/api/v1/trades/2",
                                        "/api/v1/trades/1", "/api/v1/items/1"};
    expect_drops(items, kept, [this] { return hold(R"(,"quantity":2)"); });
    expect_drops(items, kept, [this] { return post("/api/v1/holds/1/release", "{}"); });
    ASSERT_EQ(hold(R"(,"quantity":2)").status, 201);
    std::vector<std::string> dropped = items;
    dropped.insert(dropped.end(), {"/api/v1/users/1", "/api/v1/trades/1", "/api/v1/trades/2"});
    expect_drops(dropped, {"/api/v1/users/3", "/api/v1/items/1"},
                 [this] { return post("/api/v1/holds/2/capture", "{}"); });
}

TEST_F(Quotes, are_201_with_their_place_and_accepted_once)
{
    ASSERT_EQ(
        patch("/api/v1/universes/2", R"({"exchange_fee_rate":0.01,"max_quote_ttl_seconds":600})")
            .status,
        200);
    const Answer answer = quote(R"(,"ttl_seconds":600)");
    EXPECT_EQ(answer.status, 201) << answer.body;
    EXPECT_EQ(answer.headers.at("location"), "/api/v1/quotes/1");
    EXPECT_EQ(get("/api/v1/quotes/1").body, answer.body);
    EXPECT_EQ(answer.json()["state"], "open");
    EXPECT_TRUE(answer.body.ends_with(R"("transaction_id":null,"fee":2.50})")) << answer.body;
    ASSERT_EQ(patch("/api/v1/universes/2", R"({"exchange_rate":1})").status, 200);

    const Answer accepted = post("/api/v1/quotes/1/accept", "");
    EXPECT_EQ(accepted.status, 200) << accepted.body;
    EXPECT_TRUE(accepted.body.starts_with(
        R"({"converted_amount":247.50,"from_universe_id":1,"to_universe_id":2,)"
        R"("exchange_rate":2.5,"amount":100.00,"transaction_id":)"));
    EXPECT_EQ(get("/api/v1/users/1").json()["balance"], 900);
    const auto now = get("/api/v1/quotes/1").json();
    EXPECT_EQ(now["state"], "accepted");
    EXPECT_EQ(now["transaction_id"], accepted.json()["transaction_id"]);
    expect_problem(post("/api/v1/quotes/1/accept", "{}"), 409, "quote_closed",
                   "Quote is no longer open");
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm_audit()"), "0");
}

TEST_F(Quotes, have_no_fee_where_there_is_none_and_live_half_a_minute_unless_told)
{
    const Answer answer = quote();
    EXPECT_FALSE(answer.json().contains("fee"));
    EXPECT_EQ(answer.json()["converted_amount"], 250);
    EXPECT_EQ(database_->sql("SELECT expires_at - created_at FROM mvm.quotes"), "00:00:30");
}

TEST_F(Quotes, past_their_time_cannot_be_accepted)
{
    ASSERT_EQ(quote(R"(,"ttl_seconds":1)").status, 201);
    EXPECT_TRUE(
        eventually([this] { return get("/api/v1/quotes/1").json()["state"] == "expired"; }));
    expect_problem(post("/api/v1/quotes/1/accept", "{}"), 409, "quote_closed",
                   "Quote is no longer open");
    EXPECT_EQ(get("/api/v1/users/1").json()["balance"], 1000);
}

TEST_F(Quotes, are_refused_by_name)
{
    const auto with = [](const std::string &field, const std::string &value) {
        std::string body = "{";
        for (const std::string name : {"user_id", "amount", "from_universe_id", "to_universe_id"}) {
            const std::string good = name == "to_universe_id" ? "2" : "1";
            if (name != field || !value.empty()) {
                body += "\"" + name + "\":" + (name == field ? value : good) + ",";
            }
        }
        return body + "\"ttl_seconds\":60}";
    };
    const auto create = [this](const std::string &body) { return post("/api/v1/quotes", body); };
    for (const char *field : {"user_id", "amount", "from_universe_id", "to_universe_id"}) {
        expect_problem(create(with(field, "")), 422, "invalid_argument",
                       std::string("Invalid argument: ") + field + ": is missing");
        for (const char *value : bad_numbers) {
            expect_names_field(create(with(field, value)), field);
        }
    }
    for (const BadAmount &amount : bad_amounts) {
        expect_problem(create(with("amount", amount.text)), 422, amount.code, "");
    }
    for (const char *ttl : {"0", "31622401", "\"1\"", "1.5"}) {
        expect_names_field(quote(std::string(R"(,"ttl_seconds":)") + ttl), "ttl_seconds");
    }
    expect_problem(create(with("user_id", "999")), 404, "user_not_found", "User not found");
    expect_problem(create(with("to_universe_id", "999")), 404, "universe_not_found",
                   "Universe not found");
    expect_problem(create(with("to_universe_id", "1")), 400, "same_universe", "Cannot exchange");
    expect_problem(get("/api/v1/quotes/999"), 404, "quote_not_found",
                   "Quote not found: There is no quote 999.");
    expect_problem(post("/api/v1/quotes/999/accept", "{}"), 404, "quote_not_found",
                   "Quote not found");
    expect_names_field(get("/api/v1/quotes/x"), "quote_id");
    expect_names_field(post("/api/v1/quotes/x/accept", "{}"), "quote_id");
    expect_names_field(post("/api/v1/quotes/1/accept", "[]"), "body");
    ASSERT_EQ(quote().status, 201);
    ASSERT_EQ(post("/api/v1/withdrawals", R"({"user_id":1,"amount":901})").status, 201);
    expect_problem(post("/api/v1/quotes/1/accept", "{}"), 400, "insufficient_balance",
                   "Insufficient balance");
    ASSERT_EQ(patch("/api/v1/universes/1", R"({"exchange_open":false})").status, 200);
    expect_problem(post("/api/v1/quotes/1/accept", "{}"), 403, "rule_violation", "Forbidden by");
    expect_problem(quote(), 403, "rule_violation", "Forbidden by");
}

TEST_F(Quotes, drop_the_user_when_they_are_accepted)
{
    ASSERT_TRUE(wait_for_redis());
    warm("/api/v1/users/1");
    warm("/api/v1/users/2");
    ASSERT_EQ(quote().status, 201);
    EXPECT_TRUE(is_cached("/api/v1/users/1"));
    ASSERT_EQ(post("/api/v1/quotes/1/accept", "{}").status, 200);
    EXPECT_FALSE(is_cached("/api/v1/users/1"));
    EXPECT_TRUE(is_cached("/api/v1/users/2"));
}

} // namespace
} // namespace mvm::gateway::test
