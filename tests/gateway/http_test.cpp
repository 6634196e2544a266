// HTTP itself: methods, limits, malformed requests, connections.
#include <set>
#include <sstream>
#include <thread>

#include "limits.hpp"
#include "endpoints.hpp"
#include "support.hpp"

namespace mvm::gateway::test {
namespace {

class Http : public RestTest {
protected:
    // Sends bytes on a connection of their own and expects a problem, then the end.
    void expect_refused(const std::string &bytes, int status)
    {
        Client client(gateway_->port());
        client.send(bytes);
        const Answer answer = client.receive();
        EXPECT_EQ(answer.status, status) << bytes.substr(0, 200) << "\n" << answer.body;
        EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
        EXPECT_EQ(answer.json()["status"], status);
        EXPECT_EQ(answer.headers.at("connection"), "close");
        EXPECT_TRUE(client.is_closed_within(std::chrono::seconds(5))) << bytes.substr(0, 200);
    }
};

const std::string buy_request =
    "POST /api/v1/buy HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
const std::string buy_one = R"({"buyer_id":1,"item_id":1,"quantity":1})";

TEST_F(Http, unknown_paths_are_404)
{
    for (const char *path :
         {"/nope", "/api/v1", "/api/v1/items/", "/api/v1/trades", "//", "/api/v1/users/1/x",
          "/API/v1/items", "/api/v1/universes/1/", "/api/v1/deposits/1"}) {
        expect_problem(get(path), 404, "not_found", "There is nothing at this path");
    }
}

TEST_F(Http, a_wrong_method_is_405_with_allow)
{
    std::map<std::string, std::set<std::string>> methods;
    for (const Endpoint &endpoint : endpoints()) {
        std::string path(endpoint.pattern);
        const std::size_t open = path.find('{');
        if (open != std::string::npos) {
            path.replace(open, path.find('}') - open + 1, "1");
        }
        methods[path].emplace(endpoint.method);
        if (endpoint.method == "GET") {
            methods[path].emplace("HEAD");
        }
    }
    for (const auto &[path, allowed] : methods) {
        for (const std::string method :
             {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"}) {
            if (allowed.contains(method)) {
                continue;
            }
            Client client(gateway_->port());
            const Answer answer = client.request(method, path, "", {});
            expect_problem(answer, 405, "method_not_allowed", "This path answers ");
            std::set<std::string> named;
            std::istringstream allow(answer.headers.at("allow"));
            for (std::string name; std::getline(allow >> std::ws, name, ',');) {
                EXPECT_TRUE(named.insert(name).second) << path << " " << name;
            }
            EXPECT_EQ(named, allowed) << path;
        }
    }
}

TEST_F(Http, head_answers_as_get_without_a_body)
{
    for (const char *path :
         {"/health", "/api/v1/users/1", "/api/v1/items?limit=1", "/docs", "/api/v1/users/999"}) {
        const Answer whole = get(path);
        const Answer head = client_->request("HEAD", path, "", {});
        EXPECT_EQ(head.status, whole.status);
        EXPECT_EQ(head.headers.at("content-length"), std::to_string(whole.body.size()));
        EXPECT_EQ(head.headers.at("content-type"), whole.headers.at("content-type"));
        EXPECT_FALSE(head.headers.contains("accept-ranges"));
    }
}

TEST_F(Http, refuses_malformed_requests_and_closes)
{
    using namespace std::string_literals;
    for (const std::string &bytes :
         {"\r\n\r\nGARBAGE\r\n\r\n"s, "GET / HTTP/1.1\nHost: x\n\n"s, "GET /\0 HTTP/1.1\r\n\r\n"s,
          "\x16\x03\x01\x02"s, "GET / HTTP/1.1\r\n\r\n"s, "GET  / HTTP/1.1\r\nHost: x\r\n\r\n"s,
          "GET / HTTP/1.1\r\nHost : x\r\n\r\n"s, "GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n"s,
          "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n"s,
          "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na"s,
          buy_request + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
          buy_request + "Content-Length: nine\r\n\r\n{}"}) {
        expect_refused(bytes, 400);
    }
    expect_refused("GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505);
    expect_refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400);
    EXPECT_EQ(get("/health").status, 200);
}

TEST_F(Http, refuses_chunked_and_encoded_bodies)
{
    expect_refused(buy_request + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 411);
    expect_refused(buy_request + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello",
                   411);
    expect_refused(buy_request + "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", 415);
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm.trades"), "0");
}

TEST_F(Http, refuses_what_is_too_large_and_the_answer_arrives)
{
    expect_refused(buy_request + "Content-Length: 65537\r\n\r\n" + std::string(65'537, ' '), 413);
    expect_refused(buy_request + "Content-Length: 65537\r\n\r\n", 413);
    expect_refused(buy_request + "Content-Length: 99999999999999999999999\r\n\r\n", 413);
    expect_refused("GET /" + std::string(9'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 414);
    expect_refused("GET /" + std::string(100'000, 'a'), 414);
    expect_refused("GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(20'000, 'a') + "\r\n\r\n", 431);
    std::string many = "GET / HTTP/1.1\r\nHost: x\r\n";
    for (int count = 0; count < 100; ++count) {
        many += "A: b\r\n";
    }
    expect_refused(many + "\r\n", 431);
}

// A connection closed under a client that still sends is reset, and the reset can overtake the
// answer.
TEST_F(Http, reads_on_for_a_while_after_a_refusal)
{
    Client client(gateway_->port());
    client.send(buy_request + "Content-Length: 900000\r\n\r\n");
    EXPECT_EQ(client.receive().status, 413);
    for (int count = 0; count < 20; ++count) {
        ASSERT_NO_THROW(client.send(std::string(10'000, ' '))) << count;
    }
}

TEST_F(Http, takes_a_body_of_exactly_64_kib)
{
    std::string body = buy_one;
    body.append(limits::body_bytes - body.size(), ' ');
    EXPECT_EQ(post("/api/v1/buy", body).status, 200);
}

TEST_F(Http, a_post_without_a_body_is_answered_at_once)
{
    const auto began = std::chrono::steady_clock::now();
    client_->send("POST /api/v1/buy HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_problem(client_->receive(), 422, "invalid_argument", "Invalid argument: body:");
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2));
}

TEST_F(Http, answers_an_expectation_before_the_body)
{
    client_->send(buy_request + "Expect: 100-continue\r\nContent-Length: " +
                  std::to_string(buy_one.size()) + "\r\n\r\n");
    EXPECT_EQ(client_->receive().status, 100);
    client_->send(buy_one);
    EXPECT_EQ(client_->receive().status, 200);
}

TEST_F(Http, answers_pipelined_requests_in_order)
{
    std::string requests;
    for (int count = 0; count < 50; ++count) {
        requests += "GET /api/v1/users/1 HTTP/1.1\r\nHost: x\r\n\r\n";
        requests += "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
        requests += buy_request + "Content-Length: 2\r\n\r\n{}";
    }
    client_->send(requests);
    for (int count = 0; count < 50; ++count) {
        EXPECT_EQ(client_->receive().json()["id"], 1);
        EXPECT_EQ(client_->receive().json()["status"], "healthy");
        EXPECT_EQ(client_->receive().status, 422);
    }
}

TEST_F(Http, reads_a_request_that_comes_byte_by_byte)
{
    const std::string text =
        buy_request + "Content-Length: " + std::to_string(buy_one.size()) + "\r\n\r\n" + buy_one;
    for (const char byte : text) {
        client_->send(std::string_view(&byte, 1));
    }
    EXPECT_EQ(client_->receive().status, 200);
}

TEST_F(Http, closes_when_asked_and_keeps_alive_otherwise)
{
    for (int count = 0; count < 20; ++count) {
        EXPECT_FALSE(get("/health").headers.contains("connection"));
    }
    Client closing(gateway_->port());
    EXPECT_EQ(closing.get("/health", {{"Connection", "close"}}).headers.at("connection"), "close");
    EXPECT_TRUE(closing.is_closed_within(std::chrono::seconds(5)));
    Client old(gateway_->port());
    old.send("GET /health HTTP/1.0\r\n\r\n");
    EXPECT_EQ(old.receive().status, 200);
    EXPECT_TRUE(old.is_closed_within(std::chrono::seconds(5)));
}

TEST_F(Http, answers_small_requests_without_delay)
{
    const auto began = std::chrono::steady_clock::now();
    for (int count = 0; count < 50; ++count) {
        // The second answer must not wait until the first is acknowledged:
        // without TCP_NODELAY it does, for 40 ms.
        client_->send(
            "GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
        ASSERT_EQ(client_->receive().status, 200);
        ASSERT_EQ(client_->receive().status, 200);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(1));
}

TEST_F(Http, a_slow_sender_is_cut_off_and_holds_nobody_up)
{
    Client slow(gateway_->port());
    const auto began = std::chrono::steady_clock::now();
    slow.send("GET /health HTTP/1.1\r\nHo");
    EXPECT_EQ(get("/health").status, 200);
    EXPECT_EQ(slow.receive().status, 408);
    const auto took = std::chrono::steady_clock::now() - began;
    EXPECT_GE(took, std::chrono::milliseconds(limits::request_read_ms - 100));
    EXPECT_LT(took, std::chrono::milliseconds(limits::request_read_ms + 5'000));
    EXPECT_TRUE(slow.is_closed_within(std::chrono::seconds(5)));
}

TEST_F(Http, serves_more_connections_than_the_database_pool_holds)
{
    std::vector<std::unique_ptr<Client>> clients;
    for (int count = 0; count < 200; ++count) {
        clients.push_back(std::make_unique<Client>(gateway_->port()));
    }
    for (auto &client : clients) {
        client->send("GET /api/v1/users/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    for (auto &client : clients) {
        EXPECT_EQ(client->receive().status, 200);
    }
}

TEST_F(Http, turns_connections_above_the_limit_away)
{
    std::vector<std::unique_ptr<Client>> clients;
    // The fixture's own connection counts.
    for (std::size_t count = 1; count < limits::connections; ++count) {
        clients.push_back(std::make_unique<Client>(gateway_->port()));
    }
    EXPECT_EQ(clients.back()->get("/health").status, 200);
    Client one_too_many(gateway_->port());
    const Answer answer = one_too_many.receive();
    EXPECT_EQ(answer.status, 503);
    EXPECT_TRUE(answer.headers.contains("retry-after"));
    EXPECT_TRUE(one_too_many.is_closed_within(std::chrono::seconds(5)));

    clients.clear();
    EXPECT_TRUE(eventually([this] {
        try {
            Client again(gateway_->port());
            return again.get("/health").status == 200;
        } catch (const std::runtime_error &) {
            return false;
        }
    }));
}

TEST_F(Http, does_not_compress_or_cut_on_request)
{
    const Answer answer =
        client_->get("/api/v1/users/1", {{"Accept-Encoding", "br, gzip"}, {"Range", "bytes=0-3"}});
    EXPECT_EQ(answer.status, 200);
    EXPECT_FALSE(answer.headers.contains("content-encoding"));
    EXPECT_EQ(answer.json()["id"], 1);
}

TEST_F(Http, echoes_a_request_id_that_is_harmless_and_makes_one_otherwise)
{
    EXPECT_EQ(client_->get("/health", {{"X-Request-Id", "abc-1.2_3"}}).headers.at("x-request-id"),
              "abc-1.2_3");
    for (const std::string &id : {std::string("a b"), std::string(65, 'a'), std::string("\"}")}) {
        const std::string made =
            client_->get("/health", {{"X-Request-Id", id}}).headers.at("x-request-id");
        EXPECT_NE(made, id);
        EXPECT_EQ(made.size(), 16u);
    }
    EXPECT_NE(get("/health").headers.at("x-request-id"), get("/health").headers.at("x-request-id"));
}

TEST_F(Http, sends_headers_that_keep_browsers_careful)
{
    const Answer answer = get("/api/v1/users/1");
    EXPECT_EQ(answer.headers.at("x-content-type-options"), "nosniff");
    EXPECT_EQ(answer.headers.at("cache-control"), "no-store");
}

} // namespace
} // namespace mvm::gateway::test
