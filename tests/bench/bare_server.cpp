// The baseline of the gateway's cached reads: cpp-httplib, used plainly and well, answering every
// GET with the same bytes.
//
//   mvm-bare-server PORT HEADERS BODY
//
// HEADERS and BODY are files as `curl -D HEADERS -o BODY` writes them. Listens on 127.0.0.1 until
// it is killed.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <httplib.h>

namespace {

constexpr std::size_t threads = 80; // one serves a connection for its whole life; 64 come
constexpr std::size_t keep_alive_requests = 1'000'000'000;
constexpr int keep_alive_idle_s = 60;
constexpr int listen_backlog = 1024; // the library's 5 loses connections when 64 come at once

class Server : public httplib::Server {
public:
    bool listen_well(const char *host, int port)
    {
        return bind_to_port(host, port) && ::listen(svr_sock_, listen_backlog) == 0 &&
               listen_after_bind();
    }
};

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Answer {
    std::string body;
    std::string content_type;
    Headers others;
};

// cpp-httplib writes these itself.
bool is_written_by_library(const std::string &name)
{
    return name == "Content-Length" || name == "Connection" || name == "Keep-Alive";
}

Answer read_answer(const char *headers_path, const char *body_path)
{
    Answer answer;
    std::ifstream body(body_path, std::ios::binary);
    answer.body.assign(std::istreambuf_iterator<char>(body), {});
    std::ifstream headers(headers_path);
    for (std::string line; std::getline(headers, line);) {
        const std::size_t colon = line.find(": ");
        if (colon == std::string::npos) {
            continue; // the status line, and the empty line at the end
        }
        const std::string name = line.substr(0, colon);
        std::string value = line.substr(colon + 2);
        if (!value.empty() && value.back() == '\r') {
            value.pop_back();
        }
        if (name == "Content-Type") {
            answer.content_type = value;
        } else if (!is_written_by_library(name)) {
            answer.others.emplace_back(name, value);
        }
    }
    return answer;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 4) {
        std::fprintf(stderr, "usage: mvm-bare-server PORT HEADERS BODY\n");
        return 2;
    }
    const Answer answer = read_answer(argv[2], argv[3]);
    if (answer.body.empty() || answer.content_type.empty()) {
        std::fprintf(stderr, "mvm-bare-server: no answer in %s and %s\n", argv[2], argv[3]);
        return 2;
    }

    Server server;
    server.new_task_queue = [] { return new httplib::ThreadPool(threads); };
    server.set_tcp_nodelay(true);
    server.set_keep_alive_max_count(keep_alive_requests);
    server.set_keep_alive_timeout(keep_alive_idle_s);
    server.Get(".*", [&answer](const httplib::Request &, httplib::Response &response) {
        for (const auto &[name, value] : answer.others) {
            response.set_header(name.c_str(), value);
        }
        response.set_content(answer.body, answer.content_type.c_str());
    });
    return server.listen_well("127.0.0.1", std::atoi(argv[1])) ? 0 : 1;
}
