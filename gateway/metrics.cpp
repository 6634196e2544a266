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

// The value of a bucket's edge or of a sum of values, in the unit that is shown.
std::string shown(Unit unit, std::uint64_t value)
{
    return unit == Unit::microseconds ? seconds(value) : std::to_string(value);
}

} // namespace

template <const auto &Edges, Unit unit> void Histogram<Edges, unit>::observe(std::int64_t value)
{
    const auto edge = std::lower_bound(Edges.begin(), Edges.end(), value);
    if (edge != Edges.end()) {
        buckets_[static_cast<std::size_t>(edge - Edges.begin())].fetch_add(
            1, std::memory_order_relaxed);
    }
    sum_.fetch_add(static_cast<std::uint64_t>(value), std::memory_order_relaxed);
    count_.fetch_add(1, std::memory_order_relaxed);
}

template <const auto &Edges, Unit unit>
void Histogram<Edges, unit>::write(std::string &text, std::string_view name,
                                   const std::string &labels) const
{
    const std::string start(name);
    const std::string in_braces = labels.empty() ? "" : "{" + labels + "}";
    const std::string before_edge = "_bucket{" + (labels.empty() ? "" : labels + ",") + "le=\"";
    const std::uint64_t counted = count();
    std::uint64_t below = 0;
    for (std::size_t edge = 0; edge < Edges.size(); ++edge) {
        below += buckets_[edge].load(std::memory_order_relaxed);
        text += start + before_edge + shown(unit, static_cast<std::uint64_t>(Edges[edge])) +
                "\"} " + std::to_string(below) + "\n";
    }
    // Counted after its bucket, so never below the buckets' sum.
    const std::string all = std::to_string(std::max(counted, below));
    text += start + before_edge + "+Inf\"} " + all + "\n";
    text +=
        start + "_sum" + in_braces + " " + shown(unit, sum_.load(std::memory_order_relaxed)) + "\n";
    text += start + "_count" + in_braces + " " + all + "\n";
}

template class Histogram<duration_edges_us, Unit::microseconds>;
template class Histogram<size_edges, Unit::pieces>;

RequestMetrics::RequestMetrics(std::vector<Endpoint> endpoints)
    : endpoints_(std::move(endpoints)), series_(endpoints_.size())
{
}

void RequestMetrics::count(std::size_t index, int status, std::int64_t duration_us)
{
    const auto known = std::find(statuses.begin(), statuses.end() - 1, status);
    series_[index][static_cast<std::size_t>(known - statuses.begin())].observe(duration_us);
}

void RequestMetrics::write(std::string &text) const
{
    std::string totals;
    std::string histograms;
    for (std::size_t endpoint = 0; endpoint < endpoints_.size(); ++endpoint) {
        for (std::size_t slot = 0; slot < statuses.size(); ++slot) {
            const Series &series = series_[endpoint][slot];
            if (series.count() == 0) {
                continue;
            }
            const std::string labels =
                "method=\"" + endpoints_[endpoint].method + "\",route=\"" +
                endpoints_[endpoint].pattern + "\",status=\"" +
                (statuses[slot] == 0 ? std::string("other") : std::to_string(statuses[slot])) +
                "\"";
            totals +=
                "mvm_http_requests_total{" + labels + "} " + std::to_string(series.count()) + "\n";
            series.write(histograms, "mvm_http_request_duration_seconds", labels);
        }
    }
    write_head(text, "mvm_http_requests_total", "counter", "Requests by route and status.");
    text += totals;
    write_head(text, "mvm_http_request_duration_seconds", "histogram",
               "Seconds from the whole request read to its answer ready.");
    text += histograms;
}

void write_head(std::string &text, std::string_view name, std::string_view type,
                std::string_view help)
{
    text.append("# HELP ").append(name).append(" ").append(help).append("\n");
    text.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

void write_metric(std::string &text, std::string_view name, std::string_view type,
                  std::string_view help, std::uint64_t value)
{
    write_head(text, name, type, help);
    text.append(name).append(" ").append(std::to_string(value)).append("\n");
}

} // namespace mvm::gateway
