// Configuration by environment variables.
#include <map>

#include <gtest/gtest.h>

#include "config.hpp"

namespace mvm::gateway {
namespace {

Config load(const std::map<std::string, std::string> &variables)
{
    return load_config([&](const char *name) -> const char * {
        const auto found = variables.find(name);
        return found == variables.end() ? nullptr : found->second.c_str();
    });
}

std::string refusal(const std::map<std::string, std::string> &variables)
{
    try {
        load(variables);
    } catch (const ConfigError &error) {
        return error.what();
    }
    return "";
}

TEST(Config, listens_on_loopback_port_8000_unless_told)
{
    const Config config = load({});
    EXPECT_EQ(config.host, "127.0.0.1");
    EXPECT_EQ(config.port, 8000);
    EXPECT_EQ(config.log_level, LogLevel::info);
}

TEST(Config, reads_every_variable)
{
    const Config config = load({{"DB__HOST", "db"},
                                {"DB__PORT", "6543"},
                                {"DB__USER", "trader"},
                                {"DB__PASSWORD", "secret"},
                                {"DB__NAME", "market"},
                                {"DB__SSL", "true"},
                                {"DB_POOL_SIZE", "17"},
                                {"DB_WRITERS", "3"},
                                {"DB_WRITE_QUEUE", "99"},
                                {"REDIS__HOST", "cache"},
                                {"REDIS__PORT", "6380"},
                                {"REDIS__DB", "3"},
                                {"REDIS__PASSWORD", "hush"},
                                {"REDIS__SSL", "false"},
                                {"REDIS_CACHE_TTL", "5"},
                                {"HOLD_SWEEP_INTERVAL", "7"},
                                {"APP__HOST", "0.0.0.0"},
                                {"APP__PORT", "8080"},
                                {"APP__LOG_LEVEL", "WARNING"},
                                {"APP__ENVIRONMENT", "Production"}});
    EXPECT_EQ(config.database.host, "db");
    EXPECT_EQ(config.database.port, 6543);
    EXPECT_EQ(config.database.user, "trader");
    EXPECT_EQ(config.database.password, "secret");
    EXPECT_EQ(config.database.name, "market");
    EXPECT_EQ(config.database.sslmode, "require");
    EXPECT_EQ(config.database.pool_size, 17);
    EXPECT_EQ(config.database.writers, 3);
    EXPECT_EQ(config.database.write_queue, 99);
    EXPECT_EQ(config.redis.host, "cache");
    EXPECT_EQ(config.redis.port, 6380);
    EXPECT_EQ(config.redis.database, 3);
    EXPECT_EQ(config.redis.password, "hush");
    EXPECT_EQ(config.redis.cache_ttl_s, 5);
    EXPECT_EQ(config.hold_sweep_interval_s, 7);
    EXPECT_EQ(config.host, "0.0.0.0");
    EXPECT_EQ(config.port, 8080);
    EXPECT_EQ(config.log_level, LogLevel::warning);
    EXPECT_EQ(config.environment, "production");
}

TEST(Config, takes_an_empty_variable_as_unset)
{
    EXPECT_EQ(load({{"APP__PORT", ""}, {"DB_POOL_SIZE", ""}}).port, 8000);
}

TEST(Config, accepts_libpq_names_for_ssl)
{
    EXPECT_EQ(load({{"DB__SSL", "verify-full"}}).database.sslmode, "verify-full");
    EXPECT_EQ(load({{"DB__SSL", "false"}}).database.sslmode, "disable");
}

TEST(Config, refuses_what_cannot_be_honoured_and_names_the_variable)
{
    const std::vector<std::pair<std::string, std::string>> cases{
        {"APP__PORT", "eighty"},       {"APP__PORT", "65536"},     {"APP__PORT", "-1"},
        {"APP__PORT", "80x"},          {"DB__PORT", "0"},          {"DB_POOL_SIZE", "0"},
        {"DB_POOL_SIZE", "1001"},      {"DB_WRITERS", "0"},        {"DB_WRITE_QUEUE", "0"},
        {"DB__SSL", "maybe"},          {"REDIS__PORT", "99999"},   {"REDIS__DB", "-1"},
        {"REDIS__SSL", "true"},        {"REDIS__SSL", "perhaps"},  {"REDIS_CACHE_TTL", "-1"},
        {"HOLD_SWEEP_INTERVAL", "-1"}, {"REDIS_CACHE_TTL", "1.5"}, {"APP__LOG_LEVEL", "loud"},
        {"APP__ENVIRONMENT", "moon"},
    };
    for (const auto &[name, value] : cases) {
        const std::string message = refusal({{name, value}});
        EXPECT_TRUE(message.starts_with(name + "='" + value + "' cannot be used"))
            << name << "=" << value << ": " << message;
        EXPECT_EQ(message.find('\n'), std::string::npos);
    }
}

TEST(Config, quotes_every_value_of_the_connection_string)
{
    DatabaseConfig database;
    database.password = R"(it's a \ back)";
    const std::string text = connection_string(database);
    EXPECT_NE(text.find(R"(password='it\'s a \\ back')"), std::string::npos) << text;
    EXPECT_NE(text.find("statement_timeout="), std::string::npos);
    EXPECT_NE(text.find("application_name='mvm-gateway'"), std::string::npos);
}

} // namespace
} // namespace mvm::gateway
