// Transfers and refunds.
#include "support.hpp"

namespace mvm::gateway::test {
namespace {

class Transfers : public RestTest {
protected:
    Answer transfer(const std::string &body, const Headers &headers = {})
    {
        return post("/api/v1/transfers", body, headers);
    }
};

// John, of Earth, sells item 4 on Earth; Mary, of Mars, has bought four pieces at 10 USD.
class Refunds : public RestTest {
protected:
    void SetUp() override
    {
        RestTest::SetUp();
        post("/api/v1/items", R"({"seller_id":1,"name":"Tea","price":10,"stock":10})");
        trade_ = buy(R"({"buyer_id":2,"item_id":4,"quantity":4})").json()["id"].dump();
    }
    Answer refund(const std::string &more, const Headers &headers = {})
    {
        return post("/api/v1/refunds", R"({"transaction_id":)" + trade_ + more + "}", headers);
    }
    std::string trade_;
};

TEST_F(Transfers, are_201_with_the_transaction_and_its_place)
{
    const Answer answer = transfer(R"({"from_user_id":1,"to_user_id":2,"amount":25.5})");
    EXPECT_EQ(answer.status, 201) << answer.body;
    const std::string id = database_->sql("SELECT max(id) FROM mvm.transactions");
    EXPECT_EQ(answer.headers.at("location"), "/api/v1/transactions/" + id);
    EXPECT_EQ(get(answer.headers.at("location")).body, answer.body);
    const auto row = answer.json();
    EXPECT_EQ(row["kind"], "transfer");
    EXPECT_EQ(row["user_id"], 1);
    EXPECT_EQ(row["counterparty_id"], 2);
    EXPECT_FALSE(row.contains("fee") || row.contains("tariff") || row.contains("reference_id"));
    EXPECT_EQ(get("/api/v1/users/1").json()["balance"], 974.5);
    EXPECT_EQ(get("/api/v1/users/2").json()["wallets"][0].dump(),
              R"({"balance":25.5,"currency_type":"USD","universe_id":1})");
    EXPECT_EQ(get("/api/v1/users/2/transactions?limit=1").body, "[" + answer.body + "]");
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm_audit()"), "0");
}

TEST_F(Transfers, are_in_another_currency_when_told)
{
    ASSERT_EQ(
        exchange(R"({"user_id":1,"amount":100,"from_universe_id":1,"to_universe_id":2})").status,
        200);
    const Answer answer =
        transfer(R"({"from_user_id":1,"to_user_id":2,"amount":50,"universe_id":2})");
    EXPECT_EQ(answer.json()["to_universe_id"], 2);
    EXPECT_EQ(get("/api/v1/users/2").json()["balance"], 2550);
}

TEST_F(Transfers, of_one_key_happen_once)
{
    const std::string body = R"({"from_user_id":1,"to_user_id":2,"amount":10})";
    const Answer first = transfer(body, {{"Idempotency-Key", "t"}});
    EXPECT_EQ(first.status, 201);
    const Answer again = transfer(body, {{"Idempotency-Key", "t"}});
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(again.body, first.body);
    expect_problem(
        transfer(R"({"from_user_id":1,"to_user_id":2,"amount":11})", {{"Idempotency-Key", "t"}}),
        422, "idempotency_mismatch", "Idempotency key was used");
    EXPECT_EQ(get("/api/v1/users/1").json()["balance"], 990);
}

TEST_F(Transfers, are_refused_by_name)
{
    for (const char *body : {"", "{", "[]", "null"}) {
        expect_names_field(transfer(body), "body");
    }
    for (const std::string field : {"from_user_id", "to_user_id", "amount"}) {
        const auto with = [&](const std::string &value) {
            std::string body;
            for (const std::string name : {"from_user_id", "to_user_id", "amount"}) {
                const std::string good = name == "to_user_id" ? "2" : "1";
                if (name != field || !value.empty()) {
                    body += (body.empty() ? "{\"" : ",\"") + name +
                            "\":" + (name == field ? value : good);
                }
            }
            return body + "}";
        };
        expect_problem(transfer(with("")), 422, "invalid_argument",
                       "Invalid argument: " + field + ": is missing");
        for (const char *value : bad_numbers) {
            expect_names_field(transfer(with(value)), field);
        }
        if (field != "amount") {
            for (const char *value : bad_integers) {
                expect_names_field(transfer(with(value)), field);
            }
            expect_problem(transfer(with("999")), 404, "user_not_found",
                           "User not found: There is no user 999.");
        }
    }
    for (const BadAmount &amount : bad_amounts) {
        expect_problem(transfer(std::string(R"({"from_user_id":1,"to_user_id":2,"amount":)") +
                                amount.text + "}"),
                       422, amount.code, "");
    }
    for (const char *universe : {"\"1\"", "1.5", "2147483648", "true"}) {
        expect_names_field(
            transfer(std::string(R"({"from_user_id":1,"to_user_id":2,"amount":1,"universe_id":)") +
                     universe + "}"),
            "universe_id");
    }
    expect_problem(transfer(R"({"from_user_id":1,"to_user_id":2,"amount":1,"universe_id":999})"),
                   404, "universe_not_found", "Universe not found: There is no universe 999.");
    expect_problem(transfer(R"({"from_user_id":1,"to_user_id":1,"amount":1})"), 422,
                   "invalid_argument", "Invalid argument");
    expect_problem(transfer(R"({"from_user_id":1,"to_user_id":2,"amount":1000.01})"), 400,
                   "insufficient_balance", "Insufficient balance");
    EXPECT_EQ(database_->sql("SELECT mvm_balance(1)"), "1000.00");
}

TEST_F(Transfers, drop_both_users_and_nothing_else)
{
    ASSERT_TRUE(wait_for_redis());
    for (const char *path : {"/api/v1/users/1", "/api/v1/users/2", "/api/v1/users/3",
                             "/api/v1/trades/1", "/api/v1/items"}) {
        warm(path);
    }
    ASSERT_EQ(transfer(R"({"from_user_id":1,"to_user_id":2,"amount":1})").status, 201);
    EXPECT_FALSE(is_cached("/api/v1/users/1"));
    EXPECT_FALSE(is_cached("/api/v1/users/2"));
    for (const char *path : {"/api/v1/users/3", "/api/v1/trades/1", "/api/v1/items"}) {
        EXPECT_TRUE(is_cached(path)) << path;
    }
}

TEST_F(Refunds, of_some_pieces_are_201_and_of_all_that_is_left_unless_told)
{
    const Answer one = refund(R"(,"quantity":1)");
    EXPECT_EQ(one.status, 201) << one.body;
    EXPECT_EQ(get(one.headers.at("location")).body, one.body);
    EXPECT_EQ(one.json()["kind"], "refund");
    EXPECT_EQ(one.json()["amount"], 25);
    EXPECT_EQ(one.json()["reference_id"].dump(), trade_);
    EXPECT_EQ(get("/api/v1/users/1").json()["balance"], 1030);
    EXPECT_EQ(get("/api/v1/users/2").json()["balance"], 2425);
    EXPECT_EQ(get("/api/v1/items/4").json()["stock"], 7);

    EXPECT_EQ(refund(R"(,"quantity":null)").json()["quantity"], 3);
    EXPECT_EQ(get("/api/v1/users/2").json()["balance"], 2500);
    expect_problem(refund(""), 400, "refund_exceeded", "More than can be refunded");
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm_audit()"), "0");
}

TEST_F(Refunds, of_one_key_happen_once)
{
    const Answer first = refund(R"(,"quantity":1)", {{"Idempotency-Key", "r"}});
    EXPECT_EQ(first.status, 201);
    EXPECT_EQ(refund(R"(,"quantity":1)", {{"Idempotency-Key", "r"}}).body, first.body);
    expect_problem(refund(R"(,"quantity":2)", {{"Idempotency-Key", "r"}}), 422,
                   "idempotency_mismatch", "Idempotency key was used");
    EXPECT_EQ(get("/api/v1/items/4").json()["stock"], 7);
}

TEST_F(Refunds, are_refused_by_name)
{
    for (const char *body : {"", "{", "[]", "null"}) {
        expect_names_field(post("/api/v1/refunds", body), "body");
    }
    expect_names_field(post("/api/v1/refunds", "{}"), "transaction_id");
    for (const char *value : bad_integers) {
        expect_names_field(
            post("/api/v1/refunds", std::string(R"({"transaction_id":)") + value + "}"),
            "transaction_id");
        if (std::string(value) != "null") {
            expect_names_field(refund(std::string(R"(,"quantity":)") + value), "quantity");
        }
    }
    for (const char *quantity : {"0", "-1"}) {
        expect_problem(refund(std::string(R"(,"quantity":)") + quantity), 422, "invalid_quantity",
                       "Invalid quantity");
    }
    expect_problem(refund(R"(,"quantity":5)"), 400, "refund_exceeded", "More than can be refunded");
    expect_problem(post("/api/v1/refunds", R"({"transaction_id":999})"), 404,
                   "transaction_not_found", "Transaction not found");
    expect_problem(post("/api/v1/refunds", R"({"transaction_id":1})"), 422, "invalid_argument",
                   "Invalid argument");
    ASSERT_EQ(post("/api/v1/withdrawals", R"({"user_id":1,"amount":1040})").status, 201);
    expect_problem(refund(""), 400, "insufficient_balance", "Insufficient balance");
}

TEST_F(Refunds, drop_buyer_seller_and_item_and_nothing_else)
{
    ASSERT_TRUE(wait_for_redis());
    const std::vector<std::string> dropped{"/api/v1/users/1", "/api/v1/users/2", "/api/v1/items/4",
                                           "/api/v1/items", "/api/v1/items?universe_id=1"};
    const std::vector<std::string> kept{"/api/v1/users/3", "/api/v1/trades/2", "/api/v1/items/1",
                                        "/api/v1/items?universe_id=2"};
    for (const auto &paths : {dropped, kept}) {
        for (const std::string &path : paths) {
            warm(path);
        }
    }
    ASSERT_EQ(refund("").status, 201);
    for (const std::string &path : dropped) {
        EXPECT_FALSE(is_cached(path)) << path;
    }
    for (const std::string &path : kept) {
        EXPECT_TRUE(is_cached(path)) << path;
    }
}

} // namespace
} // namespace mvm::gateway::test
