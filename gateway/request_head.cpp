#include "request_head.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>

#include "limits.hpp"

namespace mvm::gateway {

namespace {

bool is_token_character(char c)
{
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

// A byte of a header's value: visible, space, tab, or beyond ASCII.
bool is_value_character(char c)
{
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

std::string lower(std::string_view text)
{
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

std::string_view trim(std::string_view text)
{
    const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

int hexadecimal_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

// Nothing when a percent sign is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space)
{
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '+' && plus_is_space) {
            decoded += ' ';
        } else if (text[at] != '%') {
            decoded += text[at];
        } else {
            const int high = at + 1 < text.size() ? hexadecimal_digit(text[at + 1]) : -1;
            const int low = at + 2 < text.size() ? hexadecimal_digit(text[at + 2]) : -1;
            if (high < 0 || low < 0) {
                return std::nullopt;
            }
            decoded += static_cast<char>(high * 16 + low);
            at += 2;
        }
    }
    return decoded;
}

// Removes what is before the next `separator` from the front of `text`, and returns it.
std::string_view take(std::string_view &text, std::string_view separator)
{
    const std::size_t end = text.find(separator);
    const std::string_view taken = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + separator.size());
    return taken;
}

// "HTTP/", a digit, a dot, a digit.
bool is_http_version(std::string_view text)
{
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) && text[6] == '.' &&
           is_digit(text[7]);
}

std::optional<Problem> read_request_line(std::string_view line, RequestHead &head)
{
    if (line.size() > limits::request_line_bytes) {
        return problems::uri_too_long();
    }
    const std::string_view method = take(line, " ");
    std::string_view target = take(line, " ");
    const std::string_view version = line;
    const bool target_is_visible = std::all_of(
        target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
    if (!is_token(method) || !target.starts_with('/') || !target_is_visible) {
        return problems::malformed_request("The request line is malformed");
    }
    if (version != "HTTP/1.1" && version != "HTTP/1.0") {
        return is_http_version(version) ? problems::version_not_supported()
                                        : problems::malformed_request("The version is malformed");
    }
    head.method = method;
    head.target = target;
    head.keep_alive = version == "HTTP/1.1";

    const auto path = percent_decode(take(target, "?"), false);
    if (!path) {
        return problems::malformed_request("The path is malformed");
    }
    head.path = *path;
    while (!target.empty()) {
        std::string_view value = take(target, "&");
        const auto name = percent_decode(take(value, "="), true);
        const auto decoded = percent_decode(value, true);
        if (!name || !decoded) {
            return problems::malformed_request("The query is malformed");
        }
        if (!name->empty()) {
            head.params.emplace(*name, *decoded);
        }
    }
    return std::nullopt;
}

std::optional<Problem> read_header_lines(std::string_view text, RequestHead &head)
{
    std::size_t count = 0;
    while (!text.empty()) {
        std::string_view value = take(text, "\r\n");
        if (++count > limits::header_count) {
            return problems::head_too_large();
        }
        if (value.find(':') == std::string_view::npos) {
            return problems::malformed_request("A header line is malformed");
        }
        const std::string_view name = take(value, ":");
        value = trim(value);
        if (!is_token(name) || !std::all_of(value.begin(), value.end(), is_value_character)) {
            return problems::malformed_request("A header line is malformed");
        }
        head.headers.emplace(name, value);
    }
    return std::nullopt;
}

// The only value of a header that may be there once; empty when it is absent.
std::optional<Problem> read_single(const RequestHead &head, const char *name, std::string &value)
{
    const auto [first, last] = head.headers.equal_range(name);
    if (first == last) {
        return std::nullopt;
    }
    if (std::next(first) != last) {
        return problems::malformed_request(std::string(name) + " is there twice");
    }
    value = first->second;
    return std::nullopt;
}

std::optional<Problem> read_framing(RequestHead &head)
{
    if (head.headers.count("Transfer-Encoding") != 0) {
        return problems::length_required();
    }
    std::string length;
    if (auto problem = read_single(head, "Content-Length", length)) {
        return problem;
    }
    if (head.headers.count("Content-Length") != 0) {
        const char *end = length.data() + length.size();
        const bool digits =
            !length.empty() &&
            std::all_of(length.begin(), length.end(), [](char c) { return c >= '0' && c <= '9'; });
        const auto [stopped, error] = std::from_chars(length.data(), end, head.body_bytes);
        if (!digits || (error != std::errc{} && error != std::errc::result_out_of_range)) {
            return problems::malformed_request("Content-Length is malformed");
        }
        if (error == std::errc::result_out_of_range || head.body_bytes > limits::body_bytes) {
            return problems::body_too_large();
        }
    }
    if (head.body_bytes > 0 && (head.method == "GET" || head.method == "HEAD")) {
        return problems::malformed_request("A " + head.method + " has no body");
    }
    return std::nullopt;
}

std::optional<Problem> read_connection_headers(RequestHead &head)
{
    std::string host;
    if (auto problem = read_single(head, "Host", host)) {
        return problem;
    }
    const bool is_http_1_1 = head.keep_alive; // and 1.0 is never kept alive
    if (is_http_1_1 && head.headers.count("Host") == 0) {
        return problems::malformed_request("Host is missing");
    }

    const auto [first, last] = head.headers.equal_range("Connection");
    for (auto header = first; header != last; ++header) {
        std::string_view options = header->second;
        while (!options.empty()) {
            if (lower(trim(take(options, ","))) == "close") {
                head.keep_alive = false;
            }
        }
    }
    return std::nullopt;
}

std::optional<Problem> read_content_headers(RequestHead &head)
{
    std::string encoding;
    if (auto problem = read_single(head, "Content-Encoding", encoding)) {
        return problem;
    }
    if (!encoding.empty() && lower(encoding) != "identity") {
        return problems::unsupported_media_type("Send the body without Content-Encoding");
    }
    std::string expectation;
    if (auto problem = read_single(head, "Expect", expectation)) {
        return problem;
    }
    if (!expectation.empty()) {
        if (lower(expectation) != "100-continue") {
            return problems::expectation_failed();
        }
        head.expects_continue = head.body_bytes > 0;
    }
    for (const char *name : {"Content-Type", "Idempotency-Key"}) {
        std::string value;
        if (auto problem = read_single(head, name, value)) {
            return problem;
        }
    }
    return std::nullopt;
}

} // namespace

std::variant<RequestHead, Problem> parse_request_head(std::string_view text)
{
    RequestHead head;
    if (auto problem = read_request_line(take(text, "\r\n"), head)) {
        return *std::move(problem);
    }
    if (auto problem = read_header_lines(text, head)) {
        return *std::move(problem);
    }
    if (auto problem = read_connection_headers(head)) {
        return *std::move(problem);
    }
    if (auto problem = read_framing(head)) {
        return *std::move(problem);
    }
    if (auto problem = read_content_headers(head)) {
        return *std::move(problem);
    }
    return head;
}

bool is_hopeless(std::string_view text)
{
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\0' || (text[at] == '\n' && (at == 0 || text[at - 1] != '\r')) ||
            (text[at] == '\r' && at + 1 < text.size() && text[at + 1] != '\n')) {
            return true;
        }
    }
    return !text.empty() && !is_token_character(text.front());
}

} // namespace mvm::gateway
