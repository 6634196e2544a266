// PostgreSQL stopped, killed, frozen and slow.
#include <thread>

#include "limits.hpp"
#include "support.hpp"

namespace mvm::gateway::test {
namespace {

class PostgreSQL : public RestTest {
protected:
    bool recovers()
    {
        return eventually([this] { return get("/readyz").status == 200; });
    }

    std::unique_ptr<pqxx::connection> superuser() const
    {
        return std::make_unique<pqxx::connection>(
            "host=127.0.0.1 port=" + required_environment("PGPORT") +
            " user=" + required_environment("PGUSER") + " password=" +
            required_environment("MVM_TEST_PASSWORD") + " dbname=" + database_->name());
    }
};

const std::string buy_one = R"({"buyer_id":1,"item_id":1,"quantity":1})";

TEST_F(PostgreSQL, away_means_503_with_retry_after_and_back_means_recovery)
{
    const ServerRunsAgain guard("postgres");
    control_server("postgres", "stop");
    for (int count = 0; count < 5; ++count) {
        const Answer answer = post("/api/v1/buy", buy_one);
        expect_problem(answer, 503, "unavailable", "PostgreSQL is away");
        EXPECT_TRUE(answer.headers.contains("retry-after"));
    }
    EXPECT_EQ(get("/readyz").status, 503);
    EXPECT_EQ(get("/health").status, 200);
    control_server("postgres", "start");
    EXPECT_TRUE(recovers());
    EXPECT_EQ(post("/api/v1/buy", buy_one).status, 200);
}

TEST_F(PostgreSQL, restarted_between_two_requests_is_not_noticed)
{
    const ServerRunsAgain guard("postgres");
    ASSERT_EQ(post("/api/v1/buy", buy_one).status, 200);
    control_server("postgres", "restart");
    EXPECT_EQ(post("/api/v1/buy", buy_one).status, 200);
    control_server("postgres", "kill");
    control_server("postgres", "start");
    EXPECT_EQ(post("/api/v1/buy", buy_one).status, 200);
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm.trades"), "3");
    EXPECT_GE(metric("mvm_pool_lost_total{pool=\"writes\"}"), 2);
}

TEST_F(PostgreSQL, connection_lost_in_a_purchase_means_503_that_says_so)
{
    const auto other = superuser();
    pqxx::work lock(*other);
    lock.exec("SELECT FROM mvm.item WHERE id = 1 FOR UPDATE");
    client_->send("POST /api/v1/buy HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                  "Content-Length: " +
                  std::to_string(buy_one.size()) + "\r\n\r\n" + buy_one);
    const std::string backend = waiting_backend();
    ASSERT_FALSE(backend.empty());
    database_->sql("SELECT pg_terminate_backend(" + backend + ")");
    const Answer answer = client_->receive();
    expect_problem(answer, 503, "unavailable", "The connection to PostgreSQL was lost");
    EXPECT_NE(answer.body.find("Idempotency-Key"), std::string::npos);
    lock.commit();
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm.trades"), "0") << "it was not repeated";
    EXPECT_EQ(post("/api/v1/buy", buy_one).status, 200);
}

TEST_F(PostgreSQL, connection_lost_in_a_purchase_with_a_key_is_repeated_and_happens_once)
{
    const auto other = superuser();
    pqxx::work lock(*other);
    lock.exec("SELECT FROM mvm.item WHERE id = 1 FOR UPDATE");
    client_->send("POST /api/v1/buy HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                  "Idempotency-Key: once\r\nContent-Length: " +
                  std::to_string(buy_one.size()) + "\r\n\r\n" + buy_one);
    const std::string backend = waiting_backend();
    ASSERT_FALSE(backend.empty());
    database_->sql("SELECT pg_terminate_backend(" + backend + ")");
    EXPECT_NE(waiting_backend(), backend);
    lock.commit();
    EXPECT_EQ(client_->receive().status, 200);
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm.trades"), "1");
}

TEST_F(PostgreSQL, connection_lost_in_a_read_is_not_noticed)
{
    const auto other = superuser();
    pqxx::work lock(*other);
    lock.exec("LOCK TABLE mvm.user_account IN ACCESS EXCLUSIVE MODE");
    client_->send("GET /api/v1/users/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string backend = waiting_backend();
    ASSERT_FALSE(backend.empty());
    database_->sql("SELECT pg_terminate_backend(" + backend + ")");
    lock.commit();
    EXPECT_EQ(client_->receive().status, 200);
}

TEST_F(PostgreSQL, waiting_too_long_for_a_lock_means_503_and_nothing_done)
{
    const auto other = superuser();
    pqxx::work lock(*other);
    lock.exec("SELECT FROM mvm.item WHERE id = 1 FOR UPDATE");
    const auto began = std::chrono::steady_clock::now();
    expect_problem(post("/api/v1/buy", buy_one), 503, "unavailable",
                   "PostgreSQL cannot do this now; nothing was changed");
    EXPECT_LT(std::chrono::steady_clock::now() - began,
              std::chrono::milliseconds(limits::statement_ms + 2'000));
    lock.commit();
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm.trades"), "0");
}

// Neither an answer nor the end of the connection, as when the network is cut.
TEST_F(PostgreSQL, a_backend_that_stands_still_does_not_hang_the_request)
{
    ASSERT_EQ(post("/api/v1/buy", buy_one).status, 200);
    const std::string pid = database_->sql("SELECT pid FROM pg_stat_activity"
                                           " WHERE application_name = 'mvm-gateway'"
                                           " AND datname = current_database()"
                                           " AND query LIKE '%mvm_buy(%' LIMIT 1");
    ASSERT_FALSE(pid.empty());
    const auto backend = static_cast<pid_t>(std::stoi(pid));
    const StoppedProcess stopped(backend);
    const auto began = std::chrono::steady_clock::now();
    const Answer answer = post("/api/v1/buy", buy_one);
    const auto took = std::chrono::steady_clock::now() - began;
    expect_problem(answer, 503, "unavailable", "The connection to PostgreSQL was lost");
    EXPECT_LT(took, std::chrono::milliseconds(limits::database_stuck_ms + 2'000));
    EXPECT_EQ(get("/api/v1/users/2").status, 200);
}

TEST_F(PostgreSQL, all_connections_in_use_means_503_after_a_bounded_wait)
{
    const auto other = superuser();
    pqxx::work lock(*other);
    lock.exec("LOCK TABLE mvm.journal IN ACCESS EXCLUSIVE MODE");
    std::vector<std::unique_ptr<Client>> clients;
    for (int count = 0; count < 10; ++count) {
        clients.push_back(std::make_unique<Client>(gateway_->port()));
        clients.back()->send("GET /api/v1/trades/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    ASSERT_TRUE(eventually([this] { return metric("mvm_pool_in_use{pool=\"reads\"}") == 10; }));
    const auto began = std::chrono::steady_clock::now();
    const Answer answer = get("/api/v1/users/3");
    EXPECT_LT(std::chrono::steady_clock::now() - began,
              std::chrono::milliseconds(limits::database_wait_ms + 1'000));
    expect_problem(answer, 503, "unavailable", "All connections to PostgreSQL are in use");
    EXPECT_GE(metric("mvm_pool_wait_timeouts_total{pool=\"reads\"}"), 1);
    lock.commit();
    for (auto &client : clients) {
        EXPECT_EQ(client->receive().status, 200);
    }
}

TEST_F(PostgreSQL, changed_under_prepared_statements_is_not_noticed)
{
    ASSERT_EQ(get("/api/v1/universes").status, 200);
    database_->sql("DROP EXTENSION mvm");
    database_->sql("CREATE EXTENSION mvm");
    database_->sql("SELECT mvm_seed()");
    database_->sql("SELECT mvm_grant('" + database_->role() + "', 'gateway')");
    EXPECT_EQ(post("/api/v1/buy", buy_one).status, 200);
    EXPECT_EQ(get("/api/v1/users/1").json()["balance"], 995);
}

} // namespace
} // namespace mvm::gateway::test
