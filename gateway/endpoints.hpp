// From a request to its handler, and from what the handler did to the answer,
// the log line and the metrics.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <httplib.h>

#include "handlers.hpp"

namespace mvm::gateway {

struct Endpoint {
    std::string_view method;  // a GET answers HEAD too
    std::string_view pattern; // "{name}" stands for one path segment
    void (*handler)(Call &call);
};

// Every path that the gateway answers.
const std::vector<Endpoint> &endpoints();

// The series of RequestMetrics: one per endpoint, then one for what met none.
std::vector<RequestMetrics::Endpoint> metric_endpoints();

// Answers `request`. Never throws.
void dispatch(Services &services, const httplib::Request &request, httplib::Response &response);

// Counts and logs a request that was refused before it could be dispatched.
void record_refusal(Services &services, const std::string &remote_address, const Problem &problem);

} // namespace mvm::gateway
