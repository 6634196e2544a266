// Structured log: one JSON object a line on standard output.
//
// A request never waits for the log: lines go to a bounded buffer that one
// thread writes out. When whoever reads the output stalls, lines are dropped
// and counted (mvm_log_lines_dropped_total).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mvm::gateway {

enum class LogLevel { debug, info, warning, error };

// Appends `text` to `json` as a JSON string, quotes included. Bytes that are
// not UTF-8 become U+FFFD, so the line stays valid whatever a client sent.
void append_json_string(std::string &json, std::string_view text);

// One line under construction. Fields appear in the order in which they are added.
class LogLine {
public:
    explicit LogLine(std::string_view message);

    LogLine &field(std::string_view name, std::string_view value);
    LogLine &field(std::string_view name, const char *value)
    {
        return field(name, std::string_view(value));
    }
    LogLine &field(std::string_view name, std::int64_t value);
    LogLine &milliseconds(std::string_view name, double value);

    const std::string &fields() const { return fields_; }

private:
    std::string fields_;
};

// Starts the writing thread; before that, and after log_stop(), nothing is written.
void log_start(LogLevel least);
// Writes what is buffered and ends the writing thread.
void log_stop();

bool log_enabled(LogLevel level);
void log(LogLevel level, const LogLine &line);
std::uint64_t log_lines_dropped();

} // namespace mvm::gateway
