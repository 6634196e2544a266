// Request bodies and parameters. Amounts stay the text that the client wrote,
// so every digit reaches PostgreSQL; ids are checked to be 64-bit integers.
// What a field means and may hold is the market's to check.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "problem.hpp"

namespace mvm::gateway {

// Thrown by what reads a request; caught in one place, where it becomes the answer.
struct Refused {
    Problem problem;
};

// The body of a POST or PATCH: one JSON object. Fields that are not asked for are ignored.
class JsonRequest {
public:
    // Throws Refused: not JSON, not an object, a name twice, too deep.
    explicit JsonRequest(std::string_view body);

    // A JSON integer within [least, most], as decimal text. Throws Refused,
    // naming the field.
    std::string integer(std::string_view name, std::int64_t least = INT64_MIN,
                        std::int64_t most = INT64_MAX) const;

    // A JSON number, with every digit it was written with. Throws Refused,
    // naming the field.
    std::string number(std::string_view name) const;

    // true or false. Throws Refused, naming the field.
    bool boolean(std::string_view name) const;

    // A JSON string without U+0000, which PostgreSQL's texts cannot hold.
    // Throws Refused, naming the field.
    std::string text(std::string_view name) const;

    // The same where the field may be left out: nothing when it is absent or null.
    std::optional<std::string> optional_integer(std::string_view name,
                                                std::int64_t least = INT64_MIN,
                                                std::int64_t most = INT64_MAX) const;
    std::optional<std::string> optional_number(std::string_view name) const;

    std::optional<bool> optional_boolean(std::string_view name) const;
    std::optional<std::string> optional_text(std::string_view name) const;

    // A JSON object, written anew: every number with its digits.
    std::optional<std::string> optional_object(std::string_view name) const;

    // A JSON array of integers within [least, most], each as decimal text.
    std::optional<std::vector<std::string>>
    optional_integers(std::string_view name, std::int64_t least, std::int64_t most) const;

    // Whether the field is there, null or not; whether it is there and null.
    bool has(std::string_view name) const;
    bool is_null(std::string_view name) const;

private:
    enum class Kind { integer, number, too_large, text, boolean, null, integers, object, other };
    struct Field {
        std::string name;
        Kind kind;
        std::string text;
        std::vector<std::string> elements; // of an array of integers
    };
    friend struct JsonReader;

    const Field *look_up(std::string_view name) const;
    const Field &find(std::string_view name) const;
    bool has_value(std::string_view name) const;

    std::vector<Field> fields_;
};

// `text` as an integer within [least, most]: an optional minus, then digits. Throws
// Refused, naming the parameter.
std::int64_t integer_parameter(std::string_view name, std::string_view text, std::int64_t least,
                               std::int64_t most);

// `text` as it is, when it is a decimal number as JSON writes them. Throws
// Refused, naming the parameter.
std::string number_parameter(std::string_view name, std::string_view text);

// `text` as it is, when it is a time as RFC 3339 writes them, in the years 1 to 9999. Throws
// Refused, naming the parameter.
std::string time_parameter(std::string_view name, std::string_view text);

// Throws Refused when `key` is not 1 to 255 characters of UTF-8.
void check_idempotency_key(std::string_view key);

// Throws Refused when the body is not said to be JSON in UTF-8.
void check_content_type(std::string_view content_type);

} // namespace mvm::gateway
