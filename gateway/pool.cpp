#include "pool.hpp"

#include <poll.h>
#include <sys/socket.h>

#include "log.hpp"

namespace mvm::gateway {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

// An idle connection has nothing to say: one that can be read has been ended
// by the server (or told of a changed setting, where a fresh one costs little).
bool is_quiet(const pqxx::connection &connection)
{
    pollfd socket{connection.sock(), POLLIN, 0};
    return socket.fd >= 0 && ::poll(&socket, 1, 0) == 0;
}

// The statement with the market's functions, which are all that begins with mvm_, in their schema.
std::string with_schema(std::string_view sql, const std::string &schema)
{
    constexpr std::string_view prefix = "mvm_";
    std::string text;
    std::size_t done = 0;
    for (std::size_t at = sql.find(prefix); at != sql.npos; at = sql.find(prefix, done)) {
        text.append(sql, done, at - done).append(schema).append(".").append(prefix);
        done = at + prefix.size();
    }
    return text.append(sql, done);
}

} // namespace

Pool::Pool(std::string connection_string, int size,
           std::function<void(const std::string &identity)> opened, int stuck_ms)
    : connection_string_(std::move(connection_string)), size_(size), opened_(std::move(opened)),
      stuck_ms_(stuck_ms), watchdog_([this] { end_stuck_sessions(); })
{
}

Pool::~Pool()
{
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    stopped_.notify_all();
    watchdog_.join();
}

Pool::Lease Pool::acquire()
{
    const auto deadline = steady_clock::now() + milliseconds(limits::database_wait_ms);
    std::unique_lock lock(mutex_);
    bool waited = false;
    for (;;) {
        while (!idle_.empty() && !closed_) {
            std::unique_ptr<Session> session = std::move(idle_.back());
            idle_.pop_back();
            if (is_quiet(session->connection)) {
                session->lent_at = steady_clock::now();
                lent_.insert(session.get());
                return Lease(*this, std::move(session));
            }
            metrics_.lost.fetch_add(1);
            --slots_taken_;
        }
        if (slots_taken_ < size_) {
            break;
        }
        if (!waited) {
            waited = true;
            metrics_.waits.fetch_add(1);
        }
        if (freed_.wait_until(lock, deadline) == std::cv_status::timeout && idle_.empty() &&
            slots_taken_ >= size_) {
            metrics_.wait_timeouts.fetch_add(1);
            throw NoConnection("all connections are in use", true);
        }
    }
    if (closed_) {
        throw NoConnection("the pool is closed", false);
    }
    // While the server is away, not every request has to find that out for itself.
    if (steady_clock::now() < open_again_at_) {
        throw NoConnection(open_failure_, false);
    }

    ++slots_taken_;
    lock.unlock();
    std::unique_ptr<Session> session;
    std::string failure;
    try {
        session = open();
    } catch (const std::exception &error) {
        failure = error.what();
    }
    lock.lock();
    if (!session) {
        --slots_taken_;
        open_failure_ = failure;
        open_again_at_ = steady_clock::now() + milliseconds(limits::database_retry_pause_ms);
        metrics_.open_failures.fetch_add(1);
        if (!away_) {
            away_ = true;
            log(LogLevel::warning, LogLine("PostgreSQL cannot be reached").field("error", failure));
        }
        freed_.notify_one();
        throw NoConnection(failure, false);
    }
    if (closed_) {
        --slots_taken_;
        throw NoConnection("the pool is closed", false);
    }
    metrics_.opened.fetch_add(1);
    if (away_) {
        away_ = false;
        log(LogLevel::info, LogLine("PostgreSQL reached again"));
    }
    session->lent_at = steady_clock::now();
    lent_.insert(session.get());
    return Lease(*this, std::move(session));
}

void Pool::prepare(Session &session, const queries::Query &query)
{
    if (!session.prepared.contains(query.name)) {
        prepare_now(session.connection, query.name, with_schema(query.sql, session.schema).c_str());
        session.prepared.insert(query.name);
    }
}

std::unique_ptr<Pool::Session> Pool::open()
{
    auto session = std::make_unique<Session>(connection_string_);
    pqxx::connection &connection = session->connection;
    forbid_reconnecting(connection);
    const pqxx::result database = pqxx::nontransaction(connection).exec(queries::database);
    session->schema = database[0][1].c_str();
    for (const queries::Query &query : queries::prepared) {
        prepare(*session, query);
    }
    opened_(database[0][0].c_str());
    return session;
}

void Pool::give_back(std::unique_ptr<Session> session, bool discarded)
{
    {
        const std::lock_guard lock(mutex_);
        lent_.erase(session.get());
        if (discarded) {
            --slots_taken_;
            metrics_.lost.fetch_add(1);
        } else {
            idle_.push_back(std::move(session));
        }
    }
    freed_.notify_one();
}

// libpq waits for an answer as long as the connection stands. A server that is
// stopped or cut off neither answers nor hangs up; ending the connection from
// this side turns the wait into a broken connection.
void Pool::end_stuck_sessions()
{
    std::unique_lock lock(mutex_);
    while (!stopped_.wait_for(lock, milliseconds(500), [this] { return stopping_; })) {
        const auto oldest = steady_clock::now() - milliseconds(stuck_ms_);
        for (Session *session : lent_) {
            if (session->lent_at < oldest) {
                ::shutdown(session->connection.sock(), SHUT_RDWR);
            }
        }
    }
}

void Pool::close()
{
    const std::lock_guard lock(mutex_);
    closed_ = true;
    for (Session *session : lent_) {
        ::shutdown(session->connection.sock(), SHUT_RDWR);
    }
}

int Pool::in_use() const
{
    const std::lock_guard lock(mutex_);
    return static_cast<int>(lent_.size());
}

void Pool::Lease::prepare(const queries::Query &query)
{
    Pool::prepare(*session_, query);
}

Pool::Lease::~Lease()
{
    if (session_) {
        pool_->give_back(std::move(session_), discarded_);
    }
}

} // namespace mvm::gateway
