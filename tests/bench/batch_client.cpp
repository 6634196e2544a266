// Load generator for mvm_buy_batch: connections that each send one batch after the other.
//
//   mvm-batch-client [--connections N] [--seconds N] [--orders N] [--least N] [--users N]
//                    [--items N] [--zipf THETA] [--seed N]
//
// Every batch is made in advance, in PostgreSQL's binary format, so that while the clock runs there
// is nothing to do but send them and to read the answers: outcome and transaction of every order.
// Buyers and items are drawn from a Zipf distribution over a random permutation of the ids (a
// popular buyer is not the seller of a popular item); THETA 0 is uniform. A batch holds --orders
// orders, or with --least a random number from that many up. Item i is sold by user i, and nobody
// buys their own.
//
// PGHOST and its like name the server. Prints one JSON object. A batch that fails is counted, and
// its error goes to stderr.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <libpq-fe.h>
#include <sys/resource.h>

namespace {

using Clock = std::chrono::steady_clock;
using Random = std::mt19937_64;

constexpr unsigned int int8_array_oid = 1016;
constexpr std::uint32_t int8_oid = 20;
constexpr std::size_t batches_in_stock = 64; // then they come round again
constexpr const char *statement = "buy_batch";
constexpr const char *sql = "SELECT outcome, transaction_id FROM mvm_buy_batch($1, $2, $3)";

struct Options {
    std::size_t connections = 2;
    double seconds = 5;
    std::size_t orders = 8190;
    std::size_t least = 0; // 0: every batch is full
    std::size_t users = 100'000;
    std::size_t items = 100'000;
    double zipf = 0.99;
    std::uint64_t seed = 1;
};

struct Batch {
    std::string buyers, items, quantities; // int8[] in binary
};

struct Tally {
    std::vector<double> latencies_ms;
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;
    std::uint64_t failed_batches = 0;
};

Options parse_options(int argc, char **argv)
{
    Options options;
    for (int at = 1; at < argc; at += 2) {
        const std::string_view name = argv[at];
        if (at + 1 == argc) {
            throw std::invalid_argument("a value is missing after " + std::string(name));
        }
        const std::string value = argv[at + 1];
        if (name == "--connections") {
            options.connections = std::stoul(value);
        } else if (name == "--seconds") {
            options.seconds = std::stod(value);
        } else if (name == "--orders") {
            options.orders = std::stoul(value);
        } else if (name == "--least") {
            options.least = std::stoul(value);
        } else if (name == "--users") {
            options.users = std::stoul(value);
        } else if (name == "--items") {
            options.items = std::stoul(value);
        } else if (name == "--zipf") {
            options.zipf = std::stod(value);
        } else if (name == "--seed") {
            options.seed = std::stoull(value);
        } else {
            throw std::invalid_argument("unknown option " + std::string(name));
        }
    }
    if (options.least == 0) {
        options.least = options.orders;
    }
    if (options.connections == 0 || options.orders < options.least || options.users < 2 ||
        options.items == 0) {
        throw std::invalid_argument("these numbers make no load");
    }
    return options;
}

// ---------------------------------------------------------------------------
// Batches
// ---------------------------------------------------------------------------

// Draws ids 1..count: the id of rank r comes up in proportion to r^-theta.
class Zipf {
public:
    Zipf(std::size_t count, double theta, Random &random) : cumulative_(count), ids_(count)
    {
        double sum = 0;
        for (std::size_t rank = 0; rank < count; ++rank) {
            sum += std::pow(static_cast<double>(rank + 1), -theta);
            cumulative_[rank] = sum;
        }
        std::iota(ids_.begin(), ids_.end(), std::int64_t{1});
        std::shuffle(ids_.begin(), ids_.end(), random);
    }

    std::int64_t draw(Random &random) const
    {
        std::uniform_real_distribution<double> point(0, cumulative_.back());
        const auto found = std::lower_bound(cumulative_.begin(), cumulative_.end(), point(random));
        return ids_[static_cast<std::size_t>(found - cumulative_.begin())];
    }

private:
    std::vector<double> cumulative_;
    std::vector<std::int64_t> ids_;
};

template <typename Integer> void append_big_endian(std::string &bytes, Integer value)
{
    for (int shift = static_cast<int>(sizeof value) * 8 - 8; shift >= 0; shift -= 8) {
        bytes.push_back(static_cast<char>(value >> shift & 0xff));
    }
}

std::string to_int8_array(const std::vector<std::int64_t> &values)
{
    std::string bytes;
    append_big_endian<std::uint32_t>(bytes, 1); // dimensions
    append_big_endian<std::uint32_t>(bytes, 0); // no nulls
    append_big_endian<std::uint32_t>(bytes, int8_oid);
    append_big_endian(bytes, static_cast<std::uint32_t>(values.size()));
    append_big_endian<std::uint32_t>(bytes, 1); // lower bound
    for (const std::int64_t value : values) {
        append_big_endian<std::uint32_t>(bytes, sizeof value);
        append_big_endian(bytes, static_cast<std::uint64_t>(value));
    }
    return bytes;
}

std::vector<Batch> make_batches(const Options &options)
{
    // Who is popular stays the same whatever the seed; the seed decides who comes now.
    Random popularity(20'000);
    const Zipf users(options.users, options.zipf, popularity);
    const Zipf items(options.items, options.zipf, popularity);
    Random random(options.seed);
    std::uniform_int_distribution<std::size_t> size(options.least, options.orders);

    std::vector<Batch> batches(batches_in_stock);
    for (Batch &batch : batches) {
        std::vector<std::int64_t> buyer_ids(size(random));
        std::vector<std::int64_t> item_ids(buyer_ids.size());
        for (std::size_t at = 0; at < buyer_ids.size(); ++at) {
            item_ids[at] = items.draw(random);
            do {
                buyer_ids[at] = users.draw(random);
            } while (buyer_ids[at] == item_ids[at]);
        }
        batch.buyers = to_int8_array(buyer_ids);
        batch.items = to_int8_array(item_ids);
        batch.quantities = to_int8_array(std::vector<std::int64_t>(buyer_ids.size(), 1));
    }
    return batches;
}

// ---------------------------------------------------------------------------
// Sending
// ---------------------------------------------------------------------------

struct CloseConnection {
    void operator()(PGconn *connection) const { PQfinish(connection); }
};
struct ClearResult {
    void operator()(PGresult *result) const { PQclear(result); }
};
using Connection = std::unique_ptr<PGconn, CloseConnection>;
using Result = std::unique_ptr<PGresult, ClearResult>;

Connection open_connection()
{
    Connection connection(PQconnectdb(""));
    if (PQstatus(connection.get()) != CONNECTION_OK) {
        throw std::runtime_error(PQerrorMessage(connection.get()));
    }
    const Oid types[] = {int8_array_oid, int8_array_oid, int8_array_oid};
    const Result prepared(PQprepare(connection.get(), statement, sql, 3, types));
    if (PQresultStatus(prepared.get()) != PGRES_COMMAND_OK) {
        throw std::runtime_error(PQerrorMessage(connection.get()));
    }
    return connection;
}

Result send(PGconn *connection, const Batch &batch)
{
    const char *values[] = {batch.buyers.data(), batch.items.data(), batch.quantities.data()};
    const int lengths[] = {static_cast<int>(batch.buyers.size()),
                           static_cast<int>(batch.items.size()),
                           static_cast<int>(batch.quantities.size())};
    const int formats[] = {1, 1, 1};
    return Result(PQexecPrepared(connection, statement, 3, values, lengths, formats, 1));
}

void count_answer(PGconn *connection, const PGresult *result, Tally &tally)
{
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        ++tally.failed_batches;
        std::fprintf(stderr, "%s", PQerrorMessage(connection));
        return;
    }
    for (int row = 0; row < PQntuples(result); ++row) {
        if (std::strcmp(PQgetvalue(result, row, 0), "ok") == 0) {
            ++tally.accepted;
        } else {
            ++tally.refused;
        }
    }
}

double milliseconds(Clock::duration duration)
{
    return std::chrono::duration<double, std::milli>(duration).count();
}

double used_cpu_seconds()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval &time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double percentile(const std::vector<double> &sorted, double share)
{
    if (sorted.empty()) {
        return 0;
    }
    const auto rank =
        static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
    return sorted[std::max<std::size_t>(rank, 1) - 1];
}

int run(const Options &options)
{
    const std::vector<Batch> batches = make_batches(options);
    std::vector<Connection> connections;
    for (std::size_t at = 0; at < options.connections; ++at) {
        connections.push_back(open_connection());
    }

    std::vector<Tally> tallies(options.connections);
    const double cpu_before = used_cpu_seconds();
    const auto began = Clock::now();
    const auto until = began + std::chrono::duration_cast<Clock::duration>(
                                   std::chrono::duration<double>(options.seconds));
    std::vector<std::thread> senders;
    for (std::size_t at = 0; at < options.connections; ++at) {
        senders.emplace_back([&, at] {
            for (std::size_t next = at; Clock::now() < until; next += options.connections) {
                const auto sent = Clock::now();
                const Result result = send(connections[at].get(), batches[next % batches_in_stock]);
                tallies[at].latencies_ms.push_back(milliseconds(Clock::now() - sent));
                count_answer(connections[at].get(), result.get(), tallies[at]);
            }
        });
    }
    for (std::thread &sender : senders) {
        sender.join();
    }
    const double seconds = milliseconds(Clock::now() - began) / 1000;
    const double cpu_seconds = used_cpu_seconds() - cpu_before;

    Tally total;
    for (const Tally &tally : tallies) {
        total.latencies_ms.insert(total.latencies_ms.end(), tally.latencies_ms.begin(),
                                  tally.latencies_ms.end());
        total.accepted += tally.accepted;
        total.refused += tally.refused;
        total.failed_batches += tally.failed_batches;
    }
    std::sort(total.latencies_ms.begin(), total.latencies_ms.end());
    std::printf("{\"done\": %llu, \"refused\": %llu, \"failed\": %llu, \"seconds\": %.3f, "
                "\"p50_ms\": %.3f, \"p95_ms\": %.3f, \"p99_ms\": %.3f, \"cpu_seconds\": %.3f}\n",
                static_cast<unsigned long long>(total.accepted),
                static_cast<unsigned long long>(total.refused),
                static_cast<unsigned long long>(total.failed_batches), seconds,
                percentile(total.latencies_ms, 0.50), percentile(total.latencies_ms, 0.95),
                percentile(total.latencies_ms, 0.99), cpu_seconds);
    return 0;
}

} // namespace

int main(int argc, char **argv)
{
    try {
        return run(parse_options(argc, argv));
    } catch (const std::exception &error) {
        std::fprintf(stderr, "mvm-batch-client: %s\n", error.what());
        return 2;
    }
}
