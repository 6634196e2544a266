// 32 clients buying and exchanging at random on three users and three items,
// with the servers left alone and with them restarted and killed underneath.
// MVM_LOAD_SECONDS sets how long (15), MVM_LOAD_SEED the random numbers.
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>

#include "support.hpp"

namespace mvm::gateway::test {
namespace {

constexpr int clients_count = 32;

unsigned number_from(const char *name, unsigned otherwise)
{
    const char *value = std::getenv(name);
    return value == nullptr || *value == '\0' ? otherwise
                                              : static_cast<unsigned>(std::stoul(value));
}

class Load : public RestTest {
protected:
    void SetUp() override
    {
        RestTest::SetUp();
        // Money and goods for the whole run; each user sells one of the items.
        database_->sql("SELECT mvm_deposit(id, 100000000) FROM mvm.users");
        for (int item = 1; item <= 3; ++item) {
            const std::string n = std::to_string(item);
            database_->sql("SELECT mvm_list_item(" + n + ", 'Load " + n + "', " + n +
                           ".25, 1000000)");
        }
        seed_ = number_from("MVM_LOAD_SEED", std::random_device{}());
        std::cout << "MVM_LOAD_SEED=" << seed_ << std::endl;
    }

    struct Outcome {
        std::atomic<int> done{0};
        std::atomic<int> refused{0};     // 400: the market's rules
        std::atomic<int> unavailable{0}; // 503
        std::atomic<int> bought{0};      // pieces, by answers of 200
        std::mutex mutex;
        std::vector<std::string> others; // anything else, the gateway hanging up included
    };

    void trade(int client_number, const std::atomic<bool> &stop, Outcome &outcome)
    {
        std::mt19937 random(seed_ + static_cast<unsigned>(client_number));
        const auto any = [&](int least, int most) {
            return std::uniform_int_distribution<int>(least, most)(random);
        };
        auto client = std::make_unique<Client>(gateway_->port());
        while (!stop) {
            const bool buys = any(0, 1) == 0;
            const int quantity = any(1, 3);
            std::string path;
            std::string body;
            if (buys) {
                path = "/api/v1/buy";
                body = R"({"buyer_id":)" + std::to_string(any(1, 3)) + R"(,"item_id":)" +
                       std::to_string(any(4, 6)) + R"(,"quantity":)" + std::to_string(quantity) +
                       "}";
            } else {
                const int from = any(1, 3);
                path = "/api/v1/exchange";
                body = R"({"user_id":)" + std::to_string(any(1, 3)) + R"(,"amount":)" +
                       std::to_string(any(100, 9999)) + "e-2" + R"(,"from_universe_id":)" +
                       std::to_string(from) + R"(,"to_universe_id":)" +
                       std::to_string(from % 3 + 1) + "}";
            }
            Headers headers;
            if (any(0, 3) == 0) {
                headers.emplace_back("Idempotency-Key", std::to_string(client_number) + "-" +
                                                            std::to_string(random()));
            }
            try {
                const Answer answer = client->post(path, body, headers);
                if (answer.status == 200) {
                    ++outcome.done;
                    outcome.bought += buys ? quantity : 0;
                } else if (answer.status == 400) {
                    ++outcome.refused;
                } else if (answer.status == 503 && answer.headers.contains("retry-after")) {
                    ++outcome.unavailable;
                    // As Retry-After asks, though not for so long.
                    std::this_thread::sleep_for(std::chrono::milliseconds(20));
                } else {
                    const std::lock_guard lock(outcome.mutex);
                    outcome.others.push_back(std::to_string(answer.status) + " " + answer.body);
                }
            } catch (const std::runtime_error &error) {
                const std::lock_guard lock(outcome.mutex);
                outcome.others.push_back(error.what());
                client = std::make_unique<Client>(gateway_->port());
            }
        }
    }

    // Trades while `meanwhile` runs.
    template <typename Meanwhile> void run(Outcome &outcome, const Meanwhile &meanwhile)
    {
        std::atomic<bool> stop{false};
        std::vector<std::thread> clients;
        for (int number = 0; number < clients_count; ++number) {
            clients.emplace_back([&, number] { trade(number, stop, outcome); });
        }
        meanwhile();
        stop = true;
        for (std::thread &client : clients) {
            client.join();
        }
        std::cout << "done " << outcome.done << ", refused " << outcome.refused << ", unavailable "
                  << outcome.unavailable << std::endl;
        EXPECT_TRUE(outcome.others.empty())
            << outcome.others.size() << ", the first: " << outcome.others.front();
    }

    std::chrono::milliseconds duration() const
    {
        return std::chrono::seconds(number_from("MVM_LOAD_SECONDS", 15));
    }

    void expect_clean_market()
    {
        EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm_audit()"), "0");
        EXPECT_EQ(database_->sql("SELECT deadlocks FROM pg_stat_database"
                                 " WHERE datname = current_database()"),
                  "0");
        // Every sale in the journal is off the stock, counted without the audit.
        EXPECT_EQ(
            database_->sql("SELECT count(*) FROM mvm.items i WHERE id > 3 AND stock <> 1000000"
                           " - (SELECT COALESCE(sum(quantity), 0) FROM mvm.trades t"
                           "    WHERE t.item_id = i.id)"),
            "0");
    }

    std::string pieces_sold()
    {
        return database_->sql("SELECT COALESCE(sum(quantity), 0) FROM mvm.trades");
    }

    unsigned seed_ = 0;
};

TEST_F(Load, of_32_clients_leaves_a_clean_market_without_a_5xx_or_a_deadlock)
{
    Outcome outcome;
    run(outcome, [this] { std::this_thread::sleep_for(duration()); });
    EXPECT_EQ(outcome.unavailable, 0);
    EXPECT_GT(outcome.done, 500);
    EXPECT_EQ(pieces_sold(), std::to_string(outcome.bought));
    expect_clean_market();
}

TEST_F(Load, survives_postgresql_restarted_and_killed_and_redis_killed)
{
    const ServerRunsAgain postgres("postgres");
    const ServerRunsAgain redis("redis");
    Outcome outcome;
    run(outcome, [&] {
        const auto trades_go_on = [&] {
            const int before = outcome.done;
            return eventually([&] { return outcome.done > before + 100; });
        };
        EXPECT_TRUE(trades_go_on());
        control_server("redis", "kill");
        EXPECT_TRUE(trades_go_on());
        control_server("redis", "start");
        EXPECT_TRUE(trades_go_on());
        control_server("postgres", "restart");
        EXPECT_TRUE(trades_go_on());
        control_server("postgres", "kill");
        control_server("redis", "kill");
        control_server("postgres", "start");
        EXPECT_TRUE(trades_go_on());
        control_server("redis", "start");
        EXPECT_TRUE(trades_go_on());
    });
    EXPECT_GT(outcome.unavailable, 0) << "PostgreSQL was never noticed to be away";
    // An answer of 200 is a sale; one of unknown outcome may be a sale.
    EXPECT_GE(std::stoi(pieces_sold()), outcome.bought);
    expect_clean_market();
    ASSERT_TRUE(wait_for_redis());
    for (int user = 1; user <= 3; ++user) {
        const std::string id = std::to_string(user);
        EXPECT_EQ(get("/api/v1/users/" + id).json()["balance"].dump(),
                  nlohmann::json::parse(database_->sql("SELECT mvm_balance(" + id + ")")).dump());
    }
}

} // namespace
} // namespace mvm::gateway::test
