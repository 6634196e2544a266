#include "problem.hpp"

#include <algorithm>
#include <array>

#include "log.hpp"

namespace mvm::gateway {

namespace problems {

Problem malformed_request(std::string detail)
{
    return {400, "malformed_request", "Bad Request", std::move(detail)};
}

Problem forbidden()
{
    return {403, "forbidden", "Forbidden", "This gateway is not allowed to do this"};
}

Problem not_found()
{
    return {404, "not_found", "Not Found", "There is nothing at this path"};
}

Problem method_not_allowed(std::string_view allowed)
{
    return {405, "method_not_allowed", "Method Not Allowed",
            "This path answers " + std::string(allowed)};
}

Problem request_timeout()
{
    return {408, "request_timeout", "Request Timeout", "The request did not arrive in time"};
}

Problem length_required()
{
    return {411, "length_required", "Length Required",
            "Send the body with a Content-Length, without Transfer-Encoding"};
}

Problem body_too_large()
{
    return {413, "body_too_large", "Content Too Large", "The body is above 65536 bytes"};
}

Problem uri_too_long()
{
    return {414, "uri_too_long", "URI Too Long", "The request line is above 8192 bytes"};
}

Problem unsupported_media_type(std::string detail)
{
    return {415, "unsupported_media_type", "Unsupported Media Type", std::move(detail)};
}

Problem expectation_failed()
{
    return {417, "expectation_failed", "Expectation Failed", "Only 100-continue can be expected"};
}

Problem head_too_large()
{
    return {431, "head_too_large", "Request Header Fields Too Large",
            "The headers are above 16384 bytes or 64 lines"};
}

Problem internal_error()
{
    return {500, "internal_error", "Internal Server Error",
            "The request could not be carried out; nothing was changed"};
}

Problem unavailable(std::string detail, int retry_after_s)
{
    return {503, "unavailable", "Service Unavailable", std::move(detail), retry_after_s};
}

Problem version_not_supported()
{
    return {505, "version_not_supported", "HTTP Version Not Supported", "Use HTTP/1.1 or HTTP/1.0"};
}

} // namespace problems

Problem market_problem(domain::ErrorCode code, std::string_view more)
{
    const domain::ErrorInfo *info = domain::find_error(code);
    std::string detail = info->text;
    if (!more.empty()) {
        detail += ": ";
        detail += more;
    }
    return {info->http_status, info->name, info->text, std::move(detail)};
}

Problem invalid_field(std::string_view name, std::string_view what)
{
    return market_problem(domain::ErrorCode::invalid_argument,
                          std::string(name) + ": " + std::string(what));
}

std::string to_json(const Problem &problem)
{
    std::string json = R"({"type":"urn:mvm:problem:)";
    json += problem.code;
    json += R"(","title":)";
    append_json_string(json, problem.title);
    json += R"(,"status":)";
    json += std::to_string(problem.status);
    json += R"(,"detail":)";
    append_json_string(json, problem.detail);
    json += R"(,"code":)";
    append_json_string(json, problem.code);
    json += '}';
    return json;
}

std::string_view sql_detail(std::string_view message)
{
    static constexpr std::string_view start = "\nDETAIL:  ";
    const std::size_t at = message.find(start);
    if (at == std::string_view::npos) {
        return {};
    }
    std::string_view detail = message.substr(at + start.size());
    for (const std::string_view next : {"\nHINT:  ", "\nCONTEXT:  ", "\nLOCATION:  "}) {
        detail = detail.substr(0, detail.find(next));
    }
    while (!detail.empty() && detail.back() == '\n') {
        detail.remove_suffix(1);
    }
    return detail;
}

SqlVerdict judge_sql_error(std::string_view sqlstate, std::string_view message)
{
    using domain::ErrorCode;
    if (const domain::ErrorInfo *info = domain::find_error(sqlstate)) {
        return {SqlOutcome::refused, market_problem(info->code, sql_detail(message))};
    }
    if (sqlstate == "22003") { // a number of more digits than numeric itself can hold
        return {SqlOutcome::refused, market_problem(ErrorCode::amount_out_of_range, {})};
    }
    if (sqlstate == "22021" || sqlstate == "22P05") {
        return {SqlOutcome::refused,
                market_problem(ErrorCode::invalid_argument,
                               "a text has a character that the database cannot store")};
    }
    if (sqlstate == "42501") {
        return {SqlOutcome::forbidden, problems::forbidden()};
    }

    const std::string_view sql_class = sqlstate.substr(0, 2);
    if (sqlstate == "40001" || sqlstate == "40P01") {
        return {SqlOutcome::repeat,
                problems::unavailable("Too many others are changing the same rows; nothing was "
                                      "changed, try again",
                                      1)};
    }
    if (sqlstate == "0A000" || sqlstate == "26000") {
        return {SqlOutcome::stale_plan,
                problems::unavailable("The database is being changed; try again", 1)};
    }
    // No SQLSTATE: libpq itself gave up on the connection. 57P01 to 57P05: the
    // server is ending it, possibly after the commit and before saying so.
    if (sqlstate.empty() || sql_class == "08" || sqlstate.substr(0, 3) == "57P") {
        return {SqlOutcome::connection_lost,
                problems::unavailable("PostgreSQL is away; try again", 1)};
    }
    // 25: a read-only standby. 53: out of connections, memory or disk. 55: a
    // lock not to be had. 57: cancelled, by a timeout among others.
    static constexpr std::array busy{"25", "53", "55", "57"};
    if (std::find(busy.begin(), busy.end(), sql_class) != busy.end()) {
        return {SqlOutcome::unavailable,
                problems::unavailable(
                    "PostgreSQL cannot do this now; nothing was changed, try again", 1)};
    }
    return {SqlOutcome::unexpected, problems::internal_error()};
}

} // namespace mvm::gateway
