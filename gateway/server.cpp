#include "server.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <thread>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "limits.hpp"
#include "log.hpp"
#include "request_head.hpp"

namespace mvm::gateway {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

// Set while a connection above the limit is turned away in the accepting thread.
thread_local bool turning_away = false;

int milliseconds_left(steady_clock::time_point deadline)
{
    const auto left =
        std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now()).count();
    return left > 0 ? static_cast<int>(left) : 0;
}

bool wait_for(int socket, short events, steady_clock::time_point deadline)
{
    pollfd descriptor{socket, events, 0};
    for (;;) {
        const int ready = ::poll(&descriptor, 1, milliseconds_left(deadline));
        if (ready >= 0 || errno != EINTR) {
            return ready > 0;
        }
    }
}

bool send_all(int socket, std::string_view data, steady_clock::time_point deadline)
{
    while (!data.empty()) {
        const ssize_t sent = ::send(socket, data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            data.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (!wait_for(socket, POLLOUT, deadline)) {
                return false;
            }
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

// Closing a socket with unread data resets the connection, and the reset can
// overtake the answer. So: send no more, read what still arrives, for a
// short time and up to a limit, then close.
void linger(int socket)
{
    ::shutdown(socket, SHUT_WR);
    const auto deadline = steady_clock::now() + milliseconds(limits::linger_ms);
    char discarded[16 * 1024];
    for (std::size_t total = 0;
         total < limits::linger_bytes && wait_for(socket, POLLIN, deadline);) {
        const ssize_t count = ::recv(socket, discarded, sizeof discarded, MSG_DONTWAIT);
        if (count <= 0) {
            return;
        }
        total += static_cast<std::size_t>(count);
    }
}

std::string raw_answer(const Problem &problem)
{
    const std::string body = to_json(problem);
    std::string text = "HTTP/1.1 " + std::to_string(problem.status) + " ";
    text += problem.title;
    text += "\r\nContent-Type: application/problem+json\r\nContent-Length: ";
    text += std::to_string(body.size());
    text += "\r\nConnection: close\r\n";
    if (problem.retry_after_s > 0) {
        text += "Retry-After: " + std::to_string(problem.retry_after_s) + "\r\n";
    }
    text += "\r\n";
    text += body;
    return text;
}

std::string address_of(int socket)
{
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getpeername(socket, reinterpret_cast<sockaddr *>(&address), &size) != 0) {
        return {};
    }
    char host[64];
    if (::getnameinfo(reinterpret_cast<sockaddr *>(&address), size, host, sizeof host, nullptr, 0,
                      NI_NUMERICHOST) != 0) {
        return {};
    }
    return host;
}

} // namespace

// ---------------------------------------------------------------------------
// Threads
// ---------------------------------------------------------------------------

// A thread per connection, started when none is free, kept for the next one.
class ConnectionThreads : public httplib::TaskQueue {
    // void in cpp-httplib 0.11, bool in 0.18.
    using Enqueued =
        decltype(std::declval<httplib::TaskQueue &>().enqueue(std::function<void()>()));

public:
    Enqueued enqueue(std::function<void()> serve) override
    {
        if (!hand_over(serve)) {
            turning_away = true;
            serve();
            turning_away = false;
        }
        return static_cast<Enqueued>(true);
    }

    void shutdown() override
    {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        arrived_.notify_all();
        for (std::thread &thread : threads_) {
            thread.join();
        }
    }

private:
    bool hand_over(std::function<void()> &serve)
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() >= idle_) {
            if (threads_.size() >= limits::connections) {
                return false;
            }
            try {
                threads_.emplace_back([this] { run(); });
            } catch (const std::system_error &) {
                return false; // no more threads to be had
            }
            ++idle_;
        }
        waiting_.push_back(std::move(serve));
        arrived_.notify_one();
        return true;
    }

    void run()
    {
        for (;;) {
            std::function<void()> serve;
            {
                std::unique_lock lock(mutex_);
                arrived_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
                if (waiting_.empty()) {
                    return;
                }
                serve = std::move(waiting_.front());
                waiting_.pop_front();
                --idle_;
            }
            serve();
            const std::lock_guard lock(mutex_);
            ++idle_;
        }
    }

    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<std::function<void()>> waiting_;
    std::vector<std::thread> threads_;
    std::size_t idle_ = 0; // threads that are, or are about to be, waiting
    bool stopping_ = false;
};

// ---------------------------------------------------------------------------
// Connections
// ---------------------------------------------------------------------------

struct HttpServer::Connection {
    explicit Connection(int handle) : socket(handle), address(address_of(handle)) {}
    const int socket;
    const std::string address;
    std::atomic<bool> idle{true}; // between requests: drain() may end it
};

// What has been received and not been used yet.
class HttpServer::Input {
public:
    explicit Input(Connection &connection) : connection_(connection) {}

    enum class Result { complete, closed, timed_out, too_large, hopeless };

    // Waits for the empty line that ends a head. The first byte may take as
    // long as the keep-alive time allows, the whole request has `deadline`
    // from there.
    Result read_head(std::string &head, steady_clock::time_point &deadline)
    {
        skip_empty_lines();
        connection_.idle = data_.empty();
        if (data_.empty()) {
            // Blocks under the socket's receive timeout, set to the keep-alive time.
            if (!receive(0)) {
                return Result::closed;
            }
            connection_.idle = false;
            skip_empty_lines();
        }
        deadline = steady_clock::now() + milliseconds(limits::request_read_ms);
        for (;;) {
            const std::size_t end = data_.find("\r\n\r\n");
            const std::size_t size = std::min(end, data_.size());
            if (is_hopeless(std::string_view(data_).substr(0, size))) {
                return Result::hopeless;
            }
            if (size > limits::head_bytes) {
                return Result::too_large;
            }
            if (end != std::string::npos) {
                head.assign(data_, 0, end + 2);
                data_.erase(0, end + 4);
                return Result::complete;
            }
            if (!wait_for(connection_.socket, POLLIN, deadline)) {
                return Result::timed_out;
            }
            if (!receive(MSG_DONTWAIT)) {
                return Result::closed;
            }
        }
    }

    Result read_body(std::size_t size, std::string &body, steady_clock::time_point deadline)
    {
        while (data_.size() < size) {
            if (!wait_for(connection_.socket, POLLIN, deadline)) {
                return Result::timed_out;
            }
            if (!receive(MSG_DONTWAIT)) {
                return Result::closed;
            }
        }
        body.assign(data_, 0, size);
        data_.erase(0, size);
        return Result::complete;
    }

    bool empty() const { return data_.empty(); }
    std::string_view pending() const { return data_; }

private:
    bool receive(int flags)
    {
        char buffer[16 * 1024];
        for (;;) {
            const ssize_t count = ::recv(connection_.socket, buffer, sizeof buffer, flags);
            if (count > 0) {
                data_.append(buffer, static_cast<std::size_t>(count));
                return true;
            }
            if (count == 0 || errno != EINTR) {
                return false;
            }
        }
    }

    // RFC 9112: a server ignores an empty line before a request line.
    void skip_empty_lines()
    {
        while (data_.starts_with("\r\n")) {
            data_.erase(0, 2);
        }
    }

    Connection &connection_;
    std::string data_;
};

// What cpp-httplib sees of a connection: a request line of no consequence (the
// real request is put in its place once it asks), and a place for the answer.
class HttpServer::AnswerStream : public httplib::Stream {
public:
    explicit AnswerStream(std::string &output) : output_(output) {}

    bool is_readable() const override { return !request_.empty(); }
    bool is_writable() const override { return true; }

    ssize_t read(char *bytes, size_t size) override
    {
        const std::size_t count = std::min(size, request_.size());
        std::memcpy(bytes, request_.data(), count);
        request_.remove_prefix(count);
        return static_cast<ssize_t>(count);
    }

    ssize_t write(const char *bytes, size_t size) override
    {
        output_.append(bytes, size);
        return static_cast<ssize_t>(size);
    }

    void get_remote_ip_and_port(std::string &, int &) const override {}
    void get_local_ip_and_port(std::string &, int &) const override {}
    // Not the real one: cpp-httplib refuses descriptors above FD_SETSIZE, for its own select().
    socket_t socket() const override { return INVALID_SOCKET; }

private:
    std::string &output_;
    std::string_view request_ = "GET / HTTP/1.1\r\n\r\n";
};

HttpServer::HttpServer(Dispatch dispatch, Refusal refusal)
    : dispatch_(std::move(dispatch)), refusal_(std::move(refusal))
{
    new_task_queue = [] { return new ConnectionThreads; };
    set_tcp_nodelay(true);
    set_keep_alive_timeout(limits::keep_alive_idle_s);
    set_keep_alive_max_count(limits::keep_alive_requests);
    set_read_timeout(limits::keep_alive_idle_s);
    // cpp-httplib's own default shares the port with whoever else listens on it.
    set_socket_options([](socket_t socket) {
        const int yes = 1;
        ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    set_pre_routing_handler([this](const httplib::Request &request, httplib::Response &response) {
        dispatch_(request, response);
        return HandlerResponse::Handled;
    });
    set_post_routing_handler([this](const httplib::Request &, httplib::Response &response) {
        response.headers.erase("Accept-Ranges"); // said of every HEAD, and not so
        // Draining may have begun while the request was being carried out.
        if (draining_ && !response.has_header("Connection")) {
            response.headers.erase("Keep-Alive");
            response.set_header("Connection", "close");
        }
    });
    // Without one, cpp-httplib sends an exception's text to the client.
    set_exception_handler(
        [](const httplib::Request &, httplib::Response &response, const std::exception_ptr &) {
            response.status = 500;
            response.set_content(to_json(problems::internal_error()), "application/problem+json");
        });
}

HttpServer::~HttpServer() = default;

int HttpServer::open(const std::string &host, int port)
{
    if (port == 0) {
        port = bind_to_any_port(host);
    } else if (!bind_to_port(host, port)) {
        port = -1;
    }
    // The library's backlog of 5 loses connections in a burst.
    if (port <= 0 || ::listen(svr_sock_, limits::listen_backlog) != 0) {
        return 0;
    }
    return port;
}

bool HttpServer::serve()
{
    const bool listened = listen_after_bind();
    served_ = true;
    return listened && draining_;
}

void HttpServer::drain()
{
    draining_ = true;
    // stop() is only heard once the library's accepting loop has begun.
    while (!is_running() && !served_) {
        std::this_thread::sleep_for(milliseconds(1));
    }
    stop();
    std::unique_lock lock(mutex_);
    for (Connection *connection : connections_) {
        if (connection->idle) {
            ::shutdown(connection->socket, SHUT_RD);
        }
    }
    const bool finished = all_closed_.wait_for(lock, milliseconds(limits::drain_ms),
                                               [this] { return connections_.empty(); });
    if (!finished) {
        for (Connection *connection : connections_) {
            ::shutdown(connection->socket, SHUT_RDWR);
        }
    }
}

std::size_t HttpServer::connections() const
{
    const std::lock_guard lock(mutex_);
    return connections_.size();
}

bool HttpServer::process_and_close_socket(socket_t socket)
{
    Connection connection(socket);
    if (turning_away) {
        const Problem problem = problems::unavailable("Too many connections; try again", 1);
        refusal_(connection.address, problem);
        send_all(socket, raw_answer(problem), steady_clock::now());
        ::shutdown(socket, SHUT_WR);
        ::close(socket);
        return true;
    }

    {
        const std::lock_guard lock(mutex_);
        connections_.insert(&connection);
    }
    try {
        Input input(connection);
        serve_connection(connection, input);
    } catch (const std::exception &error) {
        log(LogLevel::error,
            LogLine("connection ended by an exception").field("error", error.what()));
    }
    {
        const std::lock_guard lock(mutex_);
        connections_.erase(&connection);
        all_closed_.notify_all();
    }
    ::shutdown(socket, SHUT_RDWR);
    ::close(socket);
    return true;
}

void HttpServer::serve_connection(Connection &connection, Input &input)
{
    std::string output;
    for (std::size_t count = 1;; ++count) {
        // Draining is looked at after `idle` has been set, drain() looks at
        // `idle` after having set draining: one of them sees the other.
        connection.idle = input.empty();
        if (draining_ && input.empty() &&
            !wait_for(connection.socket, POLLIN, steady_clock::now())) {
            return; // a request that has arrived is still answered
        }
        std::string text;
        steady_clock::time_point deadline;
        switch (input.read_head(text, deadline)) {
        case Input::Result::complete:
            break;
        case Input::Result::closed:
            return;
        case Input::Result::timed_out:
            return refuse(connection, problems::request_timeout());
        case Input::Result::too_large:
            return refuse(connection, input.pending().find("\r\n") > limits::request_line_bytes
                                          ? problems::uri_too_long()
                                          : problems::head_too_large());
        case Input::Result::hopeless:
            return refuse(connection,
                          problems::malformed_request("This is not an HTTP/1.1 request"));
        }

        auto parsed = parse_request_head(text);
        if (auto *problem = std::get_if<Problem>(&parsed)) {
            return refuse(connection, *problem);
        }
        auto &head = std::get<RequestHead>(parsed);
        if (head.expects_continue && input.pending().size() < head.body_bytes &&
            !send_all(connection.socket, "HTTP/1.1 100 Continue\r\n\r\n", deadline)) {
            return;
        }
        std::string body;
        switch (input.read_body(head.body_bytes, body, deadline)) {
        case Input::Result::complete:
            break;
        case Input::Result::timed_out:
            return refuse(connection, problems::request_timeout());
        default:
            return;
        }

        const bool keep_alive =
            head.keep_alive && !draining_ && count < limits::keep_alive_requests;
        output.clear();
        const auto write_deadline = steady_clock::now() + milliseconds(limits::response_write_ms);
        if (!answer(connection, std::move(head), std::move(body), keep_alive, output) ||
            !send_all(connection.socket, output, write_deadline) || !keep_alive) {
            linger(connection.socket);
            return;
        }
    }
}

// Drives `self.process_request()`, whose arguments differ between cpp-httplib
// 0.11 and 0.18 (which takes the addresses).
template <typename Server, typename Setup>
static bool drive(Server &&process, httplib::Stream &stream, const std::string &address,
                  bool close_connection, Setup &&setup)
{
    bool closed = false;
    const std::function<void(httplib::Request &)> callback = setup;
    if constexpr (std::is_invocable_v<Server, httplib::Stream &, bool, bool &,
                                      const std::function<void(httplib::Request &)> &>) {
        return process(stream, close_connection, closed, callback);
    } else {
        return process(stream, address, 0, std::string(), 0, close_connection, closed, callback);
    }
}

// Appends the answer to `output`; false when there is none.
bool HttpServer::answer(Connection &connection, RequestHead &&head, std::string &&body,
                        bool keep_alive, std::string &output)
{
    AnswerStream stream(output);
    const auto setup = [&](httplib::Request &request) {
        request.method = std::move(head.method);
        request.target = std::move(head.target);
        request.path = std::move(head.path);
        request.params = std::move(head.params);
        request.headers = std::move(head.headers);
        request.body = std::move(body);
        request.remote_addr = connection.address;
        // What cpp-httplib would act on by itself: it compresses when asked,
        // at a cost, answers ranges, and interprets these two.
        for (const char *name : {"Accept-Encoding", "Range", "Expect", "Connection"}) {
            request.headers.erase(name);
        }
    };
    const auto process =
        [this](auto &&...arguments) -> decltype(this->process_request(arguments...)) {
        return process_request(arguments...);
    };
    return drive(process, stream, connection.address, !keep_alive, setup);
}

void HttpServer::refuse(Connection &connection, const Problem &problem)
{
    refusal_(connection.address, problem);
    send_all(connection.socket, raw_answer(problem), steady_clock::now() + milliseconds(1'000));
    linger(connection.socket);
}

} // namespace mvm::gateway
