// PostgreSQL connections, opened when first needed and kept with their
// statements prepared.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "limits.hpp"
#include "metrics.hpp"
#include "pqxx_compat.hpp"
#include "queries.hpp"

namespace mvm::gateway {

// No connection can be had now: none came free in time, or the server cannot
// be reached. Nothing was sent.
struct NoConnection : std::runtime_error {
    NoConnection(const std::string &message, bool every_connection_in_use)
        : std::runtime_error(message), all_in_use(every_connection_in_use)
    {
    }
    bool all_in_use;
};

class Pool {
public:
    struct Metrics {
        Counter opened{0};
        Counter open_failures{0};
        Counter lost{0};          // found dead, or died in use
        Counter waits{0};         // a request had to wait for a connection
        Counter wait_timeouts{0}; // and waited in vain
    };

    // `opened` is called with the identity of the database whenever a
    // connection has been opened. One that is on loan for longer than
    // `stuck_ms` is ended.
    Pool(std::string connection_string, int size,
         std::function<void(const std::string &identity)> opened,
         int stuck_ms = limits::database_stuck_ms);
    ~Pool();
    Pool(const Pool &) = delete;
    Pool &operator=(const Pool &) = delete;

    struct Session {
        explicit Session(const std::string &connection_string) : connection(connection_string) {}
        pqxx::connection connection;
        std::string schema; // of the market's functions, quoted
        std::chrono::steady_clock::time_point lent_at;
        std::set<std::string_view> prepared; // names of statements
    };

    // A connection on loan. It goes back to the pool, or is closed when
    // discard() was called.
    class Lease {
    public:
        Lease(Pool &pool, std::unique_ptr<Session> session)
            : pool_(&pool), session_(std::move(session))
        {
        }
        Lease(Lease &&) = default;
        Lease &operator=(Lease &&) = delete;
        ~Lease();

        pqxx::connection &connection() { return session_->connection; }
        // Does nothing when the connection has it already.
        void prepare(const queries::Query &query);
        void discard() { discarded_ = true; }

    private:
        Pool *pool_;
        std::unique_ptr<Session> session_;
        bool discarded_ = false;
    };

    // A connection that was alive a moment ago. Throws NoConnection.
    Lease acquire();

    // Ends the connections on loan, and lends none from now on.
    void close();

    int size() const { return size_; }
    int in_use() const;
    const Metrics &metrics() const { return metrics_; }

private:
    static void prepare(Session &session, const queries::Query &query);
    std::unique_ptr<Session> open();
    void give_back(std::unique_ptr<Session> session, bool discarded);
    void end_stuck_sessions();

    const std::string connection_string_;
    const int size_;
    const std::function<void(const std::string &)> opened_;
    const int stuck_ms_;

    mutable std::mutex mutex_;
    std::condition_variable freed_;
    std::condition_variable stopped_;
    std::vector<std::unique_ptr<Session>> idle_;
    std::set<Session *> lent_;
    int slots_taken_ = 0; // idle, lent or being opened
    std::chrono::steady_clock::time_point open_again_at_{};
    std::string open_failure_;
    bool away_ = false; // the last attempt to open one failed
    bool closed_ = false;
    bool stopping_ = false;
    Metrics metrics_;
    std::thread watchdog_;
};

} // namespace mvm::gateway
