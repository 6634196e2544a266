#include "support.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mvm::gateway::test {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::string required_environment(const char *name)
{
    const char *value = std::getenv(name);
    if (value == nullptr || *value == '\0') {
        throw std::runtime_error(std::string(name) +
                                 " is not set: these tests need servers, run ./mvm test");
    }
    return value;
}

bool eventually(const std::function<bool()> &condition, milliseconds limit)
{
    const auto deadline = steady_clock::now() + limit;
    while (!condition()) {
        if (steady_clock::now() > deadline) {
            return false;
        }
        std::this_thread::sleep_for(milliseconds(5));
    }
    return true;
}

void control_server(const std::string &server, const std::string &action)
{
    const bool is_postgres = server == "postgres";
    const std::string command =
        "'" + required_environment("MVM_TEST_SERVERS") + "' " + server + " " + action + " '" +
        required_environment(is_postgres ? "MVM_TEST_POSTGRES_DIR" : "MVM_TEST_REDIS_DIR") + "' " +
        required_environment(is_postgres ? "PGPORT" : "MVM_TEST_REDIS_PORT") + " >&2";
    if (std::system(command.c_str()) != 0) {
        throw std::runtime_error("failed: " + command);
    }
}

StoppedProcess::StoppedProcess(pid_t process) : id(process)
{
    if (::kill(id, SIGSTOP) != 0) {
        throw std::runtime_error("cannot stop process " + std::to_string(id));
    }
}

StoppedProcess::~StoppedProcess()
{
    ::kill(id, SIGCONT);
}

// ---------------------------------------------------------------------------
// PostgreSQL
// ---------------------------------------------------------------------------

namespace {

std::string connection_as_superuser(const std::string &database)
{
    return "host=" + required_environment("PGHOST") + " port=" + required_environment("PGPORT") +
           " user=" + required_environment("PGUSER") +
           " password=" + required_environment("MVM_TEST_PASSWORD") + " dbname=" + database +
           " application_name=mvm-gateway-test";
}

std::string run_sql(const std::string &database, const std::string &statement)
{
    pqxx::connection connection(connection_as_superuser(database));
    pqxx::nontransaction transaction(connection);
    const pqxx::result result = transaction.exec(statement);
    return result.empty() || result.columns() == 0 || result[0][0].is_null() ? ""
                                                                             : result[0][0].c_str();
}

std::string unused_name()
{
    static std::atomic<int> count{0};
    return "mvm_gateway_test_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
}

} // namespace

MarketDatabase::MarketDatabase() : name_(unused_name())
{
    run_sql("postgres", "CREATE DATABASE " + name_);
    sql("CREATE EXTENSION mvm");
    sql("SELECT mvm_seed()");
    sql("CREATE ROLE " + role() + " LOGIN PASSWORD '" + password() + "'");
    sql("SELECT mvm_grant('" + role() + "', 'gateway')");
}

MarketDatabase::~MarketDatabase()
{
    run_sql("postgres", "DROP DATABASE " + name_ + " WITH (FORCE)");
    run_sql("postgres", "DROP ROLE " + name_);
}

std::string MarketDatabase::superuser_connection() const
{
    return connection_as_superuser(name_);
}

void MarketDatabase::grant_only(const std::string &privilege_set)
{
    sql("SELECT mvm_grant('" + role() + "', '" + privilege_set + "')");
}

std::string MarketDatabase::sql(const std::string &statement)
{
    return run_sql(name_, statement);
}

// ---------------------------------------------------------------------------
// The gateway
// ---------------------------------------------------------------------------

GatewayProcess::GatewayProcess(const Environment &environment)
{
    char path[] = "/tmp/mvm-gateway-test-XXXXXX";
    const int log_file = ::mkstemp(path);
    if (log_file < 0) {
        throw std::runtime_error("no log file");
    }
    log_path_ = path;

    const std::string program = required_environment("MVM_TEST_GATEWAY");
    std::vector<std::string> settings;
    for (const auto &[name, value] : environment) {
        settings.push_back(name + "=" + value);
    }
    std::vector<char *> pointers;
    for (std::string &setting : settings) {
        pointers.push_back(setting.data());
    }
    pointers.push_back(nullptr);
    std::string name = program;
    char *arguments[] = {name.data(), nullptr};

    pid_ = ::fork();
    if (pid_ == 0) {
        ::dup2(log_file, STDOUT_FILENO);
        ::dup2(log_file, STDERR_FILENO);
        ::execve(program.c_str(), arguments, pointers.data());
        ::_exit(127);
    }
    ::close(log_file);
    if (pid_ < 0) {
        throw std::runtime_error("fork failed");
    }
}

GatewayProcess::~GatewayProcess()
{
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    ::unlink(log_path_.c_str());
}

int GatewayProcess::wait_until_listening()
{
    eventually([this] {
        for (const nlohmann::json &line : log_lines()) {
            if (line.value("message", "") == "listening") {
                port_ = line["port"].get<int>();
            }
        }
        siginfo_t ended{};
        ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT);
        return port_ != 0 || ended.si_pid == pid_;
    });
    return port_;
}

std::string GatewayProcess::log() const
{
    std::ifstream file(log_path_);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::vector<nlohmann::json> GatewayProcess::log_lines() const
{
    std::vector<nlohmann::json> lines;
    std::istringstream text(log());
    for (std::string line; std::getline(text, line);) {
        nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
        if (!json.is_discarded()) {
            lines.push_back(std::move(json));
        }
    }
    return lines;
}

void GatewayProcess::signal(int number) const
{
    ::kill(pid_, number);
}

int GatewayProcess::wait(milliseconds limit)
{
    int status = 0;
    if (!eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; }, limit)) {
        return -1;
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

// ---------------------------------------------------------------------------
// HTTP
// ---------------------------------------------------------------------------

Client::Client(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int yes = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    const timeval limit{30, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (::connect(socket_, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0) {
        ::close(socket_);
        throw std::runtime_error("cannot connect to the gateway");
    }
}

Client::~Client()
{
    ::close(socket_);
}

Answer Client::get(const std::string &path, const Headers &headers)
{
    return request("GET", path, "", headers);
}

Answer Client::post(const std::string &path, const std::string &body, const Headers &headers)
{
    return send_json("POST", path, body, headers);
}

Answer Client::put(const std::string &path, const std::string &body, const Headers &headers)
{
    return send_json("PUT", path, body, headers);
}

Answer Client::patch(const std::string &path, const std::string &body, const Headers &headers)
{
    return send_json("PATCH", path, body, headers);
}

Answer Client::send_json(const std::string &method, const std::string &path,
                         const std::string &body, const Headers &headers)
{
    Headers all = headers;
    const bool typed = std::any_of(headers.begin(), headers.end(), [](const auto &header) {
        return header.first == "Content-Type";
    });
    if (!typed) {
        all.emplace_back("Content-Type", "application/json");
    }
    return request(method, path, body, all);
}

Answer Client::request(const std::string &method, const std::string &path, const std::string &body,
                       const Headers &headers)
{
    std::string text = method + " " + path + " HTTP/1.1\r\nHost: test\r\n";
    for (const auto &[name, value] : headers) {
        text += name + ": " + value + "\r\n";
    }
    if (!body.empty() || method == "POST") {
        text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    }
    send(text + "\r\n" + body);
    return receive(method != "HEAD");
}

void Client::send(std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
            throw std::runtime_error("the connection broke while sending");
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::size_t Client::fill()
{
    char buffer[64 * 1024];
    ssize_t count = 0;
    do {
        count = ::recv(socket_, buffer, sizeof buffer, 0);
    } while (count < 0 && errno == EINTR);
    if (count > 0) {
        received_.append(buffer, static_cast<std::size_t>(count));
    }
    return count > 0 ? static_cast<std::size_t>(count) : 0;
}

Answer Client::receive(bool has_body)
{
    std::size_t end = 0;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
        if (fill() == 0) {
            throw std::runtime_error("the connection broke before an answer");
        }
    }
    std::istringstream head(received_.substr(0, end + 2));
    received_.erase(0, end + 4);
    Answer answer;
    std::string version;
    head >> version >> answer.status;
    std::string line;
    std::getline(head, line);
    while (std::getline(head, line) && line != "\r") {
        const std::size_t colon = line.find(':');
        std::string name = line.substr(0, colon);
        std::transform(name.begin(), name.end(), name.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        answer.headers[name] = line.substr(colon + 2, line.size() - colon - 3);
    }
    if (!has_body || answer.status == 100) {
        return answer;
    }
    const std::size_t length = std::stoul(answer.headers.at("content-length"));
    while (received_.size() < length) {
        if (fill() == 0) {
            throw std::runtime_error("the connection broke inside an answer");
        }
    }
    answer.body = received_.substr(0, length);
    received_.erase(0, length);
    return answer;
}

bool Client::is_closed_within(milliseconds limit)
{
    const auto deadline = steady_clock::now() + limit;
    for (;;) {
        const auto left =
            std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now()).count();
        pollfd socket{socket_, POLLIN, 0};
        if (left <= 0 || ::poll(&socket, 1, static_cast<int>(left)) <= 0) {
            return false;
        }
        if (fill() == 0) {
            return true;
        }
    }
}

// ---------------------------------------------------------------------------
// The fixture
// ---------------------------------------------------------------------------

Environment RestTest::environment() const
{
    return {
        {"APP__PORT", "0"},
        {"APP__ENVIRONMENT", "test"},
        {"DB__HOST", "127.0.0.1"},
        {"DB__PORT", required_environment("PGPORT")},
        {"DB__USER", database_->role()},
        {"DB__PASSWORD", database_->password()},
        {"DB__NAME", database_->name()},
        {"DB__SSL", "false"},
        {"REDIS__PORT", required_environment("MVM_TEST_REDIS_PORT")},
        {"REDIS_CACHE_TTL", "300"},
        {"HOLD_SWEEP_INTERVAL", "0"}, // tests count writes
    };
}

void RestTest::SetUp()
{
    database_ = std::make_unique<MarketDatabase>();
    start_gateway();
}

void RestTest::start_gateway()
{
    gateway_ = std::make_unique<GatewayProcess>(environment());
    const int port = gateway_->wait_until_listening();
    ASSERT_NE(port, 0) << gateway_->log();
    client_ = std::make_unique<Client>(port);
}

void RestTest::TearDown()
{
    client_.reset();
    if (gateway_ && HasFailure()) {
        std::cerr << gateway_->log();
    }
    gateway_.reset();
    database_.reset();
}

double RestTest::metric(const std::string &series)
{
    Client client(gateway_->port());
    const std::string text = "\n" + client.get("/metrics").body;
    const std::size_t at = text.find("\n" + series + " ");
    return at == std::string::npos ? 0 : std::stod(text.substr(at + series.size() + 2));
}

std::string RestTest::waiting_backend()
{
    std::string pid;
    eventually([&] {
        pid = database_->sql("SELECT pid FROM pg_stat_activity"
                             " WHERE application_name = 'mvm-gateway'"
                             " AND datname = current_database()"
                             " AND wait_event_type = 'Lock' LIMIT 1");
        return !pid.empty();
    });
    return pid;
}

void RestTest::warm(const std::string &path)
{
    get(path);
    ASSERT_TRUE(is_cached(path)) << path;
}

bool RestTest::is_cached(const std::string &path)
{
    const double before = hits();
    get(path);
    return hits() == before + 1;
}

bool RestTest::wait_for_redis()
{
    return eventually([this] { return metric("mvm_cache_available") == 1; });
}

std::string in_a_list(const std::string &item)
{
    return item.substr(0, item.find(R"(,"metadata":)")) + "}";
}

void expect_names_field(const Answer &answer, const std::string &field)
{
    expect_problem(answer, 422, "invalid_argument", "Invalid argument: " + field + ":");
}

void expect_problem(const Answer &answer, int status, const std::string &code,
                    const std::string &detail)
{
    EXPECT_EQ(answer.status, status) << answer.body;
    ASSERT_TRUE(answer.headers.contains("content-type"));
    EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
    const nlohmann::ordered_json problem = nlohmann::ordered_json::parse(answer.body);
    std::vector<std::string> members;
    for (const auto &member : problem.items()) {
        members.push_back(member.key());
    }
    EXPECT_EQ(members, (std::vector<std::string>{"type", "title", "status", "detail", "code"}));
    EXPECT_EQ(problem["status"], status);
    EXPECT_EQ(problem["code"], code);
    EXPECT_FALSE(problem["title"].get<std::string>().empty());
    EXPECT_TRUE(problem["detail"].get<std::string>().starts_with(detail)) << answer.body;
}

} // namespace mvm::gateway::test
