// The HTTP server: cpp-httplib accepts connections, writes answers and contains
// exceptions; reading requests is done here, with every limit of limits.hpp.
// A thread serves a connection for as long as it lives.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include <httplib.h>

#include "metrics.hpp"
#include "problem.hpp"

namespace mvm::gateway {

struct RequestHead;

class HttpServer : public httplib::Server {
public:
    // Fills `response` for any request whose head is valid. Must not throw.
    using Dispatch = std::function<void(const httplib::Request &, httplib::Response &)>;
    // Told of what is refused before there is a request to dispatch.
    using Refusal = std::function<void(const std::string &remote_address, const Problem &)>;

    HttpServer(Dispatch dispatch, Refusal refusal);
    ~HttpServer() override;

    // Binds and listens. Port 0 means any free one. Returns the port, 0 when it cannot be had.
    int open(const std::string &host, int port);
    // Serves until drain() or a failure of the listening socket; true after drain().
    bool serve();
    // Stops accepting, ends idle connections, lets requests in flight finish.
    // What is still there after limits::drain_ms is cut off.
    void drain();

    std::size_t connections() const;

private:
    struct Connection;
    class Input;
    class AnswerStream;
    friend class ConnectionThreads;

    bool process_and_close_socket(socket_t socket) override;
    void serve_connection(Connection &connection, Input &input);
    bool answer(Connection &connection, RequestHead &&head, std::string &&body, bool keep_alive,
                std::string &output);
    void refuse(Connection &connection, const Problem &problem);

    const Dispatch dispatch_;
    const Refusal refusal_;
    mutable std::mutex mutex_;
    std::condition_variable all_closed_;
    std::set<Connection *> connections_;
    std::atomic<bool> draining_{false};
    std::atomic<bool> served_{false};
};

} // namespace mvm::gateway
