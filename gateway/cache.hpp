// Bodies of reads, kept in Redis.
//
// Every body belongs to a group (a user, a user's trades, an item, a list of items). A
// group has a token in Redis, drawn anew each time it is needed and never
// twice; a body is stored with the token its reader saw *before* it asked the
// database, and is served only while that is the group's token. drop() deletes
// the token after a write has been committed, so whatever was read before the
// commit, even by a slow reader that stores it after the drop, is never served
// again.
//
// Concurrent lookups are combined: while none is under way, a lookup asks Redis
// at once, in its own thread; those that arrive meanwhile wait, and go together
// as one command. Each is sent after it arrived, so it sees every earlier drop.
//
// All groups share an epoch, a token of the whole cache. When Redis was out of
// reach while a write wanted to drop something, the epoch is replaced before
// Redis is used again.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "config.hpp"
#include "metrics.hpp"

struct redisContext;
struct redisReply;

namespace mvm::gateway {

class Cache {
public:
    struct Metrics {
        Counter hits{0};
        Counter misses{0};
        Counter bypassed{0}; // not asked: Redis is away
        Counter errors{0};   // commands that failed
        Counter lost{0};     // times that Redis went away
    };

    explicit Cache(RedisConfig config);
    ~Cache();
    Cache(const Cache &) = delete;
    Cache &operator=(const Cache &) = delete;

    // Names the database whose bodies these are; until then nothing is cached.
    void use_database(const std::string &identity);

    // What a lookup found: a body, or the right to store one.
    struct Lookup {
        std::optional<std::string> body;

    private:
        friend class Cache;
        std::string stamp; // empty: what is read must not be stored
        std::string key;
    };

    // Looks `key` of `group` up. On a miss, ask the database *after* this call
    // and give the answer to store().
    Lookup find(std::string_view group, std::string_view key);
    void store(const Lookup &lookup, std::string_view body);

    // Call after the commit and before its answer. From the return on, no
    // client of this gateway is served what the groups held before.
    void drop(const std::vector<std::string> &groups);
    // The same for every group: a write may have been carried out, and nobody knows which rows.
    void drop_everything();

    bool available() const;
    const Metrics &metrics() const { return metrics_; }

private:
    struct Connection;
    using Reply = std::unique_ptr<redisReply, void (*)(redisReply *)>;
    struct Keys {
        std::string epoch;
        std::string token;
        std::string body;
    };
    // What Redis has under these keys; empty: nothing.
    struct Found {
        std::shared_ptr<const redisReply> reply; // has the texts
        std::string_view epoch;
        std::string_view token;
        std::string_view body;
    };
    struct WaitingLookup {
        const Keys *keys;
        std::promise<std::optional<Found>> found;
    };

    bool enabled() const { return config_.cache_ttl_s > 0; }
    std::unique_ptr<Connection> connect(std::string &failure) const;
    std::unique_ptr<Connection> borrow();
    void give_back(std::unique_ptr<Connection> connection);
    Reply command(Connection &connection, const std::vector<std::string_view> &arguments);
    void lose(std::string_view reason);
    void keep_connected();
    bool replace_epoch(Connection &connection);
    // Of every key; nothing while Redis is away.
    std::optional<std::string> usable_prefix() const;
    std::string prefix() const;
    std::optional<Found> look_up(const Keys &keys);
    void answer_gathered();
    std::vector<Found> ask(const std::vector<const Keys *> &lookups) noexcept;
    void claim(const Keys &keys, const Found &found, Lookup &lookup);
    std::string new_token();
    bool claim_token(Connection &connection, const std::string &key, const std::string &token,
                     int ttl_s);

    const RedisConfig config_;
    Metrics metrics_;

    mutable std::mutex mutex_;
    std::condition_variable lost_or_stopping_;
    std::vector<std::unique_ptr<Connection>> idle_;
    std::string prefix_; // of every key; empty: no database named yet
    bool available_ = false;
    std::uint64_t losses_ = 0;       // connections from before a loss are not used again
    std::uint64_t missed_drops_ = 0; // drops that could not be done
    bool stopping_ = false;

    std::string token_start_;
    Counter token_count_{0};
    std::thread keeper_;

    std::mutex lookups_mutex_;
    std::condition_variable asked_or_stopping_;
    std::deque<WaitingLookup> lookups_; // that wait
    bool asking_ = false;               // a lookup is under way
    bool lookups_end_ = false;
    std::thread lookups_thread_;
};

// Groups of the gateway's bodies.
namespace groups {
inline constexpr std::string_view universes = "universes";
inline constexpr std::string_view all_items = "items";
inline std::string items_of(std::string_view universe_id)
{
    return "items:" + std::string(universe_id);
}
inline std::string item(std::string_view item_id)
{
    return "item:" + std::string(item_id);
}
inline std::string user(std::string_view user_id)
{
    return "user:" + std::string(user_id);
}
inline std::string trades_of(std::string_view user_id)
{
    return "trades:" + std::string(user_id);
}
} // namespace groups

} // namespace mvm::gateway
