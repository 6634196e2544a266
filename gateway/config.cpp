#include "config.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <string_view>

#include "limits.hpp"

namespace mvm::gateway {

namespace {

class Reader {
public:
    explicit Reader(const Environment &environment) : environment_(environment) {}

    std::optional<std::string> find(const char *name) const
    {
        const char *value = environment_(name);
        if (value == nullptr || *value == '\0') {
            return std::nullopt;
        }
        return value;
    }

    std::string text(const char *name, const std::string &otherwise) const
    {
        return find(name).value_or(otherwise);
    }

    int integer(const char *name, int otherwise, int least, int most) const
    {
        const auto value = find(name);
        if (!value) {
            return otherwise;
        }
        int number = 0;
        const char *end = value->data() + value->size();
        const auto [stopped, error] = std::from_chars(value->data(), end, number);
        if (error != std::errc{} || stopped != end || number < least || number > most) {
            refuse(name, *value,
                   "an integer from " + std::to_string(least) + " to " + std::to_string(most));
        }
        return number;
    }

    // `accepted` pairs what may be written, in lower case, with what it means.
    template <typename Value, std::size_t Count>
    Value choice(const char *name, const Value &otherwise,
                 const std::array<std::pair<std::string_view, Value>, Count> &accepted) const
    {
        const auto value = find(name);
        if (!value) {
            return otherwise;
        }
        std::string lower = *value;
        std::transform(lower.begin(), lower.end(), lower.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        std::string names;
        for (const auto &[spelling, meaning] : accepted) {
            if (lower == spelling) {
                return meaning;
            }
            names += names.empty() ? "" : ", ";
            names += spelling;
        }
        refuse(name, *value, "one of " + names);
    }

    [[noreturn]] static void refuse(const char *name, const std::string &value,
                                    const std::string &wanted)
    {
        throw ConfigError(std::string(name) + "='" + value + "' cannot be used: it must be " +
                          wanted);
    }

private:
    const Environment &environment_;
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 14> ssl_modes{{
    {"true", "require"},
    {"1", "require"},
    {"yes", "require"},
    {"on", "require"},
    {"false", "disable"},
    {"0", "disable"},
    {"no", "disable"},
    {"off", "disable"},
    {"disable", "disable"},
    {"allow", "allow"},
    {"prefer", "prefer"},
    {"require", "require"},
    {"verify-ca", "verify-ca"},
    {"verify-full", "verify-full"},
}};

constexpr std::array<std::pair<std::string_view, bool>, 8> booleans{{
    {"true", true},
    {"1", true},
    {"yes", true},
    {"on", true},
    {"false", false},
    {"0", false},
    {"no", false},
    {"off", false},
}};

constexpr std::array<std::pair<std::string_view, LogLevel>, 5> log_levels{{
    {"debug", LogLevel::debug},
    {"info", LogLevel::info},
    {"warning", LogLevel::warning},
    {"warn", LogLevel::warning},
    {"error", LogLevel::error},
}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> environments{{
    {"development", "development"},
    {"test", "test"},
    {"staging", "staging"},
    {"production", "production"},
}};

// A parameter of a connection string: keyword='value', quotes and backslashes escaped.
void append_parameter(std::string &text, std::string_view keyword, std::string_view value)
{
    text += text.empty() ? "" : " ";
    text += keyword;
    text += "='";
    for (const char c : value) {
        if (c == '\'' || c == '\\') {
            text += '\\';
        }
        text += c;
    }
    text += '\'';
}

} // namespace

Config load_config(const Environment &environment)
{
    const Reader reader(environment);
    Config config;

    DatabaseConfig &database = config.database;
    database.host = reader.text("DB__HOST", database.host);
    database.port = reader.integer("DB__PORT", database.port, 1, 65535);
    database.user = reader.text("DB__USER", database.user);
    database.password = reader.text("DB__PASSWORD", database.password);
    database.name = reader.text("DB__NAME", database.name);
    database.sslmode = reader.choice("DB__SSL", std::string_view(database.sslmode), ssl_modes);
    database.pool_size = reader.integer("DB_POOL_SIZE", database.pool_size, 1, 1000);
    database.writers = reader.integer("DB_WRITERS", database.writers, 1, 64);
    database.write_queue = reader.integer("DB_WRITE_QUEUE", database.write_queue, 1, 1'000'000);

    RedisConfig &redis = config.redis;
    redis.host = reader.text("REDIS__HOST", redis.host);
    redis.port = reader.integer("REDIS__PORT", redis.port, 1, 65535);
    redis.database = reader.integer("REDIS__DB", redis.database, 0, 65535);
    redis.password = reader.text("REDIS__PASSWORD", redis.password);
    if (reader.choice("REDIS__SSL", false, booleans)) {
        Reader::refuse("REDIS__SSL", *reader.find("REDIS__SSL"),
                       "false: this build speaks to Redis without TLS");
    }
    redis.cache_ttl_s = reader.integer("REDIS_CACHE_TTL", redis.cache_ttl_s, 0, 86400);

    config.host = reader.text("APP__HOST", config.host);
    config.port = reader.integer("APP__PORT", config.port, 0, 65535);
    config.hold_sweep_interval_s =
        reader.integer("HOLD_SWEEP_INTERVAL", config.hold_sweep_interval_s, 0, 86400);
    config.log_level = reader.choice("APP__LOG_LEVEL", config.log_level, log_levels);
    config.environment =
        reader.choice("APP__ENVIRONMENT", std::string_view(config.environment), environments);
    return config;
}

std::string connection_string(const DatabaseConfig &config)
{
    std::string text;
    append_parameter(text, "host", config.host);
    append_parameter(text, "port", std::to_string(config.port));
    append_parameter(text, "user", config.user);
    if (!config.password.empty()) {
        append_parameter(text, "password", config.password);
    }
    append_parameter(text, "dbname", config.name);
    append_parameter(text, "sslmode", config.sslmode);
    append_parameter(text, "application_name", "mvm-gateway");
    append_parameter(text, "client_encoding", "UTF8");
    append_parameter(text, "connect_timeout", std::to_string(limits::database_connect_s));
    append_parameter(text, "keepalives_idle", "10");
    append_parameter(text, "keepalives_interval", "2");
    append_parameter(text, "keepalives_count", "3");
    append_parameter(text, "tcp_user_timeout", std::to_string(limits::database_stuck_ms));
    // UTC, so that the times in answers do not depend on the server's zone. The path, so that they
    // do not depend on what others create in the database.
    append_parameter(text, "options",
                     "-c search_path=pg_catalog,pg_temp -c TimeZone=UTC -c DateStyle=ISO"
                     " -c statement_timeout=" +
                         std::to_string(limits::statement_ms));
    return text;
}

} // namespace mvm::gateway
