// Purchases paid from several wallets.
#include <atomic>
#include <thread>

#include "support.hpp"

namespace mvm::gateway::test {
namespace {

// Mary sells item 4 on Mars at 100 MRC, 40 USD. John has 1000 USD on Earth and 10 MRC.
class PayFrom : public RestTest {
protected:
    void SetUp() override
    {
        RestTest::SetUp();
        database_->sql("SELECT mvm_list_item(2, 'Rover', 100, 50)");
        database_->sql("SELECT mvm_deposit(1, 10, 2)");
    }
    static std::string rover(const std::string &more)
    {
        return R"({"buyer_id":1,"item_id":4,"quantity":1)" + more + "}";
    }
    Answer buy_rover(const std::string &pay_from, const Headers &headers = {})
    {
        return buy(rover(R"(,"pay_from":)" + pay_from), headers);
    }
    void expect_nothing_happened()
    {
        EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm.transactions WHERE id > 8"), "0");
        EXPECT_EQ(database_->sql("SELECT mvm_balance(1, 1) || ' ' || mvm_balance(1, 2)"),
                  "1000.00 10.00");
    }
    void expect_books_are_clean()
    {
        EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm_audit()"), "0");
    }
};

TEST_F(PayFrom, two_wallets_empties_the_first_into_the_second)
{
    const Answer answer = buy_rover("[2,1]");
    EXPECT_EQ(answer.status, 200) << answer.body;
    const auto trade = answer.json();
    EXPECT_EQ(trade["amount"], 40);
    EXPECT_EQ(trade["from_universe_id"], 1);
    EXPECT_EQ(trade["to_universe_id"], 2);
    EXPECT_EQ(get("/api/v1/trades/1").body, "[" + answer.body + "]");
    const auto rows = get("/api/v1/users/1/transactions?limit=2").json();
    EXPECT_EQ(rows[1]["kind"], "exchange");
    EXPECT_EQ(rows[1]["amount"], 10);
    EXPECT_EQ(rows[1]["received_amount"], 4);
    EXPECT_EQ(get("/api/v1/users/1").json()["balance"], 964);
    EXPECT_EQ(get("/api/v1/users/2").json()["balance"], 2600);
    expect_books_are_clean();
}

TEST_F(PayFrom, the_order_decides_who_pays)
{
    const auto trade = buy_rover("[1,2]").json();
    EXPECT_EQ(trade["from_universe_id"], 1);
    EXPECT_EQ(trade["amount"], 40);
    EXPECT_EQ(database_->sql("SELECT mvm_balance(1, 2)"), "10.00");
}

TEST_F(PayFrom, null_is_the_home_wallet)
{
    EXPECT_EQ(buy_rover("null").json()["amount"], 40);
    EXPECT_EQ(database_->sql("SELECT mvm_balance(1, 2)"), "10.00");
}

TEST_F(PayFrom, is_a_call_of_its_own)
{
    const double batches = metric("mvm_write_batches_total");
    const double singles = metric("mvm_write_singles_total");
    ASSERT_EQ(buy_rover("[2,1]").status, 200);
    EXPECT_EQ(metric("mvm_write_batches_total"), batches);
    EXPECT_EQ(metric("mvm_write_singles_total"), singles + 1);
}

TEST_F(PayFrom, limits_what_it_costs_in_the_last_wallets_currency)
{
    expect_problem(buy(rover(R"(,"pay_from":[2,1],"max_amount":39.99)")), 409, "limit_exceeded",
                   "Deal is worse than the limit that was given");
    expect_problem(buy(rover(R"(,"pay_from":[2,1],"max_amount":0)")), 422, "invalid_amount",
                   "Invalid amount");
    expect_nothing_happened();
    EXPECT_EQ(buy(rover(R"(,"pay_from":[2,1],"max_amount":40)")).status, 200);
}

TEST_F(PayFrom, of_one_key_happens_once)
{
    const Headers key{{"Idempotency-Key", "several"}};
    const Answer first = buy_rover("[2,1]", key);
    EXPECT_EQ(first.status, 200) << first.body;
    EXPECT_EQ(buy_rover("[2, 1]", key).body, first.body);
    for (const char *other : {"[1,2]", "[2]", "null"}) {
        expect_problem(buy_rover(other, key), 422, "idempotency_mismatch",
                       "Idempotency key was used");
    }
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm.trades"), "1");
    expect_books_are_clean();
}

TEST_F(PayFrom, refuses_arrays_that_cannot_be)
{
    for (const char *value : {"1", "\"[2,1]\"", "true", "{}", R"({"a":[1]})", "[null]", "[1,null]",
                              "[\"1\"]", "[1.0]", "[1e0]", "[true]", "[[1]]", "[[]]", "[1,[]]",
                              "[{}]", "[2147483648]", "[-2147483649]", "[9223372036854775808]"}) {
        expect_names_field(buy_rover(value), "pay_from");
    }
    std::string seventeen = "[1";
    for (int universe = 2; universe <= 17; ++universe) {
        seventeen += "," + std::to_string(universe);
    }
    for (const std::string &value : {std::string("[]"), seventeen + "]"}) {
        expect_problem(buy_rover(value), 422, "invalid_argument",
                       "Invalid argument: pay_from has ");
    }
    expect_problem(buy_rover("[1,2,1]"), 422, "invalid_argument",
                   "Invalid argument: pay_from names universe 1 twice");
    expect_nothing_happened();
}

TEST_F(PayFrom, refuses_what_the_market_refuses)
{
    const auto with = [this](const std::string &buyer, const std::string &item,
                             const std::string &quantity, const std::string &pay_from) {
        return buy(R"({"buyer_id":)" + buyer + R"(,"item_id":)" + item + R"(,"quantity":)" +
                   quantity + R"(,"pay_from":)" + pay_from + "}");
    };
    expect_problem(with("1", "4", "0", "[1]"), 422, "invalid_quantity", "Invalid quantity");
    expect_problem(with("999", "4", "1", "[1]"), 404, "user_not_found",
                   "User not found: There is no user 999.");
    expect_problem(with("1", "4", "1", "[1,999]"), 404, "universe_not_found",
                   "Universe not found: There is no universe 999.");
    expect_problem(with("1", "999", "1", "[1]"), 404, "item_not_found",
                   "Item not found: There is no item 999.");
    expect_problem(with("2", "4", "1", "[1]"), 400, "own_item", "Cannot buy your own item");
    expect_problem(with("1", "4", "51", "[2,1]"), 400, "insufficient_stock", "Insufficient stock");
    expect_problem(with("1", "4", "26", "[2,1]"), 400, "insufficient_balance",
                   "Insufficient balance");
    expect_problem(with("1", "4", "1", "[2,3]"), 400, "insufficient_balance",
                   "Insufficient balance");
    expect_problem(buy_rover("[1]", {{"Idempotency-Key", ""}}), 422, "invalid_argument",
                   "Invalid argument: Idempotency-Key:");
    ASSERT_EQ(put("/api/v1/universes/2/routes/1", R"({"allowed":false})").status, 200);
    expect_problem(with("1", "4", "1", "[2,1]"), 403, "rule_violation",
                   "Forbidden by the universe's trading rules");
    ASSERT_EQ(put("/api/v1/universes/2/routes/1", "{}").status, 200);
    ASSERT_EQ(patch("/api/v1/items/4", R"({"listed":false})").status, 200);
    expect_problem(with("1", "4", "1", "[2,1]"), 400, "item_not_listed", "Item is off the market");
    ASSERT_EQ(patch("/api/v1/items/4", R"({"listed":true,"price":92233720368547758.07})").status,
              200);
    expect_problem(with("1", "4", "50", "[2,1]"), 422, "amount_out_of_range",
                   "Amount out of range");
    expect_nothing_happened();
    expect_books_are_clean();
}

TEST_F(PayFrom, drops_buyer_seller_and_item_and_nothing_else)
{
    ASSERT_TRUE(wait_for_redis());
    const std::vector<std::string> dropped{"/api/v1/users/1",
                                           "/api/v1/trades/1",
                                           "/api/v1/users/2",
                                           "/api/v1/trades/2",
                                           "/api/v1/items/4",
                                           "/api/v1/items",
                                           "/api/v1/items?universe_id=2"};
    const std::vector<std::string> kept{"/api/v1/users/3", "/api/v1/trades/3", "/api/v1/items/2",
                                        "/api/v1/items?universe_id=1", "/api/v1/universes"};
    for (const auto &paths : {dropped, kept}) {
        for (const std::string &path : paths) {
            warm(path);
        }
    }
    ASSERT_EQ(buy_rover("[2,1]").status, 200);
    for (const std::string &path : dropped) {
        EXPECT_FALSE(is_cached(path)) << path;
    }
    for (const std::string &path : kept) {
        EXPECT_TRUE(is_cached(path)) << path;
    }
}

TEST_F(PayFrom, among_plain_purchases_of_the_same_item_pays_from_its_own_wallets)
{
    database_->sql("SELECT mvm_deposit(1, 10000), mvm_deposit(1, 9990, 2)");
    std::atomic<int> sold[2]{}; // from the wallet on Earth, on Mars
    std::atomic<int> refused{0};
    std::vector<std::thread> clients;
    for (int at = 0; at < 32; ++at) {
        clients.emplace_back([&, at] {
            Client client(gateway_->port());
            const bool on_mars = at % 2 == 1;
            for (int count = 0; count < 3; ++count) {
                const Answer answer =
                    client.post("/api/v1/buy", rover(on_mars ? R"(,"pay_from":[2])" : ""));
                if (answer.status == 200) {
                    EXPECT_EQ(answer.json()["from_universe_id"], on_mars ? 2 : 1);
                    ++sold[on_mars ? 1 : 0];
                } else {
                    EXPECT_EQ(answer.json()["code"], "insufficient_stock");
                    ++refused;
                }
            }
        });
    }
    for (std::thread &client : clients) {
        client.join();
    }
    EXPECT_EQ(sold[0] + sold[1], 50);
    EXPECT_EQ(refused, 32 * 3 - 50);
    EXPECT_EQ(database_->sql("SELECT stock FROM mvm.items WHERE id = 4"), "0");
    EXPECT_EQ(database_->sql("SELECT mvm_balance(1, 1)::int || ' ' || mvm_balance(1, 2)::int"),
              std::to_string(11000 - 40 * sold[0]) + " " + std::to_string(10000 - 100 * sold[1]));
    expect_books_are_clean();
}

} // namespace
} // namespace mvm::gateway::test
