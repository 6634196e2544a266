#include "cache.hpp"

#include <algorithm>
#include <cstring>
#include <random>

#include <hiredis.h>

#include "limits.hpp"
#include "log.hpp"

namespace mvm::gateway {

namespace {

timeval to_timeval(int milliseconds)
{
    return {milliseconds / 1000, (milliseconds % 1000) * 1000};
}

std::string_view text_of(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS ||
                   reply->type == REDIS_REPLY_ERROR
               ? std::string_view(reply->str, static_cast<std::size_t>(reply->len))
               : std::string_view();
}

bool is_ok(const redisReply *reply)
{
    return reply != nullptr && reply->type == REDIS_REPLY_STATUS;
}

std::string hexadecimal(std::uint64_t number)
{
    static constexpr char digits[] = "0123456789abcdef";
    std::string text(16, '0');
    for (std::size_t at = text.size(); at-- > 0; number >>= 4) {
        text[at] = digits[number & 0xf];
    }
    return text;
}

std::string stamp_of(std::string_view epoch, std::string_view token)
{
    std::string stamp(epoch);
    stamp.append(".").append(token).append("\n");
    return stamp;
}

void free_reply(redisReply *reply)
{
    freeReplyObject(reply);
}

} // namespace

// One hiredis context. An error poisons it: it is dropped, never reconnected.
struct Cache::Connection {
    explicit Connection(redisContext *opened, std::uint64_t loss) : context(opened), losses(loss) {}
    ~Connection()
    {
        if (context != nullptr) {
            redisFree(context);
        }
    }
    Connection(const Connection &) = delete;
    Connection &operator=(const Connection &) = delete;

    redisContext *context;
    std::uint64_t losses; // how often Redis had been lost when this was opened
    bool broken = false;
};

Cache::Cache(RedisConfig config) : config_(std::move(config))
{
    std::random_device random;
    token_start_ = hexadecimal((static_cast<std::uint64_t>(random()) << 32) | random());
    if (enabled()) {
        keeper_ = std::thread([this] { keep_connected(); });
        lookups_thread_ = std::thread([this] { answer_gathered(); });
    }
}

Cache::~Cache()
{
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    lost_or_stopping_.notify_all();
    {
        const std::lock_guard lock(lookups_mutex_);
        lookups_end_ = true;
    }
    asked_or_stopping_.notify_all();
    for (std::thread *thread : {&keeper_, &lookups_thread_}) {
        if (thread->joinable()) {
            thread->join();
        }
    }
}

void Cache::use_database(const std::string &identity)
{
    const std::string named = "mvm:" + identity + ":";
    const std::lock_guard lock(mutex_);
    if (named == prefix_) {
        return;
    }
    // Another database, or the first: its epoch is replaced before use, as
    // drops may have been missed while this gateway was not running.
    prefix_ = named;
    available_ = false;
    lost_or_stopping_.notify_all();
}

bool Cache::available() const
{
    const std::lock_guard lock(mutex_);
    return available_;
}

std::optional<std::string> Cache::usable_prefix() const
{
    const std::lock_guard lock(mutex_);
    return available_ ? std::optional(prefix_) : std::nullopt;
}

std::string Cache::prefix() const
{
    const std::lock_guard lock(mutex_);
    return prefix_;
}

std::string Cache::new_token()
{
    return token_start_ + hexadecimal(token_count_.fetch_add(1));
}

// ---------------------------------------------------------------------------
// Reads
// ---------------------------------------------------------------------------

Cache::Lookup Cache::find(std::string_view group, std::string_view key)
{
    Lookup lookup;
    const std::optional<std::string> start = usable_prefix();
    if (!start) {
        metrics_.bypassed.fetch_add(1);
        return lookup;
    }
    const Keys keys{*start + "epoch", *start + "token:" + std::string(group),
                    *start + "body:" + std::string(key)};
    const std::optional<Found> found = look_up(keys);
    if (!found) {
        metrics_.bypassed.fetch_add(1);
        return lookup;
    }
    if (!found->epoch.empty() && !found->token.empty()) {
        lookup.stamp = stamp_of(found->epoch, found->token);
        if (found->body.starts_with(lookup.stamp)) {
            lookup.body = found->body.substr(lookup.stamp.size());
        }
    } else {
        claim(keys, *found, lookup);
    }
    lookup.key = keys.body;
    (lookup.body ? metrics_.hits : metrics_.misses).fetch_add(1);
    return lookup;
}

// Whoever sets an absent token first has it; the others store nothing this
// time. Without an epoch (a flushed Redis) likewise.
void Cache::claim(const Keys &keys, const Found &found, Lookup &lookup)
{
    std::unique_ptr<Connection> connection = borrow();
    if (!connection) {
        return;
    }
    const std::string epoch = found.epoch.empty() ? new_token() : std::string(found.epoch);
    const std::string token = found.token.empty() ? new_token() : std::string(found.token);
    if ((!found.epoch.empty() || claim_token(*connection, keys.epoch, epoch, 0)) &&
        (!found.token.empty() ||
         claim_token(*connection, keys.token, token, 2 * config_.cache_ttl_s + 60))) {
        lookup.stamp = stamp_of(epoch, token);
    }
    give_back(std::move(connection));
}

bool Cache::claim_token(Connection &connection, const std::string &key, const std::string &token,
                        int ttl_s)
{
    std::vector<std::string_view> arguments{"SET", key, token, "NX"};
    const std::string ttl = std::to_string(ttl_s);
    if (ttl_s > 0) {
        arguments.insert(arguments.end(), {"EX", ttl});
    }
    return is_ok(command(connection, arguments).get());
}

void Cache::store(const Lookup &lookup, std::string_view body)
{
    if (lookup.stamp.empty() || body.size() > limits::cached_body_bytes) {
        return;
    }
    std::unique_ptr<Connection> connection = borrow();
    if (!connection) {
        return;
    }
    std::string stamped = lookup.stamp;
    stamped += body;
    command(*connection, {"SET", lookup.key, stamped, "EX", std::to_string(config_.cache_ttl_s)});
    give_back(std::move(connection));
}

// ---------------------------------------------------------------------------
// Lookups together
// ---------------------------------------------------------------------------

// Nothing when Redis did not answer.
std::optional<Cache::Found> Cache::look_up(const Keys &keys)
{
    std::unique_lock lock(lookups_mutex_);
    if (asking_ || !lookups_.empty()) {
        lookups_.push_back({&keys, {}});
        auto found = lookups_.back().found.get_future();
        lock.unlock();
        return found.get();
    }
    asking_ = true;
    lock.unlock();
    const std::vector<Found> found = ask({&keys});
    lock.lock();
    asking_ = false;
    if (!lookups_.empty()) {
        asked_or_stopping_.notify_one();
    }
    return found.empty() ? std::nullopt : std::optional(found.front());
}

// Answers what has gathered while somebody asked, in a thread of its own.
void Cache::answer_gathered()
{
    std::unique_lock lock(lookups_mutex_);
    for (;;) {
        asked_or_stopping_.wait(lock,
                                [this] { return lookups_end_ || (!asking_ && !lookups_.empty()); });
        if (lookups_end_) {
            return;
        }
        asking_ = true;
        const auto end =
            lookups_.begin() +
            static_cast<std::ptrdiff_t>(std::min(lookups_.size(), limits::lookups_together));
        std::vector<WaitingLookup> gathered(std::make_move_iterator(lookups_.begin()),
                                            std::make_move_iterator(end));
        lookups_.erase(lookups_.begin(), end);
        lock.unlock();
        std::vector<const Keys *> keys;
        keys.reserve(gathered.size());
        for (const WaitingLookup &waiting : gathered) {
            keys.push_back(waiting.keys);
        }
        std::vector<Found> found = ask(keys);
        for (std::size_t at = 0; at < gathered.size(); ++at) {
            gathered[at].found.set_value(found.empty() ? std::nullopt
                                                       : std::optional(std::move(found[at])));
        }
        lock.lock();
        asking_ = false;
    }
}

// In the order of the lookups; empty when Redis did not answer. Does not throw, as others wait
// for it to end.
std::vector<Cache::Found> Cache::ask(const std::vector<const Keys *> &lookups) noexcept
try {
    std::unique_ptr<Connection> connection = borrow();
    if (!connection) {
        return {};
    }
    std::vector<std::string_view> arguments{"MGET"};
    for (const Keys *keys : lookups) {
        arguments.insert(arguments.end(), {keys->epoch, keys->token, keys->body});
    }
    const std::shared_ptr<const redisReply> reply = command(*connection, arguments);
    give_back(std::move(connection));
    std::vector<Found> found;
    if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 * lookups.size()) {
        for (std::size_t at = 0; at < reply->elements; at += 3) {
            found.push_back({reply, text_of(reply->element[at]), text_of(reply->element[at + 1]),
                             text_of(reply->element[at + 2])});
        }
    }
    return found;
} catch (const std::exception &error) {
    log(LogLevel::error, LogLine("asking Redis failed").field("error", error.what()));
    return {};
}

// ---------------------------------------------------------------------------
// Drops
// ---------------------------------------------------------------------------

void Cache::drop(const std::vector<std::string> &groups)
{
    if (!enabled()) {
        return;
    }
    std::unique_ptr<Connection> connection = borrow();
    if (connection) {
        const std::string start = prefix() + "token:";
        std::vector<std::string> keys;
        keys.reserve(groups.size());
        for (const std::string &group : groups) {
            keys.push_back(start + group);
        }
        std::vector<std::string_view> arguments{"DEL"};
        arguments.insert(arguments.end(), keys.begin(), keys.end());
        const Reply reply = command(*connection, arguments);
        const bool dropped = reply && reply->type == REDIS_REPLY_INTEGER;
        give_back(std::move(connection));
        if (dropped) {
            return;
        }
    }
    // keep_connected() compares this count before and after it replaced the
    // epoch, so a drop missed in between makes it replace the epoch again.
    const std::lock_guard lock(mutex_);
    ++missed_drops_;
    available_ = false;
    lost_or_stopping_.notify_all();
}

void Cache::drop_everything()
{
    if (!enabled()) {
        return;
    }
    std::unique_ptr<Connection> connection = borrow();
    if (connection) {
        const bool replaced = replace_epoch(*connection);
        give_back(std::move(connection));
        if (replaced) {
            return;
        }
    }
    const std::lock_guard lock(mutex_);
    ++missed_drops_;
    available_ = false;
    lost_or_stopping_.notify_all();
}

bool Cache::replace_epoch(Connection &connection)
{
    return is_ok(command(connection, {"SET", prefix() + "epoch", new_token()}).get());
}

// ---------------------------------------------------------------------------
// Connections
// ---------------------------------------------------------------------------

// A connection to use now; null while Redis is away.
std::unique_ptr<Cache::Connection> Cache::borrow()
{
    {
        const std::lock_guard lock(mutex_);
        if (!available_) {
            return nullptr;
        }
        while (!idle_.empty()) {
            std::unique_ptr<Connection> connection = std::move(idle_.back());
            idle_.pop_back();
            if (connection->losses == losses_) {
                return connection;
            }
        }
    }
    std::string failure;
    std::unique_ptr<Connection> connection = connect(failure);
    if (!connection) {
        lose(failure);
    }
    return connection;
}

void Cache::give_back(std::unique_ptr<Connection> connection)
{
    if (connection->broken) {
        return;
    }
    const std::lock_guard lock(mutex_);
    if (connection->losses == losses_) {
        idle_.push_back(std::move(connection));
    }
}

std::unique_ptr<Cache::Connection> Cache::connect(std::string &failure) const
{
    std::uint64_t losses = 0;
    {
        const std::lock_guard lock(mutex_);
        losses = losses_;
    }
    redisContext *context = redisConnectWithTimeout(config_.host.c_str(), config_.port,
                                                    to_timeval(limits::redis_connect_ms));
    if (context == nullptr) {
        failure = "out of memory";
        return nullptr;
    }
    auto connection = std::make_unique<Connection>(context, losses);
    const auto succeeds = [&](const std::vector<std::string> &arguments) {
        std::vector<const char *> texts;
        std::vector<std::size_t> sizes;
        for (const std::string &argument : arguments) {
            texts.push_back(argument.data());
            sizes.push_back(argument.size());
        }
        const Reply reply(static_cast<redisReply *>(redisCommandArgv(
                              context, static_cast<int>(texts.size()), texts.data(), sizes.data())),
                          free_reply);
        if (!reply) {
            failure = context->errstr;
            return false;
        }
        failure = text_of(reply.get());
        return reply->type == REDIS_REPLY_STATUS;
    };
    if (context->err != 0) {
        failure = context->errstr;
        return nullptr;
    }
    redisSetTimeout(context, to_timeval(limits::redis_command_ms));
    if ((!config_.password.empty() && !succeeds({"AUTH", config_.password})) ||
        (config_.database != 0 && !succeeds({"SELECT", std::to_string(config_.database)})) ||
        !succeeds({"PING"})) {
        return nullptr;
    }
    return connection;
}

// Sends one command. Null, and Redis counts as lost, when no answer came.
Cache::Reply Cache::command(Connection &connection, const std::vector<std::string_view> &arguments)
{
    if (connection.broken) {
        return {nullptr, free_reply};
    }
    std::vector<const char *> texts;
    std::vector<std::size_t> sizes;
    for (const std::string_view argument : arguments) {
        texts.push_back(argument.data());
        sizes.push_back(argument.size());
    }
    Reply reply(static_cast<redisReply *>(redisCommandArgv(connection.context,
                                                           static_cast<int>(texts.size()),
                                                           texts.data(), sizes.data())),
                free_reply);
    if (!reply) {
        connection.broken = true;
        lose(connection.context->errstr);
    } else if (reply->type == REDIS_REPLY_ERROR) {
        // Out of memory, read-only, loading: not to be relied on either.
        connection.broken = true;
        lose(text_of(reply.get()));
    }
    return reply;
}

void Cache::lose(std::string_view reason)
{
    metrics_.errors.fetch_add(1);
    std::vector<std::unique_ptr<Connection>> closed;
    {
        const std::lock_guard lock(mutex_);
        closed.swap(idle_);
        if (!available_) {
            return;
        }
        available_ = false;
        ++losses_;
    }
    metrics_.lost.fetch_add(1);
    lost_or_stopping_.notify_all();
    log(LogLevel::warning, LogLine("Redis lost; reads go to PostgreSQL").field("reason", reason));
}

// Brings Redis back, in a thread of its own, so that no request waits for it.
void Cache::keep_connected()
{
    int pause_ms = limits::redis_retry_min_ms;
    bool told = false;
    for (;;) {
        std::uint64_t missed = 0;
        std::string used_prefix;
        {
            std::unique_lock lock(mutex_);
            lost_or_stopping_.wait(
                lock, [this] { return stopping_ || (!available_ && !prefix_.empty()); });
            if (stopping_) {
                return;
            }
            missed = missed_drops_;
            used_prefix = prefix_;
        }

        std::string failure;
        std::unique_ptr<Connection> connection = connect(failure);
        if (connection && replace_epoch(*connection)) {
            const std::lock_guard lock(mutex_);
            if (missed_drops_ == missed && prefix_ == used_prefix) {
                available_ = true;
                pause_ms = limits::redis_retry_min_ms;
                told = false;
                log(LogLevel::info, LogLine("Redis in use")
                                        .field("host", config_.host)
                                        .field("port", static_cast<std::int64_t>(config_.port)));
            }
            continue;
        }
        if (connection) {
            failure = "it does not carry out commands";
        }
        if (!told) {
            told = true;
            log(LogLevel::warning, LogLine("Redis cannot be reached; reads go to PostgreSQL")
                                       .field("reason", failure));
        }
        std::unique_lock lock(mutex_);
        if (lost_or_stopping_.wait_for(lock, std::chrono::milliseconds(pause_ms),
                                       [this] { return stopping_; })) {
            return;
        }
        pause_ms = std::min(2 * pause_ms, limits::redis_retry_max_ms);
    }
}

} // namespace mvm::gateway
