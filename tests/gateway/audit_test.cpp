// GET /audit: what it finds, and that a running one delays nobody else.
#include <csignal>
#include <future>

#include "limits.hpp"
#include "support.hpp"

namespace mvm::gateway::test {
namespace {

// Keeps every audit waiting until it is gone.
class LockedJournal {
public:
    explicit LockedJournal(const MarketDatabase &database)
        : connection_(database.superuser_connection()), transaction_(connection_)
    {
        transaction_.exec("LOCK TABLE mvm.journal IN ACCESS EXCLUSIVE MODE");
    }

private:
    pqxx::connection connection_;
    pqxx::work transaction_;
};

class Audit : public RestTest {
protected:
    // One audit beforehand, as a locked journal holds up the opening of a connection too.
    void SetUp() override
    {
        RestTest::SetUp();
        ASSERT_EQ(get("/api/v1/audit").status, 200);
    }

    std::future<Answer> begin_audit()
    {
        std::future<Answer> answer = std::async(std::launch::async, [port = gateway_->port()] {
            return Client(port).get("/api/v1/audit");
        });
        EXPECT_FALSE(waiting_backend().empty());
        return answer;
    }
};

TEST_F(Audit, of_a_clean_market_finds_nothing)
{
    ASSERT_EQ(buy(R"({"buyer_id":1,"item_id":2,"quantity":1})").status, 200);
    const Answer answer = get("/api/v1/audit");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"clean":true,"violations":[]})");
    EXPECT_EQ(answer.headers.at("cache-control"), "no-store");
}

TEST_F(Audit, names_what_is_wrong_and_is_never_cached)
{
    ASSERT_TRUE(wait_for_redis());
    ASSERT_TRUE(get("/api/v1/audit").json()["clean"]);
    database_->sql("UPDATE mvm.item SET stock = stock + 1 WHERE id = 1");
    EXPECT_EQ(get("/api/v1/audit").body,
              R"({"clean":false,"violations":[{"check_name":"stock_equals_movements",)"
              R"("subject":"item 1","expected":100,"actual":101}]})");
    database_->sql("UPDATE mvm.item SET stock = stock - 1 WHERE id = 1");
    EXPECT_TRUE(get("/api/v1/audit").json()["clean"]);
}

TEST_F(Audit, names_at_most_a_thousand_violations)
{
    database_->sql("SELECT count(mvm_list_item(1, 'Thing ' || n, 1, 1))"
                   " FROM generate_series(1, 1100) n");
    database_->sql("UPDATE mvm.item SET stock = 2 WHERE id > 3");
    const auto found = get("/api/v1/audit").json();
    EXPECT_EQ(found["clean"], false);
    EXPECT_EQ(found["violations"].size(), 1000u);
}

TEST_F(Audit, runs_one_at_a_time_and_again_afterwards)
{
    auto lock = std::make_unique<LockedJournal>(*database_);
    std::future<Answer> first = begin_audit();
    const Answer second = get("/api/v1/audit");
    expect_problem(second, 503, "unavailable", "An audit is running");
    EXPECT_EQ(second.headers.at("retry-after"), std::to_string(limits::audit_retry_s));
    EXPECT_EQ(get("/api/v1/users/1").status, 200) << "others go on";
    lock.reset();
    EXPECT_EQ(first.get().body, R"({"clean":true,"violations":[]})");
    EXPECT_EQ(get("/api/v1/audit").status, 200);
}

TEST_F(Audit, may_take_longer_than_other_statements)
{
    auto lock = std::make_unique<LockedJournal>(*database_);
    std::future<Answer> answer = begin_audit();
    EXPECT_EQ(answer.wait_for(std::chrono::milliseconds(limits::database_stuck_ms + 1'500)),
              std::future_status::timeout);
    lock.reset();
    EXPECT_EQ(answer.get().status, 200);
}

TEST_F(Audit, that_fails_lets_the_next_one_run)
{
    auto lock = std::make_unique<LockedJournal>(*database_);
    std::future<Answer> cancelled = begin_audit();
    database_->sql("SELECT pg_cancel_backend(" + waiting_backend() + ")");
    expect_problem(cancelled.get(), 503, "unavailable", "PostgreSQL cannot do this now");
    lock.reset();
    EXPECT_EQ(get("/api/v1/audit").status, 200);
}

TEST_F(Audit, under_way_does_not_hold_up_the_end_of_the_gateway)
{
    const LockedJournal lock(*database_);
    std::future<Answer> answer = begin_audit();
    const auto began = std::chrono::steady_clock::now();
    gateway_->signal(SIGTERM);
    EXPECT_EQ(answer.get().status, 503);
    EXPECT_EQ(gateway_->wait(), 0);
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
    // Nor does its statement stay behind, for which nobody waits any more.
    EXPECT_TRUE(eventually([&] {
        return database_->sql("SELECT count(*) FROM pg_stat_activity"
                              " WHERE application_name = 'mvm-gateway'"
                              " AND datname = current_database()") == "0";
    }));
}

} // namespace
} // namespace mvm::gateway::test
