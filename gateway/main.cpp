// mvm-gateway: the market over HTTP. Configured by environment variables (config.cpp).
//
// Exits 0 after SIGTERM or SIGINT, 2 when the configuration cannot be
// honoured, 1 when the listening socket failed.
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <thread>

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cache.hpp"
#include "config.hpp"
#include "database.hpp"
#include "hold_sweeper.hpp"
#include "limits.hpp"
#include "log.hpp"
#include "pool.hpp"
#include "endpoints.hpp"
#include "server.hpp"
#include "write_batcher.hpp"

namespace {

using namespace mvm::gateway;

constexpr int exit_configuration = 2;

// Signals are waited for by the main thread; every other thread is started
// with them blocked.
sigset_t block_signals()
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN); // a peer that hung up is an error to handle, not a reason to die
    return signals;
}

// A connection, its Redis and its PostgreSQL each take a descriptor, and the
// usual soft limit of 1024 is there for programs that use select().
void allow_many_descriptors()
{
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int run(const Config &config)
{
    const sigset_t signals = block_signals();
    allow_many_descriptors();

    Cache cache(config.redis);
    const auto name_database = [&cache](const std::string &identity) {
        cache.use_database(identity);
    };
    const std::string connection = connection_string(config.database);
    // Apart, so that neither reads nor writes can take the others' connections.
    Pool pool(connection, config.database.pool_size, name_database);
    Pool writing_pool(connection, config.database.writers, name_database);
    Pool audit_pool(connection, 1, name_database, limits::audit_ms + limits::database_stuck_ms);
    Database database(pool);
    Database writing_database(writing_pool);
    Database auditing_database(audit_pool);
    WriteBatcher writes(writing_database, cache, config.database.writers,
                        static_cast<std::size_t>(config.database.write_queue));
    RequestMetrics requests(metric_endpoints());
    std::optional<HoldSweeper> sweeper;
    Services services{pool,   writing_pool, audit_pool, database, auditing_database,
                      writes, cache,        requests,   {}};
    HttpServer server(
        [&services](const httplib::Request &request, httplib::Response &response) {
            dispatch(services, request, response);
        },
        [&services](const std::string &remote_address, const Problem &problem) {
            record_refusal(services, remote_address, problem);
        });
    services.connections = [&server] { return server.connections(); };

    const int port = server.open(config.host, config.port);
    if (port == 0) {
        std::fprintf(stderr, "mvm-gateway: cannot listen on APP__HOST=%s APP__PORT=%d: %s\n",
                     config.host.c_str(), config.port,
                     "the port is taken or the address is not this machine's");
        return exit_configuration;
    }

    log_start(config.log_level);
    std::atomic<bool> failed{false};
    std::thread serving([&] {
        if (!server.serve()) {
            failed = true;
            kill(getpid(), SIGTERM);
        }
    });
    // The first connection now rather than in the first request. Without
    // PostgreSQL the gateway starts all the same, and says so.
    try {
        const std::string version = database.version();
        log(LogLevel::info, LogLine("market found").field("extension_version", version));
    } catch (const DatabaseFailure &) {
        log(LogLevel::warning, LogLine("no market yet; requests are answered 503 until there is"));
    }
    log(LogLevel::info,
        LogLine("listening")
            .field("host", config.host)
            .field("port", static_cast<std::int64_t>(port))
            .field("environment", config.environment)
            .field("database", config.database.host + ":" + std::to_string(config.database.port) +
                                   "/" + config.database.name));
    sweeper.emplace(writes, std::chrono::seconds(config.hold_sweep_interval_s));
    int signal = 0;
    sigwait(&signals, &signal);
    log(LogLevel::info, LogLine("stopping"));
    audit_pool.close(); // an audit may take longer than the drain
    server.drain();
    sweeper.reset();
    serving.join();
    log(LogLevel::info, LogLine("stopped"));
    log_stop();
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

} // namespace

int main()
{
    try {
        return run(load_config([](const char *name) -> const char * { return std::getenv(name); }));
    } catch (const std::exception &error) {
        std::fprintf(stderr, "mvm-gateway: %s\n", error.what());
        return exit_configuration;
    }
}
