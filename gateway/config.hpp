// The gateway's configuration, from environment variables. Every value is checked
// here, so the rest of the gateway never meets one that cannot be used.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>

#include "log.hpp"

namespace mvm::gateway {

struct DatabaseConfig {
    std::string host = "127.0.0.1"; // a name, an address, or the directory of a unix socket
    int port = 5432;
    std::string user = "mvm";
    std::string password; // empty: libpq's own ways (PGPASSFILE, ~/.pgpass, peer)
    std::string name = "mvm";
    std::string sslmode = "prefer";
    int pool_size = 10;      // connections that read
    int writers = 2;         // connections that write, each with one call or batch at a time
    int write_queue = 10000; // writes that may wait for one; more are answered 503
};

struct RedisConfig {
    std::string host = "127.0.0.1";
    int port = 6379;
    int database = 0;
    std::string password;
    int cache_ttl_s = 60; // 0: nothing is cached
};

struct Config {
    DatabaseConfig database;
    RedisConfig redis;
    std::string host = "127.0.0.1";
    int port = 8000;                // 0: any free one, named in the log
    int hold_sweep_interval_s = 10; // 0: holds are not swept
    LogLevel log_level = LogLevel::info;
    std::string environment = "development";
};

// The message names the variable, the value and what would be accepted.
struct ConfigError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Looks up one variable; null when it is not set.
using Environment = std::function<const char *(const char *name)>;

// Reads the configuration. An unset or empty variable means its default.
// Throws ConfigError.
Config load_config(const Environment &environment);

// libpq's connection string for `config`, with every value quoted.
std::string connection_string(const DatabaseConfig &config);

} // namespace mvm::gateway
