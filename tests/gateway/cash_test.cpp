// Money entering and leaving the market, and the record of it.
#include <atomic>
#include <thread>

#include "support.hpp"

namespace mvm::gateway::test {
namespace {

class Cash : public RestTest {
protected:
    Answer deposit(const std::string &body, const Headers &headers = {})
    {
        return post("/api/v1/deposits", body, headers);
    }
    Answer withdraw(const std::string &body, const Headers &headers = {})
    {
        return post("/api/v1/withdrawals", body, headers);
    }
};
class Transactions : public Cash {};
// ---------------------------------------------------------------------------
// Deposits and withdrawals
// ---------------------------------------------------------------------------

TEST_F(Cash, of_a_deposit_is_201_with_the_transaction_and_its_place)
{
    const Answer answer = deposit(R"({"user_id":1,"amount":25.5})");
    EXPECT_EQ(answer.status, 201);
    const std::string id = database_->sql("SELECT max(id) FROM mvm.transactions");
    EXPECT_EQ(answer.headers.at("location"), "/api/v1/transactions/" + id);
    const std::string start =
        R"({"id":)" + id +
        R"(,"kind":"deposit","user_id":1,"counterparty_id":null,"item_id":null,)"
        R"("quantity":null,"from_universe_id":1,"to_universe_id":1,"amount":25.50,)"
        R"("received_amount":25.50,"exchange_rate":1,"from_rate":1,"to_rate":1,)"
        R"("idempotency_key":null,"transaction_time":")";
    EXPECT_TRUE(answer.body.starts_with(start)) << answer.body;
    EXPECT_TRUE(answer.body.ends_with("+00:00\"}")) << answer.body;
    EXPECT_EQ(get(answer.headers.at("location")).body, answer.body);
    EXPECT_EQ(database_->sql("SELECT mvm_balance(1)"), "1025.50");
}

TEST_F(Cash, of_a_withdrawal_is_201_with_the_transaction_and_its_place)
{
    const Answer answer = withdraw(R"({"user_id":1,"amount":25.5})");
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(answer.json()["kind"], "withdrawal");
    EXPECT_EQ(get(answer.headers.at("location")).body, answer.body);
    EXPECT_EQ(database_->sql("SELECT mvm_balance(1)"), "974.50");
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm_audit()"), "0");
}

TEST_F(Cash, goes_to_another_universes_wallet_when_told)
{
    EXPECT_EQ(deposit(R"({"user_id":1,"amount":7,"universe_id":3})").json()["to_universe_id"], 3);
    EXPECT_EQ(database_->sql("SELECT mvm_balance(1, 3)"), "7.00");
    EXPECT_EQ(withdraw(R"({"user_id":1,"amount":7,"universe_id":3})").status, 201);
    EXPECT_EQ(deposit(R"({"user_id":1,"amount":7,"universe_id":null})").json()["to_universe_id"],
              1);
}

TEST_F(Cash, is_taken_with_every_digit_and_rounded_half_to_even)
{
    for (const auto &[sent, used] :
         {std::pair("1.005", "1.00"), std::pair("1.0050000000000000000000000000000001", "1.01"),
          std::pair("0.30000000000000004", "0.30"), std::pair("1e2", "100.00")}) {
        const std::string body =
            deposit(std::string(R"({"user_id":1,"amount":)") + sent + "}").body;
        EXPECT_NE(body.find(std::string(R"("amount":)") + used + ","), std::string::npos) << body;
    }
}

TEST_F(Cash, refuses_what_the_market_refuses)
{
    for (const std::string path : {"/api/v1/deposits", "/api/v1/withdrawals"}) {
        for (const char *amount : {"0", "-1", "0.001", "1e-300"}) {
            expect_problem(post(path, std::string(R"({"user_id":1,"amount":)") + amount + "}"), 422,
                           "invalid_amount", "Invalid amount");
        }
        for (const char *amount : {"92233720368547758.08", "1e300", "1e400", "1e99999999999"}) {
            expect_problem(post(path, std::string(R"({"user_id":1,"amount":)") + amount + "}"), 422,
                           "amount_out_of_range", "Amount out of range");
        }
        for (const char *amount : {"1e-99999", "1e-99999999999"}) {
            EXPECT_EQ(post(path, std::string(R"({"user_id":1,"amount":)") + amount + "}").status,
                      422);
        }
        expect_problem(post(path, R"({"user_id":999,"amount":1})"), 404, "user_not_found",
                       "User not found: There is no user 999.");
        expect_problem(post(path, R"({"user_id":1,"amount":1,"universe_id":999})"), 404,
                       "universe_not_found", "Universe not found: There is no universe 999.");
    }
    expect_problem(withdraw(R"({"user_id":1,"amount":1000.01})"), 400, "insufficient_balance",
                   "Insufficient balance");
    expect_problem(withdraw(R"({"user_id":1,"amount":1,"universe_id":2})"), 400,
                   "insufficient_balance", "Insufficient balance");
    expect_problem(deposit(R"({"user_id":1,"amount":92233720368547758.07})"), 422,
                   "amount_out_of_range", "Amount out of range");
    EXPECT_EQ(database_->sql("SELECT mvm_balance(1)"), "1000.00");
}

TEST_F(Cash, names_a_missing_or_wrongly_typed_field)
{
    for (const std::string path : {"/api/v1/deposits", "/api/v1/withdrawals"}) {
        expect_problem(post(path, R"({"amount":1})"), 422, "invalid_argument",
                       "Invalid argument: user_id: is missing");
        expect_problem(post(path, R"({"user_id":1})"), 422, "invalid_argument",
                       "Invalid argument: amount: is missing");
        for (const char *body : {"", "{", "[]", "null"}) {
            expect_problem(post(path, body), 422, "invalid_argument", "Invalid argument: body:");
        }
        for (const char *id : {"\"1\"", "1.0", "null", "9223372036854775808"}) {
            expect_problem(post(path, std::string(R"({"amount":1,"user_id":)") + id + "}"), 422,
                           "invalid_argument", "Invalid argument: user_id:");
        }
        for (const char *amount : {"\"1\"", "null", "true"}) {
            expect_problem(post(path, std::string(R"({"user_id":1,"amount":)") + amount + "}"), 422,
                           "invalid_argument", "Invalid argument: amount:");
        }
        for (const char *id : {"\"1\"", "1.0", "true", "2147483648"}) {
            expect_problem(
                post(path, std::string(R"({"user_id":1,"amount":1,"universe_id":)") + id + "}"),
                422, "invalid_argument", "Invalid argument: universe_id:");
        }
        expect_problem(post(path, R"({"user_id":1,"amount":1})", {{"Content-Type", "text/plain"}}),
                       415, "unsupported_media_type", "The body must be JSON");
        expect_problem(post(path, R"({"user_id":1,"amount":1})", {{"Idempotency-Key", ""}}), 422,
                       "invalid_argument", "Invalid argument: Idempotency-Key:");
    }
}

TEST_F(Cash, moves_once_under_one_key)
{
    for (const std::string path : {"/api/v1/deposits", "/api/v1/withdrawals"}) {
        const Headers key{{"Idempotency-Key", path}};
        const Answer first = post(path, R"({"user_id":1,"amount":100})", key);
        const Answer again = post(path, R"({"user_id":1,"amount":1e2,"universe_id":1})", key);
        EXPECT_EQ(first.status, 201);
        EXPECT_EQ(first.json()["idempotency_key"], path);
        EXPECT_EQ(again.status, 201);
        EXPECT_EQ(again.body, first.body);
        EXPECT_EQ(again.headers.at("location"), first.headers.at("location"));
        expect_problem(post(path, R"({"user_id":1,"amount":101})", key), 422,
                       "idempotency_mismatch", "Idempotency key was used with a different request");
    }
    EXPECT_EQ(database_->sql("SELECT mvm_balance(1)"), "1000.00");
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm.transactions"), "8");
}

// More at once than there are connections for writes, beside trades.
TEST_F(Cash, of_many_clients_at_once_all_arrives)
{
    std::atomic<int> carried_out{0};
    std::vector<std::thread> clients;
    for (int at = 0; at < 24; ++at) {
        clients.emplace_back([&, at] {
            Client client(gateway_->port());
            for (int count = 0; count < 10; ++count) {
                const Answer answer =
                    at % 3 == 0 ? client.post("/api/v1/deposits", R"({"user_id":1,"amount":3})")
                    : at % 3 == 1
                        ? client.post("/api/v1/withdrawals", R"({"user_id":1,"amount":2})")
                        : client.post("/api/v1/exchange",
                                      R"({"user_id":1,"amount":1,"from_universe_id":1,)"
                                      R"("to_universe_id":2})");
                carried_out += answer.status == 200 || answer.status == 201;
            }
        });
    }
    for (std::thread &client : clients) {
        client.join();
    }
    EXPECT_EQ(carried_out, 240);
    EXPECT_EQ(get("/api/v1/users/1").json()["balance"], 1000);
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm_audit()"), "0");
    EXPECT_EQ(metric("mvm_write_queue_orders"), 0);
}

// ---------------------------------------------------------------------------
// Transactions
// ---------------------------------------------------------------------------

TEST_F(Transactions, of_every_kind_are_shown_with_every_column)
{
    database_->sql("SELECT mvm_list_item(2, 'Red Dust', 5, 10)");
    const auto trade =
        buy(R"({"buyer_id":1,"item_id":4,"quantity":2})", {{"Idempotency-Key", "k"}}).json();
    const Answer answer = get("/api/v1/transactions/" + trade["id"].dump());
    const std::string start = R"({"id":)" + trade["id"].dump() +
                              R"(,"kind":"purchase","user_id":1,"counterparty_id":2,"item_id":4,)"
                              R"("quantity":2,"from_universe_id":1,"to_universe_id":2,)"
                              R"("amount":4.00,"received_amount":10.00,"exchange_rate":2.5,)"
                              R"("from_rate":1,"to_rate":2.5,"idempotency_key":"k",)"
                              R"("transaction_time":)" +
                              trade["transaction_time"].dump() + "}";
    EXPECT_EQ(answer.body, start);
    const std::string listing =
        database_->sql("SELECT id FROM mvm.transactions WHERE kind = 'listing' AND user_id = 2");
    EXPECT_NE(get("/api/v1/transactions/" + listing)
                  .body.find(R"("amount":null,"received_amount":null,"exchange_rate":null)"),
              std::string::npos);
}

TEST_F(Transactions, that_do_not_exist_are_404)
{
    for (const char *id : {"999", "0", "-1", "9223372036854775807"}) {
        expect_problem(get(std::string("/api/v1/transactions/") + id), 404, "transaction_not_found",
                       std::string("Transaction not found: There is no transaction ") + id + ".");
    }
    for (const char *id : {"x", "1.0", "9223372036854775808", "%00"}) {
        expect_problem(get(std::string("/api/v1/transactions/") + id), 422, "invalid_argument",
                       "Invalid argument: transaction_id:");
    }
}

} // namespace
} // namespace mvm::gateway::test
