#include "metrics.hpp"

#include <algorithm>
#include <charconv>

namespace mvm::gateway {

namespace {

// Microseconds as decimal seconds, exactly.
std::string seconds(std::uint64_t microseconds)
{
    const std::string fraction = std::to_string(1'000'000 + microseconds % 1'000'000);
    std::string text = std::to_string(microseconds / 1'000'000) + "." + fraction.substr(1);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') {
        text.pop_back();
    }
    return text;
}

void write_head(std::string &text, std::string_view name, std::string_view type,
                std::string_view help)
{
    text.append("# HELP ").append(name).append(" ").append(help).append("\n");
    text.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

} // namespace

RequestMetrics::RequestMetrics(std::vector<Route> routes)
    : routes_(std::move(routes)), series_(routes_.size())
{
}

void RequestMetrics::count(std::size_t index, int status, std::int64_t duration_us)
{
    const auto known = std::find(statuses.begin(), statuses.end() - 1, status);
    Series &series = series_[index][static_cast<std::size_t>(known - statuses.begin())];
    const auto edge = std::lower_bound(bucket_edges_us.begin(), bucket_edges_us.end(), duration_us);
    if (edge != bucket_edges_us.end()) {
        series.buckets[static_cast<std::size_t>(edge - bucket_edges_us.begin())].fetch_add(
            1, std::memory_order_relaxed);
    }
    series.sum_us.fetch_add(static_cast<std::uint64_t>(duration_us), std::memory_order_relaxed);
    series.requests.fetch_add(1, std::memory_order_relaxed);
}

void RequestMetrics::write(std::string &text) const
{
    std::string totals;
    std::string histograms;
    for (std::size_t route = 0; route < routes_.size(); ++route) {
        for (std::size_t slot = 0; slot < statuses.size(); ++slot) {
            const Series &series = series_[route][slot];
            const std::uint64_t requests = series.requests.load(std::memory_order_relaxed);
            if (requests == 0) {
                continue;
            }
            const std::string labels =
                "method=\"" + routes_[route].method + "\",route=\"" + routes_[route].pattern +
                "\",status=\"" +
                (statuses[slot] == 0 ? std::string("other") : std::to_string(statuses[slot])) +
                "\"";
            totals += "mvm_http_requests_total{" + labels + "} " + std::to_string(requests) + "\n";
            std::uint64_t below = 0;
            for (std::size_t edge = 0; edge < bucket_edges_us.size(); ++edge) {
                below += series.buckets[edge].load(std::memory_order_relaxed);
                histograms += "mvm_http_request_duration_seconds_bucket{" + labels + ",le=\"" +
                              seconds(static_cast<std::uint64_t>(bucket_edges_us[edge])) + "\"} " +
                              std::to_string(below) + "\n";
            }
            // Counted after its bucket, so never below the buckets' sum.
            const std::uint64_t all = std::max(requests, below);
            histograms += "mvm_http_request_duration_seconds_bucket{" + labels + ",le=\"+Inf\"} " +
                          std::to_string(all) + "\n";
            histograms += "mvm_http_request_duration_seconds_sum{" + labels + "} " +
                          seconds(series.sum_us.load(std::memory_order_relaxed)) + "\n";
            histograms += "mvm_http_request_duration_seconds_count{" + labels + "} " +
                          std::to_string(all) + "\n";
        }
    }
    write_head(text, "mvm_http_requests_total", "counter", "Requests by route and status.");
    text += totals;
    write_head(text, "mvm_http_request_duration_seconds", "histogram",
               "Seconds from the whole request read to its answer ready.");
    text += histograms;
}

void write_metric(std::string &text, std::string_view name, std::string_view type,
                  std::string_view help, std::uint64_t value)
{
    write_head(text, name, type, help);
    text.append(name).append(" ").append(std::to_string(value)).append("\n");
}

} // namespace mvm::gateway
