// The request reader: what is accepted, and with which status the rest is refused.
#include <gtest/gtest.h>

#include "limits.hpp"
#include "request_head.hpp"

namespace mvm::gateway {
namespace {

RequestHead accept(const std::string &text)
{
    auto result = parse_request_head(text);
    if (const auto *problem = std::get_if<Problem>(&result)) {
        ADD_FAILURE() << text << ": " << problem->detail;
        return {};
    }
    return std::get<RequestHead>(std::move(result));
}

int refused_status(const std::string &text)
{
    const auto result = parse_request_head(text);
    const auto *problem = std::get_if<Problem>(&result);
    return problem == nullptr ? 0 : problem->status;
}

const std::string host = "Host: x\r\n";

TEST(RequestHead, reads_the_path_the_query_and_the_headers)
{
    const RequestHead head =
        accept("GET /a%20b/c?x=1&y=a%26b+c&z&x=2 HTTP/1.1\r\nHost: x\r\nKey:  a%20b \r\n");
    EXPECT_EQ(head.method, "GET");
    EXPECT_EQ(head.path, "/a b/c");
    EXPECT_EQ(head.params.count("x"), 2u);
    EXPECT_EQ(head.params.find("y")->second, "a&b c");
    EXPECT_EQ(head.params.find("z")->second, "");
    EXPECT_EQ(head.headers.find("key")->second, "a%20b");
    EXPECT_TRUE(head.keep_alive);
}

TEST(RequestHead, closes_when_told_and_after_http_1_0)
{
    EXPECT_FALSE(accept("GET / HTTP/1.1\r\nHost: x\r\nConnection: TE, Close\r\n").keep_alive);
    EXPECT_FALSE(accept("GET / HTTP/1.0\r\n").keep_alive);
}

TEST(RequestHead, refuses_a_malformed_request_line)
{
    for (const char *line :
         {"", "GET", "GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1",
          "GET nopath HTTP/1.1", "GET http://x/ HTTP/1.1", "G@T / HTTP/1.1", "GET /\x01 HTTP/1.1",
          "GET /\xff HTTP/1.1", "GET /#x HTTP/1.1", "GET /%zz HTTP/1.1", "GET /%4 HTTP/1.1",
          "GET /?a=%g0 HTTP/1.1", "GET / FTP/1.1", "\x16\x03\x01"}) {
        EXPECT_EQ(refused_status(std::string(line) + "\r\n" + host), 400) << line;
    }
}

TEST(RequestHead, refuses_other_versions_of_http)
{
    EXPECT_EQ(refused_status("GET / HTTP/2.0\r\n" + host), 505);
    EXPECT_EQ(refused_status("GET / HTTP/1.2\r\n" + host), 505);
}

TEST(RequestHead, refuses_malformed_headers)
{
    for (const std::string line : {"NoColon", "Sp ace: x", "Name : x", ": x", " folded", "A: b\x01",
                                   "A: b\x7f", "A\xff: b"}) {
        EXPECT_EQ(refused_status("GET / HTTP/1.1\r\n" + host + line + "\r\n"), 400) << line;
    }
}

TEST(RequestHead, wants_exactly_one_host)
{
    EXPECT_EQ(refused_status("GET / HTTP/1.1\r\n"), 400);
    EXPECT_EQ(refused_status("GET / HTTP/1.1\r\n" + host + host), 400);
}

TEST(RequestHead, refuses_ambiguous_lengths)
{
    const std::string post = "POST / HTTP/1.1\r\n" + host;
    EXPECT_EQ(accept(post + "Content-Length: 5\r\n").body_bytes, 5u);
    EXPECT_EQ(refused_status(post + "Content-Length: 5\r\nContent-Length: 5\r\n"), 400);
    EXPECT_EQ(refused_status(post + "Content-Length: 5, 5\r\n"), 400);
    EXPECT_EQ(refused_status(post + "Content-Length: -1\r\n"), 400);
    EXPECT_EQ(refused_status(post + "Content-Length: +5\r\n"), 400);
    EXPECT_EQ(refused_status(post + "Content-Length: 0x5\r\n"), 400);
    EXPECT_EQ(refused_status(post + "Content-Length: \r\n"), 400);
    EXPECT_EQ(refused_status(post + "Transfer-Encoding: chunked\r\n"), 411);
    EXPECT_EQ(refused_status(post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 411);
}

TEST(RequestHead, refuses_what_is_too_large)
{
    const std::string post = "POST / HTTP/1.1\r\n" + host;
    EXPECT_EQ(accept(post + "Content-Length: 65536\r\n").body_bytes, limits::body_bytes);
    EXPECT_EQ(refused_status(post + "Content-Length: 65537\r\n"), 413);
    EXPECT_EQ(refused_status(post + "Content-Length: 99999999999999999999999\r\n"), 413);
    EXPECT_EQ(refused_status("GET /" + std::string(limits::request_line_bytes, 'a') +
                             " HTTP/1.1\r\n" + host),
              414);
    std::string many = "GET / HTTP/1.1\r\n" + host;
    for (std::size_t count = 0; count < limits::header_count; ++count) {
        many += "A: b\r\n";
    }
    EXPECT_EQ(refused_status(many), 431);
}

TEST(RequestHead, refuses_bodies_and_encodings_it_would_have_to_guess_at)
{
    EXPECT_EQ(refused_status("GET / HTTP/1.1\r\n" + host + "Content-Length: 1\r\n"), 400);
    const std::string post = "POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\n";
    EXPECT_EQ(refused_status(post + "Content-Encoding: gzip\r\n"), 415);
    EXPECT_EQ(refused_status(post + "Expect: 200-maybe\r\n"), 417);
    EXPECT_EQ(refused_status(post + "Idempotency-Key: a\r\nIdempotency-Key: b\r\n"), 400);
    EXPECT_TRUE(accept(post + "Expect: 100-continue\r\n").expects_continue);
}

TEST(RequestHead, sees_at_once_that_a_beginning_is_hopeless)
{
    using namespace std::string_literals;
    EXPECT_FALSE(is_hopeless("GET / HTTP/1.1\r\nHost: x\r"));
    EXPECT_TRUE(is_hopeless("GET / HTTP/1.1\nHost: x"));
    EXPECT_TRUE(is_hopeless("GET / HT\0TP"s));
    EXPECT_TRUE(is_hopeless("GET / HTTP/1.1\rHost"));
    EXPECT_TRUE(is_hopeless("\x16\x03\x01"));
}

} // namespace
} // namespace mvm::gateway
