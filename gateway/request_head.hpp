// The head of an HTTP/1 request, read strictly: what is not plainly right is
// refused, so that no two parties can read one request in two ways.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <httplib.h>

#include "problem.hpp"

namespace mvm::gateway {

struct RequestHead {
    std::string method;
    std::string target;
    std::string path; // percent-decoded
    httplib::Params params;
    httplib::Headers headers;
    std::size_t body_bytes = 0;
    bool keep_alive = true;
    bool expects_continue = false;
};

// `text` is everything up to the empty line, which is left out; the last
// header line has its line end.
std::variant<RequestHead, Problem> parse_request_head(std::string_view text);

// Whether `text`, the beginning of a head, cannot become a valid one: a line
// feed without its carriage return, or a NUL. Saves waiting for an end that
// would never come.
bool is_hopeless(std::string_view text);

} // namespace mvm::gateway
