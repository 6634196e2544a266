#include "log.hpp"

#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <thread>

#include <unistd.h>

#include "utf8.hpp"

namespace mvm::gateway {

namespace {

constexpr std::size_t buffer_bytes_max = 4 * 1024 * 1024;

const char *level_name(LogLevel level)
{
    switch (level) {
    case LogLevel::debug:
        return "debug";
    case LogLevel::info:
        return "info";
    case LogLevel::warning:
        return "warning";
    case LogLevel::error:
        return "error";
    }
    return "error";
}

void append_time(std::string &text)
{
    const auto now = std::chrono::system_clock::now();
    const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(
                            now - std::chrono::system_clock::from_time_t(seconds))
                            .count();
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    char date[40];
    const std::size_t length = std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
    text.append(date, length);
    const std::string fraction = std::to_string(1'000'000 + micros);
    text += '.';
    text.append(fraction, 1);
    text += 'Z';
}

void write_all(const std::string &text)
{
    std::size_t written = 0;
    while (written < text.size()) {
        const ssize_t count = ::write(STDOUT_FILENO, text.data() + written, text.size() - written);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return; // nobody reads any more: the service goes on without its log
        }
        written += static_cast<std::size_t>(count);
    }
}

class Writer {
public:
    void start(LogLevel least)
    {
        least_.store(least);
        running_.store(true);
        thread_ = std::thread([this] { run(); });
    }

    void stop()
    {
        if (!running_.exchange(false)) {
            return;
        }
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        filled_.notify_one();
        thread_.join();
    }

    bool enabled(LogLevel level) const { return running_.load() && level >= least_.load(); }

    void add(LogLevel level, const LogLine &line)
    {
        std::string text = R"({"time":")";
        append_time(text);
        text += R"(","level":")";
        text += level_name(level);
        text += "\",";
        text += line.fields();
        text += "}\n";
        bool wake = false;
        {
            const std::lock_guard lock(mutex_);
            if (buffer_.size() + text.size() > buffer_bytes_max) {
                dropped_.fetch_add(1);
                return;
            }
            wake = buffer_.empty();
            buffer_ += text;
        }
        if (wake) {
            filled_.notify_one();
        }
    }

    std::uint64_t dropped() const { return dropped_.load(); }

private:
    void run()
    {
        std::string taken;
        bool last = false;
        while (!last) {
            {
                std::unique_lock lock(mutex_);
                filled_.wait(lock, [this] { return stopping_ || !buffer_.empty(); });
                taken.clear();
                taken.swap(buffer_);
                last = stopping_;
            }
            write_all(taken);
        }
    }

    std::atomic<LogLevel> least_{LogLevel::info};
    std::atomic<bool> running_{false};
    std::atomic<std::uint64_t> dropped_{0};
    std::mutex mutex_;
    std::condition_variable filled_;
    std::string buffer_;
    bool stopping_ = false;
    std::thread thread_;
};

Writer &writer()
{
    static Writer instance;
    return instance;
}

} // namespace

void append_json_string(std::string &json, std::string_view text)
{
    static constexpr char hex[] = "0123456789abcdef";
    json += '"';
    std::size_t at = 0;
    while (at < text.size()) {
        const auto byte = static_cast<unsigned char>(text[at]);
        if (byte >= 0x80) {
            const std::size_t length = utf8_sequence_length(text.substr(at));
            if (length == 0) {
                json += "\xEF\xBF\xBD";
                ++at;
            } else {
                json.append(text.substr(at, length));
                at += length;
            }
            continue;
        }
        switch (byte) {
        case '"':
            json += "\\\"";
            break;
        case '\\':
            json += "\\\\";
            break;
        case '\n':
            json += "\\n";
            break;
        case '\r':
            json += "\\r";
            break;
        case '\t':
            json += "\\t";
            break;
        default:
            if (byte < 0x20 || byte == 0x7f) {
                json += "\\u00";
                json += hex[byte >> 4];
                json += hex[byte & 0xf];
            } else {
                json += static_cast<char>(byte);
            }
        }
        ++at;
    }
    json += '"';
}

LogLine::LogLine(std::string_view message)
{
    fields_ = "\"message\":";
    append_json_string(fields_, message);
}

LogLine &LogLine::field(std::string_view name, std::string_view value)
{
    fields_ += ",\"";
    fields_ += name;
    fields_ += "\":";
    append_json_string(fields_, value);
    return *this;
}

LogLine &LogLine::field(std::string_view name, std::int64_t value)
{
    fields_ += ",\"";
    fields_ += name;
    fields_ += "\":";
    fields_ += std::to_string(value);
    return *this;
}

LogLine &LogLine::milliseconds(std::string_view name, double value)
{
    char digits[32];
    const auto end =
        std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed, 3);
    fields_ += ",\"";
    fields_ += name;
    fields_ += "\":";
    fields_.append(digits, end.ptr);
    return *this;
}

void log_start(LogLevel least)
{
    writer().start(least);
}

void log_stop()
{
    writer().stop();
}

bool log_enabled(LogLevel level)
{
    return writer().enabled(level);
}

void log(LogLevel level, const LogLine &line)
{
    if (log_enabled(level)) {
        writer().add(level, line);
    }
}

std::uint64_t log_lines_dropped()
{
    return writer().dropped();
}

} // namespace mvm::gateway
