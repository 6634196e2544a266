// A note of the client's own on what it does: kept as given, answered, and part of a keyed request.
#include <thread>

#include "support.hpp"

namespace mvm::gateway::test {
namespace {

class Memos : public RestTest {
protected:
    struct Request {
        const char *path;
        const char *start; // of the body, up to the memo
    };
    static constexpr Request requests[] = {
        {"/api/v1/deposits", R"({"user_id":1,"amount":5)"},
        {"/api/v1/withdrawals", R"({"user_id":1,"amount":5)"},
        {"/api/v1/transfers", R"({"from_user_id":1,"to_user_id":2,"amount":5)"},
        {"/api/v1/exchange", R"({"user_id":1,"amount":5,"from_universe_id":1,"to_universe_id":2)"},
        {"/api/v1/buy", R"({"buyer_id":1,"item_id":1,"quantity":1)"},
        {"/api/v1/buy", R"({"buyer_id":1,"item_id":1,"quantity":1,"pay_from":[2,1])"},
    };

    Answer send(const Request &request, const std::string &rest, const Headers &headers = {})
    {
        return post(request.path, request.start + rest + "}", headers);
    }
};

TEST_F(Memos, are_kept_as_given_and_answered)
{
    const std::string memo = R"("  line one\n\"quotes\", \\ back, {braces}, NULL, ü 𝔪 \u0001 ")";
    for (const Request &request : requests) {
        const Answer answer = send(request, R"(,"memo":)" + memo);
        ASSERT_LT(answer.status, 300) << answer.body;
        EXPECT_EQ(answer.json()["memo"], nlohmann::json::parse(memo)) << answer.body;
    }
    for (const char *path : {"/api/v1/trades/1", "/api/v1/users/1/transactions?limit=6"}) {
        for (const auto &row : get(path).json()) {
            EXPECT_EQ(row["memo"], nlohmann::json::parse(memo)) << path;
        }
    }
    EXPECT_EQ(get("/api/v1/transactions/7").json()["memo"], nlohmann::json::parse(memo));
    const nlohmann::json lines = get("/api/v1/users/1/statement").json();
    EXPECT_EQ(lines[2]["memo"], nlohmann::json::parse(memo)) << lines.dump();
    EXPECT_EQ(lines[0]["memo"], nullptr);
    EXPECT_EQ(get("/api/v1/users/2/statement?universe_id=1").json()[1]["memo"],
              nlohmann::json::parse(memo));
}

TEST_F(Memos, are_null_where_there_is_none)
{
    for (const Request &request : requests) {
        for (const char *rest : {"", R"(,"memo":null)"}) {
            const nlohmann::json answer = send(request, rest).json();
            ASSERT_TRUE(answer.contains("memo")) << answer.dump();
            EXPECT_EQ(answer["memo"], nullptr);
        }
        EXPECT_EQ(send(request, R"(,"memo":"")").json()["memo"], "");
    }
    EXPECT_EQ(get("/api/v1/users/1/transactions").json().back()["memo"], nullptr);
}

TEST_F(Memos, of_more_than_255_characters_and_of_other_types_are_refused)
{
    std::string longest;
    for (int i = 0; i < 255; ++i) {
        longest += "é";
    }
    for (const Request &request : requests) {
        EXPECT_LT(send(request, R"(,"memo":")" + longest + "\"").status, 300);
        expect_problem(send(request, R"(,"memo":")" + longest + "x\""), 422, "invalid_argument",
                       "Invalid argument: memo has 256 characters, at most 255 are allowed.");
        for (const char *memo : {"1", "true", "[]", "{}", R"("a\u0000b")"}) {
            expect_names_field(send(request, std::string(R"(,"memo":)") + memo), "memo");
        }
    }
}

TEST_F(Memos, are_part_of_a_request_under_a_key)
{
    for (const Request &request : requests) {
        const Headers key{{"Idempotency-Key", std::string(request.path) + request.start}};
        const Answer first = send(request, R"(,"memo":"a")", key);
        ASSERT_LT(first.status, 300) << first.body;
        EXPECT_EQ(send(request, R"(,"memo":"a")", key).body, first.body);
        for (const char *rest : {"", R"(,"memo":"b")", R"(,"memo":"")"}) {
            expect_problem(send(request, rest, key), 422, "idempotency_mismatch",
                           "Idempotency key was used with a different request");
        }
    }
}

TEST_F(Memos, go_with_their_own_orders_of_a_batch)
{
    database_->sql("SELECT mvm_list_item(NULL, 'Pin', 0.01, 100000, 2)");
    constexpr int clients = 24;
    std::vector<std::thread> threads;
    std::vector<std::string> wrong(clients);
    for (int i = 0; i < clients; ++i) {
        threads.emplace_back([&, i] {
            Client client(gateway_->port());
            for (int order = 0; order < 20; ++order) {
                // Every third has none, and some that PostgreSQL would read another way.
                const std::string memo =
                    order % 3 == 0 ? "null"
                    : order % 3 == 1
                        ? R"("NULL")"
                        : "\"{" + std::to_string(i) + ",\\\"\\\\" + std::to_string(order) + "}\"";
                const bool buys = order % 2 == 0;
                const Answer answer = client.post(
                    buys ? "/api/v1/buy" : "/api/v1/exchange",
                    (buys ? R"({"buyer_id":2,"item_id":4,"quantity":1,"memo":)"
                          : R"({"user_id":2,"amount":1,"from_universe_id":2,"to_universe_id":1,)"
                            R"("memo":)") +
                        memo + "}");
                if (answer.status != 200 || answer.json()["memo"] != nlohmann::json::parse(memo)) {
                    wrong[static_cast<std::size_t>(i)] += memo + " got " + answer.body + "\n";
                }
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    for (const std::string &difference : wrong) {
        EXPECT_EQ(difference, "");
    }
    EXPECT_GT(metric("mvm_write_batches_total"), 0);
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm_audit()"), "0");
}

} // namespace
} // namespace mvm::gateway::test
