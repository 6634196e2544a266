// Running the gateway: configuration that stops the start, logs, metrics, health, stopping.
#include <csignal>
#include <thread>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support.hpp"

namespace mvm::gateway::test {
namespace {

class Operations : public RestTest {};

class Start : public RestTest {
protected:
    void SetUp() override { database_ = std::make_unique<MarketDatabase>(); }

    // Starts with one variable changed; the log when it ended, with its exit code.
    std::pair<int, std::string> start_with(const std::string &name, const std::string &value)
    {
        Environment variables = environment();
        variables[name] = value;
        GatewayProcess process(variables);
        const int code = process.wait();
        return {code, process.log()};
    }
};

TEST_F(Start, stops_with_one_clear_line_when_a_value_cannot_be_honoured)
{
    for (const auto &[name, value] :
         std::vector<std::pair<std::string, std::string>>{{"APP__PORT", "http"},
                                                          {"DB_POOL_SIZE", "many"},
                                                          {"REDIS__SSL", "true"},
                                                          {"APP__LOG_LEVEL", "chatty"}}) {
        const auto [code, log] = start_with(name, value);
        EXPECT_EQ(code, 2) << name;
        EXPECT_TRUE(log.starts_with("mvm-gateway: " + name + "='" + value + "' cannot be used"))
            << log;
        EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
    }
}

TEST_F(Start, stops_when_the_port_is_taken)
{
    start_gateway();
    const std::string port = std::to_string(gateway_->port());
    const auto [code, log] = start_with("APP__PORT", port);
    EXPECT_EQ(code, 2);
    EXPECT_TRUE(
        log.starts_with("mvm-gateway: cannot listen on APP__HOST=127.0.0.1 APP__PORT=" + port))
        << log;
}

TEST_F(Start, succeeds_without_postgresql_and_answers_503)
{
    Environment variables = environment();
    variables["DB__PORT"] = "1";
    GatewayProcess process(variables);
    ASSERT_NE(process.wait_until_listening(), 0);
    Client client(process.port());
    EXPECT_EQ(client.get("/health").status, 200);
    EXPECT_EQ(client.get("/livez").status, 200);
    for (const char *path : {"/readyz", "/api/v1/users/1"}) {
        const Answer answer = client.get(path);
        expect_problem(answer, 503, "unavailable", "PostgreSQL is away");
        EXPECT_GE(std::stoi(answer.headers.at("retry-after")), 1);
    }
}

TEST_F(Start, without_the_extension_answers_503_and_recovers_when_it_is_there)
{
    database_->sql("DROP EXTENSION mvm");
    start_gateway();
    const Answer answer = get("/api/v1/users/1");
    EXPECT_EQ(answer.status, 503) << answer.body;
    EXPECT_EQ(answer.body.find("mvm."), std::string::npos) << answer.body;
    database_->sql("CREATE EXTENSION mvm");
    database_->sql("SELECT mvm_seed()");
    database_->sql("SELECT mvm_grant('" + database_->role() + "', 'gateway')");
    EXPECT_TRUE(eventually([this] { return get("/api/v1/users/1").status == 200; }));
}

TEST_F(Operations, health_checks_answer)
{
    EXPECT_EQ(get("/health").body, R"({"status":"healthy"})");
    EXPECT_EQ(get("/livez").status, 200);
    ASSERT_TRUE(wait_for_redis());
    const Answer ready = get("/readyz");
    EXPECT_EQ(ready.status, 200);
    EXPECT_EQ(ready.json()["redis"], "up");
}

TEST_F(Operations, log_one_structured_line_for_each_request)
{
    client_->get("/api/v1/users/1?x=1", {{"X-Request-Id", "find-me"}});
    const auto logged = [this](const std::string &id) {
        for (const nlohmann::json &line : gateway_->log_lines()) {
            if (line.value("request_id", "") == id) {
                return line;
            }
        }
        return nlohmann::json();
    };
    ASSERT_TRUE(eventually([&] { return !logged("find-me").is_null(); }));
    const nlohmann::json line = logged("find-me");
    EXPECT_EQ(line["method"], "GET");
    EXPECT_EQ(line["route"], "/api/v1/users/{user_id}");
    EXPECT_EQ(line["path"], "/api/v1/users/1");
    EXPECT_EQ(line["status"], 200);
    EXPECT_EQ(line["level"], "info");
    EXPECT_GT(line["duration_ms"].get<double>(), 0);
    EXPECT_GT(line["bytes"].get<int>(), 0);
    EXPECT_TRUE(line["time"].get<std::string>().ends_with("Z"));

    // Whatever is in a path, a line stays one line of JSON.
    client_->get("/%0a%22%00%ff", {{"X-Request-Id", "strange"}});
    ASSERT_TRUE(eventually([&] { return !logged("strange").is_null(); }));
    EXPECT_EQ(logged("strange")["status"], 404);
}

TEST_F(Operations, count_requests_durations_cache_and_pool)
{
    ASSERT_TRUE(wait_for_redis());
    get("/api/v1/users/1");
    get("/api/v1/users/1");
    get("/api/v1/users/999");
    post("/api/v1/buy", "{}");
    get("/nope");
    const std::string user = R"({method="GET",route="/api/v1/users/{user_id}",status=)";
    EXPECT_EQ(metric("mvm_http_requests_total" + user + "\"200\"}"), 2);
    EXPECT_EQ(metric("mvm_http_requests_total" + user + "\"404\"}"), 1);
    EXPECT_EQ(metric("mvm_http_request_duration_seconds_count" + user + "\"200\"}"), 2);
    EXPECT_EQ(metric(R"(mvm_http_requests_total{method="POST",route="/api/v1/buy",status="422"})"),
              1);
    EXPECT_EQ(metric(R"(mvm_http_requests_total{method="",route="none",status="404"})"), 1);
    EXPECT_EQ(metric("mvm_cache_hits_total"), 1);
    EXPECT_EQ(metric("mvm_cache_misses_total"), 2);
    EXPECT_EQ(metric("mvm_pool_size{pool=\"reads\"}"), 10);
    EXPECT_EQ(metric("mvm_pool_in_use{pool=\"reads\"}"), 0);
    EXPECT_GE(metric("mvm_pool_opened_total{pool=\"reads\"}"), 1);
    EXPECT_TRUE(
        get("/metrics").headers.at("content-type").starts_with("text/plain; version=0.0.4"));
}

TEST_F(Operations, sigterm_and_sigint_end_it_with_exit_code_0)
{
    for (const int number : {SIGTERM, SIGINT}) {
        GatewayProcess process(environment());
        ASSERT_NE(process.wait_until_listening(), 0);
        Client idle(process.port());
        EXPECT_EQ(idle.get("/health").status, 200);
        process.signal(number);
        EXPECT_TRUE(idle.is_closed_within(std::chrono::seconds(5)));
        EXPECT_EQ(process.wait(std::chrono::seconds(5)), 0);
    }
}

TEST_F(Operations, sigterm_finishes_what_is_in_flight)
{
    // A lock held elsewhere keeps the purchase waiting.
    pqxx::connection other("host=127.0.0.1 port=" + required_environment("PGPORT") +
                           " user=" + required_environment("PGUSER") +
                           " password=" + required_environment("MVM_TEST_PASSWORD") +
                           " dbname=" + database_->name());
    pqxx::work lock(other);
    lock.exec("SELECT FROM mvm.item WHERE id = 1 FOR UPDATE");
    client_->send("POST /api/v1/buy HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                  "Content-Length: 39\r\n\r\n{\"buyer_id\":1,\"item_id\":1,\"quantity\":1}");
    ASSERT_TRUE(eventually([this] {
        return database_->sql("SELECT count(*) FROM pg_stat_activity"
                              " WHERE application_name = 'mvm-gateway' AND wait_event_type = 'Lock'"
                              " AND datname = current_database()") == "1";
    }));
    gateway_->signal(SIGTERM);
    ASSERT_TRUE(eventually([this] {
        try {
            Client refused(gateway_->port());
            return false;
        } catch (const std::runtime_error &) {
            return true;
        }
    }));
    lock.commit();
    const Answer answer = client_->receive();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.headers.at("connection"), "close");
    EXPECT_EQ(gateway_->wait(std::chrono::seconds(5)), 0);
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm.trades"), "1");
}

} // namespace
} // namespace mvm::gateway::test
