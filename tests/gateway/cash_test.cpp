// Deposits, withdrawals, conversions and transactions.
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
class Conversions : public RestTest {
protected:
    Answer convert(const std::string &amount, const std::string &from = "1",
                   const std::string &to = "2")
    {
        return get("/api/v1/convert?amount=" + amount + "&from_universe_id=" + from +
                   "&to_universe_id=" + to);
    }
};

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
    EXPECT_TRUE(answer.body.ends_with("+00:00\",\"memo\":null}")) << answer.body;
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

TEST_F(Cash, is_taken_with_every_digit_to_a_millionth_of_a_cent)
{
    for (const char *amount : {"1.005", "1.000000010000000000000000000000001", "0.99999998"}) {
        expect_problem(deposit(std::string(R"({"user_id":1,"amount":)") + amount + "}"), 422,
                       "invalid_amount",
                       std::string("Invalid amount: amount is ") + amount +
                           ", which is no multiple of 0.01, the smallest unit of universe 1.");
    }
    for (const auto &[sent, used] :
         {std::pair("1.00000001", "1.00"), std::pair("0.99999999", "1.00"),
          std::pair("1.01000000999999999999999999999999", "1.01"),
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
                              trade["transaction_time"].dump() + R"(,"memo":null})";
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

TEST_F(Transactions, of_a_user_are_those_they_act_in_and_those_they_sell_in)
{
    database_->sql("SELECT mvm_list_item(2, 'Red Dust', 5, 10)");
    const auto sale = buy(R"({"buyer_id":1,"item_id":4,"quantity":2})").json()["id"];
    const Answer deposited = deposit(R"({"user_id":2,"amount":1})");
    const auto exchanged =
        exchange(R"({"user_id":2,"amount":1,"from_universe_id":2,"to_universe_id":1})")
            .json()["transaction_id"];
    const auto bought = buy(R"({"buyer_id":2,"item_id":1,"quantity":1})").json()["id"];
    deposit(R"({"user_id":3,"amount":1})");

    const Answer answer = get("/api/v1/users/2/transactions");
    EXPECT_EQ(answer.status, 200);
    const auto rows = answer.json();
    ASSERT_EQ(rows.size(), 6u) << answer.body;
    std::vector<std::string> kinds;
    for (const auto &row : rows) {
        kinds.push_back(row["kind"]);
    }
    EXPECT_EQ(kinds, (std::vector<std::string>{"purchase", "exchange", "deposit", "purchase",
                                               "listing", "deposit"}));
    EXPECT_EQ(rows[0]["id"], bought);
    EXPECT_EQ(rows[1]["id"], exchanged);
    EXPECT_EQ(rows[2], deposited.json());
    EXPECT_EQ(rows[3]["id"], sale);
    EXPECT_EQ(rows[3]["counterparty_id"], 2);
    EXPECT_FALSE(answer.headers.contains("link"));
}

TEST_F(Transactions, come_in_pages_that_follow_the_link)
{
    database_->sql("SELECT mvm_list_item(2, 'Red Dust', 5, 100)");
    for (int count = 0; count < 4; ++count) {
        ASSERT_EQ(buy(R"({"buyer_id":1,"item_id":4,"quantity":1})").status, 200);
        ASSERT_EQ(deposit(R"({"user_id":2,"amount":1})").status, 201);
        ASSERT_EQ(deposit(R"({"user_id":1,"amount":1})").status, 201);
    }
    const std::string expected =
        database_->sql("SELECT string_agg(id::text, ',' ORDER BY id DESC) FROM mvm.transactions"
                       " WHERE user_id = 2 OR counterparty_id = 2");
    std::string seen;
    int pages = 0;
    std::string path = "/api/v1/users/2/transactions?limit=3";
    for (; !path.empty() && pages < 10; ++pages) {
        const Answer answer = get(path);
        ASSERT_LE(answer.json().size(), 3u);
        for (const auto &row : answer.json()) {
            seen += (seen.empty() ? "" : ",") + row["id"].dump();
        }
        path.clear();
        if (answer.headers.contains("link")) {
            const std::string link = answer.headers.at("link");
            EXPECT_TRUE(link.starts_with("</api/v1/users/2/transactions?limit=3&before=")) << link;
            EXPECT_TRUE(link.ends_with(">; rel=\"next\"")) << link;
            path = link.substr(1, link.find('>') - 1);
        }
    }
    EXPECT_EQ(seen, expected);
    EXPECT_EQ(pages, 4) << "ten rows";
    EXPECT_EQ(get("/api/v1/users/2/transactions?before=1").body, "[]");
    EXPECT_EQ(get("/api/v1/users/2/transactions?before=9223372036854775807").json().size(), 10u);
}

TEST_F(Transactions, of_an_unknown_user_are_404_and_of_a_new_one_none)
{
    expect_problem(get("/api/v1/users/999/transactions"), 404, "user_not_found",
                   "User not found: There is no user 999.");
    database_->sql("SELECT mvm_create_user('poor', 3)");
    EXPECT_EQ(get("/api/v1/users/4/transactions").body, "[]");
}

TEST_F(Transactions, refuse_parameters_that_cannot_be_and_name_them)
{
    for (const std::string parameter :
         {"limit=0", "limit=1001", "limit=x", "limit=1&limit=2", "before=0", "before=-1",
          "before=x", "before=9223372036854775808"}) {
        expect_problem(get("/api/v1/users/1/transactions?" + parameter), 422, "invalid_argument",
                       "Invalid argument: " + parameter.substr(0, parameter.find('=')) + ":");
    }
    expect_problem(get("/api/v1/users/x/transactions"), 422, "invalid_argument",
                   "Invalid argument: user_id:");
}

// What the plan reads of a journal in which the user's rows are few and old.
TEST_F(Transactions, of_a_user_are_found_without_reading_everybody_elses)
{
    database_->sql("SELECT count(mvm_deposit(2, 1)) FROM generate_series(1, 20000)");
    database_->sql("VACUUM ANALYZE mvm.journal");
    ASSERT_EQ(get("/api/v1/users/1/transactions").json().size(), 1u);
    // The journal's statistics arrive when the gateway's backend is idle.
    const std::string fetched =
        "SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = 'journal'";
    database_->sql("SELECT pg_stat_reset()");
    for (int count = 0; count < 10; ++count) {
        ASSERT_EQ(get("/api/v1/users/1/transactions?limit=" + std::to_string(10 + count)).status,
                  200);
    }
    gateway_.reset(); // its backends report as they end
    ASSERT_TRUE(eventually([&] { return std::stoll(database_->sql(fetched)) > 0; }));
    EXPECT_LE(std::stoll(database_->sql(fetched)), 100);
    EXPECT_EQ(database_->sql("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'journal'"),
              "0");
}

// ---------------------------------------------------------------------------
// Conversions
// ---------------------------------------------------------------------------

TEST_F(Conversions, tell_what_an_exchange_would_credit)
{
    EXPECT_EQ(convert("100").body,
              R"({"amount":100.00,"converted_amount":250.00,"from_universe_id":1,)"
              R"("to_universe_id":2,"exchange_rate":2.5})");
    const auto exchanged =
        exchange(R"({"user_id":1,"amount":33.33,"from_universe_id":1,"to_universe_id":3})").json();
    const auto told = convert("33.33", "1", "3").json();
    for (const char *field : {"amount", "converted_amount", "exchange_rate"}) {
        EXPECT_EQ(told[field], exchanged[field]) << field;
    }
}

TEST_F(Conversions, take_every_digit_and_tell_the_amount_that_was_used)
{
    for (const auto &[sent, used] :
         {std::pair("1.00000001", "1.00"), std::pair("1.01999999", "1.02"),
          std::pair("1.02000000999999999999999999999999", "1.02"), std::pair("7", "7.00"),
          std::pair("1e2", "100.00"), std::pair("1E%2B2", "100.00"),
          std::pair("0.30000000000000004", "0.30"),
          std::pair("90000000000000.12000001", "90000000000000.12"), std::pair("007", "7.00")}) {
        const std::string body = convert(sent).body;
        EXPECT_TRUE(body.starts_with(std::string(R"({"amount":)") + used + ",")) << sent << body;
        const std::string exchanged =
            database_->sql("SELECT mvm_convert(" + std::string(used) + ", 1, 2)");
        EXPECT_NE(body.find(R"("converted_amount":)" + exchanged + ","), std::string::npos) << body;
    }
}

TEST_F(Conversions, know_currencies_without_decimals)
{
    database_->sql("SELECT mvm_create_universe('Yen', 'Y', 150, 0)");
    EXPECT_TRUE(convert("2.000001", "4", "1").body.starts_with(R"({"amount":2,)"));
    EXPECT_TRUE(convert("3.999999", "4", "1").body.starts_with(R"({"amount":4,)"));
    for (const char *amount : {"2.5", "3.5", "2.0000011"}) {
        expect_problem(convert(amount, "4", "1"), 422, "invalid_amount",
                       std::string("Invalid amount: amount is ") + amount +
                           ", which is no multiple of 1, the smallest unit of universe 4.");
    }
    EXPECT_NE(convert("1", "1", "4").body.find(R"("converted_amount":150,)"), std::string::npos);
}

TEST_F(Conversions, refuse_what_the_market_refuses)
{
    expect_problem(convert("1", "1", "1"), 400, "same_universe",
                   "Cannot exchange currency within the same universe");
    expect_problem(convert("1", "999", "1"), 404, "universe_not_found",
                   "Universe not found: There is no universe 999.");
    expect_problem(convert("1", "1", "999"), 404, "universe_not_found",
                   "Universe not found: There is no universe 999.");
    for (const char *amount : {"0", "-1", "-0.0", "0.001", "1e-300", "1.005", "1.00000002"}) {
        expect_problem(convert(amount), 422, "invalid_amount", "Invalid amount");
    }
    for (const char *amount :
         {"1e300", "1e99999", "1e999999", "1e99999999999", "92233720368547758.08"}) {
        expect_problem(convert(amount), 422, "amount_out_of_range", "Amount out of range");
    }
    for (const std::string &amount :
         {std::string("1e-99999"), std::string("1e-99999999999"), std::string(7'000, '9'),
          "0." + std::string(7'000, '0') + "1"}) {
        EXPECT_EQ(convert(amount).status, 422) << amount.substr(0, 20);
    }
}

TEST_F(Conversions, name_a_missing_or_malformed_parameter)
{
    for (const char *amount : {"", "abc", "NaN", "Infinity", "-Infinity", "0x10", "1_000", "+1",
                               "1%20", "1,5", "1.", ".5", "1e", "--1", "1%00", "%EF%BC%91"}) {
        expect_problem(convert(amount), 422, "invalid_argument", "Invalid argument: amount:");
    }
    for (const char *id : {"", "x", "1.0", "2147483648"}) {
        expect_problem(convert("1", id), 422, "invalid_argument",
                       "Invalid argument: from_universe_id:");
        expect_problem(convert("1", "1", id), 422, "invalid_argument",
                       "Invalid argument: to_universe_id:");
    }
    const std::string path = "/api/v1/convert?";
    expect_problem(get(path + "from_universe_id=1&to_universe_id=2"), 422, "invalid_argument",
                   "Invalid argument: amount: is missing");
    expect_problem(get(path + "amount=1&to_universe_id=2"), 422, "invalid_argument",
                   "Invalid argument: from_universe_id: is missing");
    expect_problem(get(path + "amount=1&from_universe_id=1"), 422, "invalid_argument",
                   "Invalid argument: to_universe_id: is missing");
    expect_problem(get(path + "amount=1&amount=1&from_universe_id=1&to_universe_id=2"), 422,
                   "invalid_argument", "Invalid argument: amount: is there twice");
}

TEST_F(Conversions, follow_a_new_rate_at_once)
{
    ASSERT_TRUE(convert("1").body.find("\"exchange_rate\":2.5}") != std::string::npos);
    ASSERT_EQ(patch("/api/v1/universes/2", R"({"exchange_rate":5})").status, 200);
    EXPECT_EQ(convert("1").json()["converted_amount"], 5);
}

} // namespace
} // namespace mvm::gateway::test
