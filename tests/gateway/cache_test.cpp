// The cache against a real Redis: nothing that was dropped is ever served again.

#include <gtest/gtest.h>
#include <hiredis.h>
#include <unistd.h>

#include "cache.hpp"
#include "support.hpp"

namespace mvm::gateway::test {
namespace {

class CacheTest : public ::testing::Test {
protected:
    void SetUp() override
    {
        redis_ = redisConnect("127.0.0.1", port());
        ASSERT_EQ(redis_->err, 0) << redis_->errstr;
        command({"DEL", "mvm:" + identity_ + ":epoch"});
    }

    void TearDown() override
    {
        forget_everything();
        redisFree(redis_);
    }

    static int port() { return std::stoi(required_environment("MVM_TEST_REDIS_PORT")); }

    RedisConfig config(int ttl_s = 300) const
    {
        RedisConfig redis;
        redis.port = port();
        redis.cache_ttl_s = ttl_s;
        return redis;
    }

    std::unique_ptr<Cache> connected_cache(int ttl_s = 300)
    {
        auto cache = std::make_unique<Cache>(config(ttl_s));
        cache->use_database(identity_);
        EXPECT_TRUE(eventually([&] { return cache->available(); }));
        return cache;
    }

    long long command(const std::vector<std::string> &arguments)
    {
        std::vector<const char *> texts;
        for (const std::string &argument : arguments) {
            texts.push_back(argument.c_str());
        }
        auto *reply = static_cast<redisReply *>(
            redisCommandArgv(redis_, static_cast<int>(texts.size()), texts.data(), nullptr));
        const long long number = reply == nullptr ? -1 : reply->integer;
        freeReplyObject(reply);
        return number;
    }

    void forget_everything()
    {
        command({"EVAL",
                 "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end",
                 "0", "mvm:" + identity_ + ":*"});
    }

    static void fill(Cache &cache, const std::string &group, const std::string &body)
    {
        cache.store(cache.find(group, group), body);
    }

    static std::string found(Cache &cache, const std::string &group)
    {
        return cache.find(group, group).body.value_or("(nothing)");
    }

    redisContext *redis_ = nullptr;
    const std::string identity_ = "test-" + std::to_string(::getpid());
};

TEST_F(CacheTest, serves_what_was_stored)
{
    const auto cache = connected_cache();
    const Cache::Lookup lookup = cache->find("user:1", "user:1");
    EXPECT_FALSE(lookup.body);
    cache->store(lookup, "body\nof two lines");
    EXPECT_EQ(found(*cache, "user:1"), "body\nof two lines");
    EXPECT_EQ(cache->metrics().hits, 1u);
    EXPECT_EQ(cache->metrics().misses, 1u);
}

TEST_F(CacheTest, keeps_the_bodies_of_a_group_apart)
{
    const auto cache = connected_cache();
    cache->store(cache->find("items", "items:1"), "one");
    cache->store(cache->find("items", "items:2"), "two");
    EXPECT_EQ(cache->find("items", "items:1").body, "one");
    EXPECT_EQ(cache->find("items", "items:2").body, "two");
}

TEST_F(CacheTest, drops_every_body_of_a_group)
{
    const auto cache = connected_cache();
    cache->store(cache->find("items", "items:1"), "one");
    cache->store(cache->find("items", "items:2"), "two");
    fill(*cache, "user:1", "kept");
    cache->drop({"items"});
    EXPECT_FALSE(cache->find("items", "items:1").body);
    EXPECT_FALSE(cache->find("items", "items:2").body);
    EXPECT_EQ(found(*cache, "user:1"), "kept");
}

TEST_F(CacheTest, a_slow_reader_cannot_bring_back_what_was_dropped)
{
    const auto cache = connected_cache();
    const Cache::Lookup slow = cache->find("user:1", "user:1");
    cache->drop({"user:1"});
    cache->store(slow, "old");
    EXPECT_EQ(found(*cache, "user:1"), "(nothing)"); // there is no token
    EXPECT_EQ(found(*cache, "user:1"), "(nothing)"); // there is another one
}

TEST_F(CacheTest, a_slow_reader_cannot_overwrite_a_newer_body)
{
    const auto cache = connected_cache();
    const Cache::Lookup slow = cache->find("user:1", "user:1");
    cache->drop({"user:1"});
    fill(*cache, "user:1", "new");
    cache->store(slow, "old");
    EXPECT_NE(found(*cache, "user:1"), "old");
}

TEST_F(CacheTest, a_slow_reader_cannot_come_back_after_redis_forgot_everything)
{
    const auto cache = connected_cache();
    const Cache::Lookup slow = cache->find("user:1", "user:1");
    cache->drop({"user:1"});
    forget_everything();
    cache->store(slow, "old");
    EXPECT_EQ(found(*cache, "user:1"), "(nothing)");
    fill(*cache, "user:1", "new");
    EXPECT_EQ(found(*cache, "user:1"), "new");
}

TEST_F(CacheTest, two_gateways_share_bodies_and_drops)
{
    const auto one = connected_cache();
    const auto other = connected_cache();
    fill(*one, "user:1", "shared");
    EXPECT_EQ(found(*other, "user:1"), "shared");
    other->drop({"user:1"});
    EXPECT_EQ(found(*one, "user:1"), "(nothing)");
}

TEST_F(CacheTest, drops_everything_at_once)
{
    const auto cache = connected_cache();
    fill(*cache, "user:1", "a");
    fill(*cache, "items", "b");
    const Cache::Lookup slow = cache->find("user:2", "user:2");
    cache->drop_everything();
    cache->store(slow, "old");
    EXPECT_EQ(found(*cache, "user:1"), "(nothing)");
    EXPECT_EQ(found(*cache, "items"), "(nothing)");
    EXPECT_EQ(found(*cache, "user:2"), "(nothing)");
}

TEST_F(CacheTest, a_new_gateway_does_not_serve_what_an_earlier_one_may_have_missed_to_drop)
{
    fill(*connected_cache(), "user:1", "left behind");
    EXPECT_EQ(found(*connected_cache(), "user:1"), "(nothing)");
}

TEST_F(CacheTest, keeps_the_bodies_of_two_databases_apart)
{
    const auto cache = connected_cache();
    fill(*cache, "user:1", "of one database");
    cache->use_database(identity_ + "-other");
    ASSERT_TRUE(eventually([&] { return cache->available(); }));
    EXPECT_EQ(found(*cache, "user:1"), "(nothing)");
    cache->drop_everything();
    command(
        {"DEL", "mvm:" + identity_ + "-other:epoch", "mvm:" + identity_ + "-other:token:user:1"});
}

TEST_F(CacheTest, lets_every_key_but_the_epoch_expire)
{
    const auto cache = connected_cache(5);
    fill(*cache, "user:1", "body");
    EXPECT_GT(command({"PTTL", "mvm:" + identity_ + ":body:user:1"}), 0);
    EXPECT_LE(command({"PTTL", "mvm:" + identity_ + ":body:user:1"}), 5000);
    EXPECT_GT(command({"PTTL", "mvm:" + identity_ + ":token:user:1"}), 5000);
}

TEST_F(CacheTest, does_nothing_when_the_ttl_is_zero)
{
    Cache cache(config(0));
    cache.use_database(identity_);
    const Cache::Lookup lookup = cache.find("user:1", "user:1");
    cache.store(lookup, "body");
    EXPECT_FALSE(cache.find("user:1", "user:1").body);
    EXPECT_FALSE(cache.available());
    EXPECT_EQ(command({"EXISTS", "mvm:" + identity_ + ":body:user:1"}), 0);
}

TEST_F(CacheTest, does_not_keep_what_is_too_large)
{
    const auto cache = connected_cache();
    fill(*cache, "items", std::string(300 * 1024, 'x'));
    EXPECT_EQ(found(*cache, "items"), "(nothing)");
}

TEST_F(CacheTest, works_without_redis)
{
    RedisConfig nowhere;
    nowhere.port = 1;
    Cache cache(nowhere);
    cache.use_database(identity_);
    cache.store(cache.find("user:1", "user:1"), "body");
    cache.drop({"user:1"});
    EXPECT_FALSE(cache.find("user:1", "user:1").body);
    EXPECT_EQ(cache.metrics().bypassed, 2u);
}

// Redis stands still, as in a network failure: what it holds is still there when it comes back.
TEST_F(CacheTest, a_drop_missed_while_redis_stood_still_is_made_good_before_it_is_used_again)
{
    const auto cache = connected_cache();
    fill(*cache, "user:1", "old");
    auto *reply = static_cast<redisReply *>(redisCommand(redis_, "INFO server"));
    const std::string info(reply->str, static_cast<std::size_t>(reply->len));
    freeReplyObject(reply);
    const int redis_pid = std::stoi(info.substr(info.find("process_id:") + 11));

    auto stopped = std::make_unique<StoppedProcess>(redis_pid);
    const auto began = std::chrono::steady_clock::now();
    cache->drop({"user:2"}); // is sent, finds that Redis is away
    cache->drop({"user:1"}); // is not even sent
    const auto took = std::chrono::steady_clock::now() - began;
    const std::string while_away = found(*cache, "user:1");
    stopped.reset();

    EXPECT_LT(took, std::chrono::seconds(2));
    EXPECT_EQ(while_away, "(nothing)");
    ASSERT_TRUE(eventually([&] { return cache->available(); }));
    EXPECT_EQ(found(*cache, "user:1"), "(nothing)");
}

} // namespace
} // namespace mvm::gateway::test
