// Reads through Redis: hits, and that a write has dropped all bodies it changes before it is
// answered.
#include <atomic>
#include <thread>

#include "support.hpp"

namespace mvm::gateway::test {
namespace {

class CachedReads : public RestTest {
protected:
    void SetUp() override
    {
        RestTest::SetUp();
        ASSERT_TRUE(wait_for_redis());
    }
};

class WithoutRedis : public RestTest {
protected:
    Environment environment() const override
    {
        Environment variables = RestTest::environment();
        variables["REDIS__PORT"] = "1";
        return variables;
    }
};

TEST_F(CachedReads, are_answered_by_redis_with_the_same_bytes_and_headers)
{
    for (const char *path :
         {"/api/v1/universes", "/api/v1/universes/2", "/api/v1/items?limit=2", "/api/v1/items/2",
          "/api/v1/users/1", "/api/v1/trades/1", "/api/v1/items?universe_id=2"}) {
        const Answer from_postgres = get(path);
        const double before = hits();
        const Answer from_redis = get(path);
        EXPECT_EQ(hits(), before + 1) << path;
        EXPECT_EQ(from_postgres.body, from_redis.body);
        EXPECT_EQ(from_postgres.headers.contains("link"), from_redis.headers.contains("link"));
        EXPECT_EQ(from_redis.headers.at("content-type"), "application/json");
    }
    EXPECT_TRUE(get("/api/v1/items?limit=2").headers.contains("link"));
}

TEST_F(CachedReads, are_dropped_for_buyer_seller_and_items_before_a_purchase_answers)
{
    database_->sql("SELECT mvm_list_item(2, 'Red Dust', 5, 10)");
    const std::vector<std::string> changed{"/api/v1/users/1",  "/api/v1/users/2",
                                           "/api/v1/trades/1", "/api/v1/trades/2",
                                           "/api/v1/items",    "/api/v1/items?universe_id=2",
                                           "/api/v1/items/4"};
    const std::vector<std::string> unchanged{"/api/v1/users/3", "/api/v1/trades/3",
                                             "/api/v1/items?universe_id=1", "/api/v1/items/2",
                                             "/api/v1/universes"};
    std::vector<std::string> bodies;
    for (const std::string &path : changed) {
        warm(path);
        bodies.push_back(get(path).body);
    }
    for (const std::string &path : unchanged) {
        warm(path);
    }
    ASSERT_EQ(post("/api/v1/buy", R"({"buyer_id":1,"item_id":4,"quantity":1})").status, 200);
    for (const std::string &path : unchanged) {
        EXPECT_TRUE(is_cached(path)) << path;
    }
    for (std::size_t at = 0; at < changed.size(); ++at) {
        EXPECT_NE(get(changed[at]).body, bodies[at]) << changed[at];
    }
}

TEST_F(CachedReads, are_dropped_for_the_user_before_an_exchange_answers)
{
    warm("/api/v1/users/1");
    warm("/api/v1/users/2");
    ASSERT_EQ(post("/api/v1/exchange",
                   R"({"user_id":1,"amount":100,"from_universe_id":1,"to_universe_id":2})")
                  .status,
              200);
    EXPECT_EQ(get("/api/v1/users/1").json()["balance"], 900);
    EXPECT_TRUE(is_cached("/api/v1/users/2"));
}

TEST_F(CachedReads, are_dropped_for_the_user_before_cash_moves)
{
    warm("/api/v1/users/1");
    warm("/api/v1/users/2");
    warm("/api/v1/trades/1");
    ASSERT_EQ(post("/api/v1/deposits", R"({"user_id":1,"amount":100,"universe_id":2})").status,
              201);
    EXPECT_EQ(get("/api/v1/users/1").json()["wallets"].size(), 2u);
    ASSERT_TRUE(is_cached("/api/v1/users/1"));
    ASSERT_EQ(post("/api/v1/withdrawals", R"({"user_id":1,"amount":100})").status, 201);
    EXPECT_EQ(get("/api/v1/users/1").json()["balance"], 900);
    EXPECT_TRUE(is_cached("/api/v1/users/2"));
    EXPECT_TRUE(is_cached("/api/v1/trades/1"));
}

TEST_F(CachedReads, are_dropped_for_the_items_before_a_new_one_answers)
{
    for (const char *path :
         {"/api/v1/items", "/api/v1/items?universe_id=1", "/api/v1/items?universe_id=2",
          "/api/v1/items/1", "/api/v1/universes", "/api/v1/users/2"}) {
        warm(path);
    }
    ASSERT_EQ(
        post("/api/v1/items", R"({"seller_id":2,"name":"Red Dust","price":5,"stock":10})").status,
        201);
    EXPECT_EQ(get("/api/v1/items").json().size(), 4u);
    EXPECT_EQ(get("/api/v1/items?universe_id=2").json().size(), 2u);
    for (const char *path : {"/api/v1/items?universe_id=1", "/api/v1/items/1", "/api/v1/universes",
                             "/api/v1/users/2"}) {
        EXPECT_TRUE(is_cached(path)) << path;
    }
}

TEST_F(CachedReads, are_dropped_for_the_universes_before_one_is_made_or_changed)
{
    for (const char *path : {"/api/v1/universes", "/api/v1/universes/2", "/api/v1/items",
                             "/api/v1/items?universe_id=2", "/api/v1/users/2"}) {
        warm(path);
    }
    ASSERT_EQ(post("/api/v1/universes", R"({"name":"Pluto","currency_type":"P","exchange_rate":1})")
                  .status,
              201);
    EXPECT_EQ(get("/api/v1/universes").json().size(), 4u);
    warm("/api/v1/universes/2");
    ASSERT_TRUE(is_cached("/api/v1/universes"));
    ASSERT_EQ(patch("/api/v1/universes/2", R"({"exchange_rate":3})").status, 200);
    EXPECT_EQ(get("/api/v1/universes").json()[1]["exchange_rate"], 3);
    EXPECT_EQ(get("/api/v1/universes/2").json()["exchange_rate"], 3);
    for (const char *path : {"/api/v1/items", "/api/v1/items?universe_id=2", "/api/v1/users/2"}) {
        EXPECT_TRUE(is_cached(path)) << path;
    }
}

TEST_F(CachedReads, show_what_was_made_to_the_one_who_made_it)
{
    for (const char *path : {"/api/v1/universes/4", "/api/v1/items/4", "/api/v1/users/4"}) {
        ASSERT_EQ(get(path).status, 404) << path;
    }
    for (const auto &[path, body] :
         {std::pair("/api/v1/universes", R"({"name":"Io","currency_type":"I","exchange_rate":1})"),
          std::pair("/api/v1/items", R"({"seller_id":1,"name":"x","price":1,"stock":1})"),
          std::pair("/api/v1/users", R"({"username":"x","universe_id":4,"balance":1})")}) {
        const Answer answer = post(path, body);
        ASSERT_EQ(answer.status, 201) << answer.body;
        EXPECT_EQ(get(answer.headers.at("location")).body, answer.body);
        EXPECT_TRUE(is_cached(answer.headers.at("location")));
    }
    EXPECT_EQ(metric("mvm_cache_errors_total"), 0);
}

TEST_F(CachedReads, are_not_kept_of_what_the_journal_says)
{
    for (const char *path :
         {"/api/v1/transactions/1", "/api/v1/users/1/transactions",
          "/api/v1/convert?amount=1&from_universe_id=1&to_universe_id=2", "/api/v1/audit"}) {
        get(path);
        EXPECT_FALSE(is_cached(path)) << path;
    }
}

TEST_F(CachedReads, stay_when_a_write_is_refused)
{
    warm("/api/v1/users/1");
    ASSERT_EQ(post("/api/v1/buy", R"({"buyer_id":1,"item_id":1,"quantity":1000})").status, 400);
    EXPECT_TRUE(is_cached("/api/v1/users/1"));
}

TEST_F(CachedReads, do_not_remember_what_does_not_exist)
{
    EXPECT_EQ(get("/api/v1/users/4").status, 404);
    database_->sql("SELECT mvm_create_user('late', 1)");
    EXPECT_EQ(get("/api/v1/users/4").status, 200);
}

// Readers keep refilling the cache while a writer changes the row: after each
// write, the writer's own next read must show it.
TEST_F(CachedReads, show_every_write_to_the_one_who_wrote_among_many_readers)
{
    std::atomic<bool> stop{false};
    std::vector<std::thread> readers;
    for (int at = 0; at < 4; ++at) {
        readers.emplace_back([&] {
            Client client(gateway_->port());
            while (!stop) {
                client.get("/api/v1/users/1");
                client.get("/api/v1/items");
            }
        });
    }
    for (int bought = 1; bought <= 60; ++bought) {
        ASSERT_EQ(post("/api/v1/buy", R"({"buyer_id":1,"item_id":1,"quantity":1})").status, 200);
        ASSERT_EQ(get("/api/v1/users/1").json()["balance"], 1000 - 5 * bought);
        ASSERT_EQ(get("/api/v1/items").json()[0]["stock"], 100 - bought);
    }
    stop = true;
    for (std::thread &reader : readers) {
        reader.join();
    }
    EXPECT_GT(hits(), 0);
}

TEST_F(CachedReads, of_two_gateways_drop_each_others_bodies)
{
    GatewayProcess other(environment());
    ASSERT_NE(other.wait_until_listening(), 0);
    Client to_other(other.port());
    ASSERT_TRUE(eventually([&] {
        return to_other.get("/metrics").body.find("\nmvm_cache_available 1\n") != std::string::npos;
    }));
    warm("/api/v1/users/1");
    ASSERT_EQ(to_other.post("/api/v1/buy", R"({"buyer_id":1,"item_id":1,"quantity":1})").status,
              200);
    EXPECT_EQ(get("/api/v1/users/1").json()["balance"], 995);
}

TEST_F(CachedReads, go_on_while_redis_is_away_and_are_cached_again_when_it_is_back)
{
    const ServerRunsAgain guard("redis");
    warm("/api/v1/users/1");
    control_server("redis", "kill");
    EXPECT_EQ(get("/api/v1/users/1").status, 200);
    EXPECT_EQ(post("/api/v1/buy", R"({"buyer_id":1,"item_id":1,"quantity":1})").status, 200);
    EXPECT_EQ(get("/api/v1/users/1").json()["balance"], 995);
    const Answer ready = get("/readyz");
    EXPECT_EQ(ready.status, 200);
    EXPECT_EQ(ready.json()["redis"], "away");
    EXPECT_EQ(metric("mvm_cache_available"), 0);
    EXPECT_GE(metric("mvm_cache_lost_total"), 1);
    EXPECT_GE(metric("mvm_cache_bypassed_total"), 1);
    EXPECT_NE(gateway_->log().find("Redis lost"), std::string::npos);

    control_server("redis", "start");
    ASSERT_TRUE(wait_for_redis());
    EXPECT_EQ(get("/readyz").json()["redis"], "up");
    EXPECT_EQ(get("/api/v1/users/1").json()["balance"], 995);
    warm("/api/v1/users/1");
}

// Lookups of many clients go to Redis together: each gets its own body, never one from before its
// own write.
TEST_F(CachedReads, of_many_clients_at_once_are_each_its_own_and_no_older_than_its_writes)
{
    constexpr int clients_count = 16;
    database_->sql("SELECT count(mvm_create_user('client ' || n, 1)) FROM generate_series(4, " +
                   std::to_string(3 + clients_count) + ") n");
    std::atomic<int> wrong{0};
    std::vector<std::thread> clients;
    for (int number = 0; number < clients_count; ++number) {
        clients.emplace_back([&, number] {
            Client client(gateway_->port());
            const auto read = [&](int user_id) {
                const auto user = client.get("/api/v1/users/" + std::to_string(user_id)).json();
                wrong += user["id"] != user_id;
                return user["balance"].get<int>();
            };
            const int own = 4 + number;
            for (int balance = 1; balance <= 25; ++balance) {
                client.post("/api/v1/deposits",
                            R"({"user_id":)" + std::to_string(own) + R"(,"amount":1})");
                for (int other = 0; other < clients_count; ++other) {
                    const int shown = read(4 + (number + other) % clients_count);
                    wrong += other == 0 && shown != balance;
                }
            }
        });
    }
    for (std::thread &client : clients) {
        client.join();
    }
    EXPECT_EQ(wrong, 0);
    EXPECT_GT(hits(), clients_count * 25);
}

TEST_F(WithoutRedis, everything_works)
{
    EXPECT_EQ(get("/api/v1/users/1").status, 200);
    EXPECT_EQ(post("/api/v1/buy", R"({"buyer_id":1,"item_id":1,"quantity":1})").status, 200);
    EXPECT_EQ(get("/api/v1/users/1").json()["balance"], 995);
    EXPECT_EQ(get("/api/v1/items").json()[0]["stock"], 99);
    EXPECT_EQ(get("/readyz").status, 200);
    EXPECT_EQ(metric("mvm_cache_hits_total"), 0);
}

} // namespace
} // namespace mvm::gateway::test
