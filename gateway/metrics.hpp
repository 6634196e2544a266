// Counters and latency histograms, in the Prometheus text format.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mvm::gateway {

using Counter = std::atomic<std::uint64_t>;

// Requests by route and status: a count, a sum and a histogram for each pair.
class RequestMetrics {
public:
    // Bucket edges in microseconds.
    static constexpr std::array<std::int64_t, 14> bucket_edges_us{
        100,    250,    500,     1'000,   2'500,     5'000,     10'000,
        25'000, 50'000, 100'000, 250'000, 1'000'000, 2'500'000, 10'000'000};

    struct Route {
        std::string method;
        std::string pattern;
    };

    explicit RequestMetrics(std::vector<Route> routes);

    // Counts one request of the route at `index` of the list given at the start.
    void count(std::size_t index, int status, std::int64_t duration_us);

    void write(std::string &text) const;

private:
    struct Series {
        Counter requests{0};
        Counter sum_us{0};
        std::array<Counter, bucket_edges_us.size()> buckets{};
    };
    // Every status that the gateway sends; others are counted under the last.
    static constexpr std::array<int, 18> statuses{200, 400, 403, 404, 405, 408, 409, 411, 413,
                                                  414, 415, 417, 422, 431, 500, 503, 505, 0};

    std::vector<Route> routes_;
    std::vector<std::array<Series, statuses.size()>> series_;
};

// "# HELP", "# TYPE" and the value of one metric without labels.
void write_metric(std::string &text, std::string_view name, std::string_view type,
                  std::string_view help, std::uint64_t value);

} // namespace mvm::gateway
