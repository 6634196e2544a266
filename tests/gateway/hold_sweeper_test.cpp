// The sweeper of holds past their time: what it does, and what stands in its way.
#include <csignal>

#include "support.hpp"

namespace mvm::gateway::test {
namespace {

class HoldSweeper : public RestTest {
protected:
    Environment environment() const override
    {
        Environment variables = RestTest::environment();
        variables["HOLD_SWEEP_INTERVAL"] = "1";
        return variables;
    }
    static constexpr int holds_of_a_round = 45;
    void reserve()
    {
        database_->sql("SELECT count(mvm_reserve(u.id, i.id, 1, '1 hour'))"
                       " FROM mvm.users u, mvm.items i, generate_series(1, 5)");
    }
    // Turns the clock, so that all are past their time at once.
    void expire()
    {
        database_->sql("UPDATE mvm.hold SET created_at = '2000-01-01', expires_at = '2000-01-02'"
                       " WHERE state = 'a'");
    }
    bool sweeps()
    {
        return eventually([this] {
            return database_->sql("SELECT count(*) FROM mvm.hold WHERE state = 'a'") == "0";
        });
    }
    std::string active_holds_on(const std::string &items)
    {
        return database_->sql("SELECT count(*) FROM mvm.hold WHERE state = 'a' AND item_id " +
                              items);
    }
    static int count_lines(const GatewayProcess &gateway, const std::string &message)
    {
        int count = 0;
        for (const nlohmann::json &line : gateway.log_lines()) {
            count += line["message"] == message;
        }
        return count;
    }
    static int holds_released_by(const GatewayProcess &gateway)
    {
        int holds = 0;
        for (const nlohmann::json &line : gateway.log_lines()) {
            holds +=
                line["message"] == "holds past their time released" ? line["holds"].get<int>() : 0;
        }
        return holds;
    }
    void expect_each_hold_was_released_once(int holds)
    {
        EXPECT_EQ(database_->sql("SELECT count(*) || ' ' || count(DISTINCT reference_id)"
                                 " FROM mvm.transactions WHERE kind = 'release'"),
                  std::to_string(holds) + " " + std::to_string(holds));
        EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm.hold WHERE state <> 'e'"), "0");
        EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm_audit()"), "0");
    }
};

TEST_F(HoldSweeper, releases_holds_past_their_time_and_drops_what_redis_kept)
{
    ASSERT_TRUE(wait_for_redis());
    ASSERT_EQ(
        post("/api/v1/holds", R"({"buyer_id":1,"item_id":1,"quantity":4,"ttl_seconds":2})").status,
        201);
    EXPECT_EQ(get("/api/v1/users/1").json()["balance"], 980);
    EXPECT_EQ(get("/api/v1/items/1").json()["stock"], 96);
    EXPECT_TRUE(eventually([this] { return get("/api/v1/users/1").json()["balance"] == 1000; },
                           std::chrono::seconds(8)));
    EXPECT_EQ(get("/api/v1/items/1").json()["stock"], 100);
    EXPECT_EQ(get("/api/v1/holds/1").json()["state"], "expired");
    expect_each_hold_was_released_once(1);
}

TEST_F(HoldSweeper, ends_where_the_gateways_role_may_not_sweep)
{
    database_->grant_only("trader");
    EXPECT_TRUE(eventually(
        [this] { return count_lines(*gateway_, "holds are not swept by this gateway") == 1; }));
    EXPECT_EQ(post("/api/v1/holds", R"({"buyer_id":1,"item_id":1})").status, 201);
    gateway_->signal(SIGTERM);
    EXPECT_EQ(gateway_->wait(), 0);
}

TEST_F(HoldSweeper, goes_on_after_postgresql_was_away_and_says_so_once_an_outage)
{
    const ServerRunsAgain guard("postgres");
    reserve();
    expire();
    ASSERT_TRUE(sweeps());
    for (int outage = 1; outage <= 2; ++outage) {
        const double failures = metric("mvm_pool_open_failures_total{pool=\"writes\"}");
        control_server("postgres", outage == 1 ? "stop" : "kill");
        EXPECT_TRUE(eventually([&] {
            return metric("mvm_pool_open_failures_total{pool=\"writes\"}") >= failures + 3;
        })) << "it tries again";
        control_server("postgres", "start");
        reserve();
        expire();
        EXPECT_TRUE(sweeps());
        EXPECT_TRUE(eventually(
            [&] { return holds_released_by(*gateway_) == (1 + outage) * holds_of_a_round; }));
        EXPECT_EQ(count_lines(*gateway_, "PostgreSQL cannot be reached"), outage);
        EXPECT_EQ(count_lines(*gateway_, "PostgreSQL reached again"), outage);
    }
    EXPECT_EQ(gateway_->log().find(R"("level":"error")"), std::string::npos);
    expect_each_hold_was_released_once(3 * holds_of_a_round);
}

TEST_F(HoldSweeper, of_two_gateways_that_sweep_at_once_releases_each_hold_once)
{
    GatewayProcess other(environment());
    ASSERT_NE(other.wait_until_listening(), 0);
    for (int round = 0; round < 2; ++round) {
        reserve();
        pqxx::connection connection(database_->superuser_connection());
        pqxx::work holder(connection);
        holder.exec("SELECT FROM mvm.item WHERE id = 1 FOR UPDATE");
        expire();
        EXPECT_TRUE(eventually([this] { return active_holds_on("<> 1") == "0"; }))
            << "neither waits for the item that somebody uses";
        EXPECT_EQ(active_holds_on("= 1"), std::to_string(holds_of_a_round / 3));
        holder.commit();
        EXPECT_TRUE(sweeps());
    }
    EXPECT_TRUE(eventually([&] {
        return holds_released_by(*gateway_) + holds_released_by(other) == 2 * holds_of_a_round;
    }));
    for (const GatewayProcess *gateway : {gateway_.get(), &other}) {
        EXPECT_EQ(gateway->log().find(R"("level":"error")"), std::string::npos);
        EXPECT_EQ(gateway->log().find(R"("level":"warning")"), std::string::npos);
    }
    expect_each_hold_was_released_once(2 * holds_of_a_round);
}

} // namespace
} // namespace mvm::gateway::test
