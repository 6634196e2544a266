// What a refused request is answered with: application/problem+json (RFC 9457),
// with the market's own refusals taken from the one error table.
#pragma once

#include <string>
#include <string_view>

#include "domain/error.hpp"

namespace mvm::gateway {

struct Problem {
    int status;
    std::string_view code;  // machine-readable; a string that lives as long as the program
    std::string_view title; // likewise
    std::string detail;
    int retry_after_s = 0; // 0: no Retry-After header
};

// The status and texts of the refusals that are HTTP's, not the market's.
namespace problems {
Problem malformed_request(std::string detail);              // 400
Problem forbidden();                                        // 403
Problem not_found();                                        // 404
Problem method_not_allowed(std::string_view allowed);       // 405
Problem request_timeout();                                  // 408
Problem length_required();                                  // 411
Problem body_too_large();                                   // 413
Problem uri_too_long();                                     // 414
Problem unsupported_media_type(std::string detail);         // 415
Problem expectation_failed();                               // 417
Problem head_too_large();                                   // 431
Problem internal_error();                                   // 500
Problem version_not_supported();                            // 505
Problem unavailable(std::string detail, int retry_after_s); // 503
} // namespace problems

// A row of the error table; `detail` begins with the row's text, then `more` if any.
Problem market_problem(domain::ErrorCode code, std::string_view more);

// "Invalid argument: <name>: <what>".
Problem invalid_field(std::string_view name, std::string_view what);

std::string to_json(const Problem &problem);

// How an SQL error reaches a REST client. `primary` is libpq's full message:
// only its DETAIL is passed on, and only for the market's own SQLSTATEs.
enum class SqlOutcome {
    refused,         // the market's answer to this request: `problem` says which
    forbidden,       // the gateway's role may not do this; nothing was done
    repeat,          // serialization failure or deadlock: nothing was done
    stale_plan,      // the prepared statement no longer fits the schema: nothing was done
    connection_lost, // the statement may or may not have been carried out
    unavailable,     // the server cannot do it now; nothing was done
    unexpected,      // a fault of ours or of the installation; nothing was done
};

struct SqlVerdict {
    SqlOutcome outcome;
    Problem problem; // what the client is told if nothing better can be done
};

SqlVerdict judge_sql_error(std::string_view sqlstate, std::string_view message);

// The DETAIL part of a libpq error message; empty when there is none.
std::string_view sql_detail(std::string_view message);

} // namespace mvm::gateway
