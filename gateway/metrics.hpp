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

// Bucket edges of every duration, in microseconds; shown in seconds.
inline constexpr std::array<std::int64_t, 14> duration_edges_us{
    100,    250,    500,     1'000,   2'500,     5'000,     10'000,
    25'000, 50'000, 100'000, 250'000, 1'000'000, 2'500'000, 10'000'000};

// Bucket edges of a number of things.
inline constexpr std::array<std::int64_t, 11> size_edges{1,  2,   4,   8,   16,   32,
                                                         64, 128, 256, 512, 1'024};

enum class Unit { microseconds, pieces }; // microseconds are shown as seconds

// Counts values by the buckets that `Edges` bound. Safe to use from any thread.
template <const auto &Edges, Unit unit> class Histogram {
public:
    void observe(std::int64_t value);
    std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }
    // Appends the lines of one series: buckets, sum and count. `labels` is what stands
    // between the braces, empty for none.
    void write(std::string &text, std::string_view name, const std::string &labels) const;

private:
    Counter count_{0};
    Counter sum_{0};
    std::array<Counter, Edges.size()> buckets_{};
};

using DurationHistogram = Histogram<duration_edges_us, Unit::microseconds>;
using SizeHistogram = Histogram<size_edges, Unit::pieces>;
extern template class Histogram<duration_edges_us, Unit::microseconds>;
extern template class Histogram<size_edges, Unit::pieces>;

// Requests by endpoint and status: a count, a sum and a histogram for each pair.
class RequestMetrics {
public:
    struct Endpoint {
        std::string method;
        std::string pattern;
    };

    explicit RequestMetrics(std::vector<Endpoint> endpoints);

    // Counts one request of the endpoint at `index` of the list given at the start.
    void count(std::size_t index, int status, std::int64_t duration_us);

    void write(std::string &text) const;

private:
    using Series = DurationHistogram;
    // Every status that the gateway sends; others are counted under the last.
    static constexpr std::array<int, 19> statuses{200, 201, 400, 403, 404, 405, 408, 409, 411, 413,
                                                  414, 415, 417, 422, 431, 500, 503, 505, 0};

    std::vector<Endpoint> endpoints_;
    std::vector<std::array<Series, statuses.size()>> series_;
};

// "# HELP" and "# TYPE" of a metric, for its series to follow.
void write_head(std::string &text, std::string_view name, std::string_view type,
                std::string_view help);

// The same and the value of one metric without labels.
void write_metric(std::string &text, std::string_view name, std::string_view type,
                  std::string_view help, std::uint64_t value);

} // namespace mvm::gateway
