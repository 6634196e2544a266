// The Prometheus text.
#include <gtest/gtest.h>

#include "metrics.hpp"

namespace mvm::gateway {
namespace {

std::string text_of(const RequestMetrics &metrics)
{
    std::string text;
    metrics.write(text);
    return text;
}

TEST(Metrics, counts_requests_by_route_and_status)
{
    RequestMetrics metrics({{"GET", "/a"}, {"POST", "/b"}});
    metrics.count(0, 200, 10);
    metrics.count(0, 200, 20);
    metrics.count(0, 404, 10);
    metrics.count(1, 201, 10);
    metrics.count(1, 299, 10);
    const std::string text = text_of(metrics);
    EXPECT_NE(text.find("mvm_http_requests_total{method=\"GET\",route=\"/a\",status=\"200\"} 2\n"),
              std::string::npos);
    EXPECT_NE(text.find("mvm_http_requests_total{method=\"GET\",route=\"/a\",status=\"404\"} 1\n"),
              std::string::npos);
    EXPECT_NE(text.find("mvm_http_requests_total{method=\"POST\",route=\"/b\",status=\"201\"} 1\n"),
              std::string::npos);
    EXPECT_NE(
        text.find("mvm_http_requests_total{method=\"POST\",route=\"/b\",status=\"other\"} 1\n"),
        std::string::npos);
}

TEST(Metrics, puts_each_duration_into_the_buckets_at_or_above_it)
{
    RequestMetrics metrics(std::vector<RequestMetrics::Endpoint>{{"GET", "/a"}});
    metrics.count(0, 200, 250);           // on an edge
    metrics.count(0, 200, 251);           // just above it
    metrics.count(0, 200, 3'600'000'000); // above all
    const std::string text = text_of(metrics);
    const auto bucket = [&](const std::string &edge, int value) {
        return text.find("route=\"/a\",status=\"200\",le=\"" + edge + "\"} " +
                         std::to_string(value) + "\n") != std::string::npos;
    };
    EXPECT_TRUE(bucket("0.0001", 0)) << text;
    EXPECT_TRUE(bucket("0.00025", 1)) << text;
    EXPECT_TRUE(bucket("0.0005", 2)) << text;
    EXPECT_TRUE(bucket("10", 2)) << text;
    EXPECT_TRUE(bucket("+Inf", 3)) << text;
    EXPECT_NE(text.find("_sum{method=\"GET\",route=\"/a\",status=\"200\"} 3600.000501\n"),
              std::string::npos)
        << text;
}

} // namespace
} // namespace mvm::gateway
