// What the gateway's tests stand on: real servers, a database for each test,
// the real program, and a client that sends exactly the bytes it is given.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <pqxx/pqxx>

namespace mvm::gateway::test {

// A variable that ./mvm test exports; the test fails with advice when it is not set.
std::string required_environment(const char *name);

// Polls `condition` until it holds; false when it does not within `limit`.
bool eventually(const std::function<bool()> &condition,
                std::chrono::milliseconds limit = std::chrono::seconds(20));

// Runs scripts/servers.sh: control_server("postgres", "restart").
void control_server(const std::string &server, const std::string &action);
// Makes sure that a server runs again however a test ends.
struct ServerRunsAgain {
    explicit ServerRunsAgain(std::string server) : name(std::move(server)) {}
    ~ServerRunsAgain() { control_server(name, "start"); }
    ServerRunsAgain(const ServerRunsAgain &) = delete;
    ServerRunsAgain &operator=(const ServerRunsAgain &) = delete;
    const std::string name;
};

// Stands still until the end of the block, however that is reached: a stopped
// server process would hang every test after this one.
struct StoppedProcess {
    explicit StoppedProcess(pid_t process);
    ~StoppedProcess();
    StoppedProcess(const StoppedProcess &) = delete;
    StoppedProcess &operator=(const StoppedProcess &) = delete;
    const pid_t id;
};

// A database of its own with the sample market and a role with the gateway's privileges; dropped
// at the end.
class MarketDatabase {
public:
    MarketDatabase();
    ~MarketDatabase();
    MarketDatabase(const MarketDatabase &) = delete;
    MarketDatabase &operator=(const MarketDatabase &) = delete;

    const std::string &name() const { return name_; }
    const std::string &role() const { return name_; }
    const std::string &password() const { return name_; }

    // Takes every privilege from the role and gives it a set of mvm_grant().
    void grant_only(const std::string &privilege_set);

    // How the superuser connects to it.
    std::string superuser_connection() const;
    // The first value of the first row, as the superuser; "" for null.
    std::string sql(const std::string &statement);

private:
    std::string name_;
};

using Environment = std::map<std::string, std::string>;

// The gateway's program as a process of its own.
class GatewayProcess {
public:
    explicit GatewayProcess(const Environment &environment);
    ~GatewayProcess();
    GatewayProcess(const GatewayProcess &) = delete;
    GatewayProcess &operator=(const GatewayProcess &) = delete;

    // Waits until it listens, and returns the port; 0 when it ended instead.
    int wait_until_listening();
    int port() const { return port_; }
    pid_t pid() const { return pid_; }
    std::string log() const;
    std::vector<nlohmann::json> log_lines() const;
    void signal(int number) const;
    // Waits for its end; the exit code, or 1000 + the signal that ended it, or
    // -1 when it did not end in time.
    int wait(std::chrono::milliseconds limit = std::chrono::seconds(20));

private:
    pid_t pid_ = -1;
    int port_ = 0;
    std::string log_path_;
};

struct Answer {
    int status = 0;
    std::map<std::string, std::string> headers; // names in lower case
    std::string body;

    nlohmann::json json() const { return nlohmann::json::parse(body); }
};

using Headers = std::vector<std::pair<std::string, std::string>>;

// One HTTP connection. Throws std::runtime_error when it breaks.
class Client {
public:
    explicit Client(int port);
    ~Client();
    Client(const Client &) = delete;
    Client &operator=(const Client &) = delete;

    Answer get(const std::string &path, const Headers &headers = {});
    Answer post(const std::string &path, const std::string &body, const Headers &headers = {});
    Answer patch(const std::string &path, const std::string &body, const Headers &headers = {});
    Answer put(const std::string &path, const std::string &body, const Headers &headers = {});
    Answer request(const std::string &method, const std::string &path, const std::string &body,
                   const Headers &headers);

    void send(std::string_view bytes);
    // `has_body` is false for the answer to a HEAD.
    Answer receive(bool has_body = true);
    // Whether the server closes the connection within `limit`.
    bool is_closed_within(std::chrono::milliseconds limit);

private:
    Answer send_json(const std::string &method, const std::string &path, const std::string &body,
                     const Headers &headers);
    std::size_t fill();

    int socket_;
    std::string received_;
};

// A seeded market with a gateway in front.
class RestTest : public ::testing::Test {
protected:
    void SetUp() override;
    void TearDown() override;

    // What the gateway is started with; a suite may change it before it starts.
    virtual Environment environment() const;
    void start_gateway();

    Answer get(const std::string &path) { return client_->get(path); }
    Answer post(const std::string &path, const std::string &body, const Headers &headers = {})
    {
        return client_->post(path, body, headers);
    }
    Answer patch(const std::string &path, const std::string &body)
    {
        return client_->patch(path, body);
    }
    Answer put(const std::string &path, const std::string &body)
    {
        return client_->put(path, body);
    }
    Answer buy(const std::string &body, const Headers &headers = {})
    {
        return post("/api/v1/buy", body, headers);
    }
    Answer exchange(const std::string &body, const Headers &headers = {})
    {
        return post("/api/v1/exchange", body, headers);
    }
    // The value of a metric's line, up to its value; 0 when it is not there.
    double metric(const std::string &series);
    bool wait_for_redis();
    double hits() { return metric("mvm_cache_hits_total"); }
    // Reads twice: the second time from Redis, which must be in use.
    void warm(const std::string &path);
    bool is_cached(const std::string &path);
    // The process id of a backend of the gateway that waits for a lock; "" when
    // none does within the time of `eventually`.
    std::string waiting_backend();

    std::unique_ptr<MarketDatabase> database_;
    std::unique_ptr<GatewayProcess> gateway_;
    std::unique_ptr<Client> client_;
};

// A number in a request that is a JSON number but can be no amount, with the code that says so.
struct BadAmount {
    const char *text;
    const char *code;
};
inline constexpr BadAmount bad_amounts[] = {
    {"0", "invalid_amount"},          {"-1", "invalid_amount"},
    {"0.001", "invalid_amount"},      {"1e-300", "invalid_amount"},
    {"1.005", "invalid_amount"},      {"1.00000002", "invalid_amount"},
    {"1e300", "amount_out_of_range"}, {"92233720368547758.08", "amount_out_of_range"},
    {"1e400", "amount_out_of_range"}, {"1e99999999999", "amount_out_of_range"},
};
// What a field of an integer beyond no bound refuses.
inline constexpr const char *bad_integers[] = {
    "\"1\"", "null", "1.0", "true", "[]", "{}", "9223372036854775808"};
inline constexpr const char *bad_numbers[] = {"\"1\"", "null", "true", "[]", "{}"};

// The members of a universe's body that say that it has no rules.
inline constexpr const char *no_rules =
    R"("trade_open":true,"exchange_open":true,"sale_fee_rate":0,"exchange_fee_rate":0,)"
    R"("min_amount":null,"max_amount":null,"max_quantity":null,)"
    R"("max_hold_ttl_seconds":86400,"max_quote_ttl_seconds":300,)"
    R"("max_open_holds":100,"max_open_quotes":100)";

// An item's body as it is in a list, which leaves its metadata out.
std::string in_a_list(const std::string &item);

// Asserts that `answer` is 422 and names the field.
void expect_names_field(const Answer &answer, const std::string &field);

// Asserts that `answer` is a problem of this status and code, whose detail
// begins with `detail`.
void expect_problem(const Answer &answer, int status, const std::string &code,
                    const std::string &detail);

} // namespace mvm::gateway::test
