#include "json_request.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>

#include <nlohmann/json.hpp>

#include "limits.hpp"
#include "log.hpp"
#include "utf8.hpp"

namespace mvm::gateway {

using domain::ErrorCode;

namespace {

bool equal_ignoring_case(std::string_view left, std::string_view right)
{
    return std::equal(
        left.begin(), left.end(), right.begin(), right.end(),
        [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

std::string_view trim(std::string_view text)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

std::string range(std::int64_t least, std::int64_t most)
{
    return "from " + std::to_string(least) + " to " + std::to_string(most);
}

// `text` is a JSON integer of 64 bits.
bool is_within(const std::string &text, std::int64_t least, std::int64_t most)
{
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number >= least && number <= most;
}

} // namespace

// Receives the parser's events. Only the fields of the outermost object are
// kept, and of those only numbers, strings, booleans, arrays of integers and
// objects have their text kept.
struct JsonReader {
    using json = nlohmann::json;

    std::vector<JsonRequest::Field> &fields;
    std::size_t depth = 0;
    std::optional<Problem> problem;

    explicit JsonReader(std::vector<JsonRequest::Field> &kept) : fields(kept) {}

    bool null() { return value(JsonRequest::Kind::null, {}); }
    bool boolean(bool is) { return value(JsonRequest::Kind::boolean, is ? "true" : "false"); }
    bool string(std::string &text) { return value(JsonRequest::Kind::text, std::move(text)); }
    bool binary(json::binary_t &) { return value(JsonRequest::Kind::other, {}); }

    bool number_integer(std::int64_t number)
    {
        return value(JsonRequest::Kind::integer, std::to_string(number));
    }

    bool number_unsigned(std::uint64_t number)
    {
        const bool fits = number <= static_cast<std::uint64_t>(INT64_MAX);
        return value(fits ? JsonRequest::Kind::integer : JsonRequest::Kind::number,
                     std::to_string(number));
    }

    // Also integers beyond 64 bits. The double is rounded and not looked at.
    bool number_float(double, const std::string &text)
    {
        return value(JsonRequest::Kind::number, text);
    }

    bool start_object(std::size_t) { return enter(JsonRequest::Kind::object, '{'); }
    bool start_array(std::size_t) { return enter(JsonRequest::Kind::integers, '['); }
    bool end_object() { return leave('}'); }
    bool end_array() { return leave(']'); }

    bool key(const std::string &name)
    {
        if (depth != 1) {
            if (in_object()) {
                append_json_string(next_in_object(), name);
                fields.back().text += ':';
            }
            return true;
        }
        for (const JsonRequest::Field &field : fields) {
            if (field.name == name) {
                problem = invalid_field(name, "is there twice");
                return false;
            }
        }
        fields.push_back({name, JsonRequest::Kind::other, {}, {}});
        return true;
    }

    bool parse_error(std::size_t position, const std::string &token,
                     const nlohmann::detail::exception &error)
    {
        // 406: a well-formed number above every double. It ends the parse, so
        // the number's own text decides nothing but this field's refusal.
        static constexpr int number_overflow = 406;
        if (error.id == number_overflow && depth == 1 && !fields.empty()) {
            fields.back().kind = JsonRequest::Kind::too_large;
            fields.back().text = token;
            return false;
        }
        problem = market_problem(ErrorCode::invalid_argument,
                                 error.id == number_overflow
                                     ? "body: has a number that is too large"
                                     : "body: not valid JSON at byte " + std::to_string(position));
        return false;
    }

    // `kind` is the field's as long as no element speaks against it.
    bool enter(JsonRequest::Kind kind, char opening)
    {
        if (in_object()) {
            next_in_object() += opening;
        } else if (depth == 1) {
            fields.back().kind = kind;
            fields.back().text = opening;
        } else if (depth > 1) {
            fields.back().kind = JsonRequest::Kind::other;
        }
        if (++depth > limits::json_depth) {
            problem = market_problem(ErrorCode::invalid_argument, "body: nested too deeply");
            return false;
        }
        return true;
    }

    bool leave(char closing)
    {
        if (in_object()) {
            fields.back().text += closing;
        }
        --depth;
        return true;
    }

    // Whether the parser is in a field that is an object.
    bool in_object() const { return depth > 1 && fields.back().kind == JsonRequest::Kind::object; }

    // The text of that object, ready for the next name or value.
    std::string &next_in_object()
    {
        std::string &text = fields.back().text;
        if (!text.empty() && std::string_view("{[:").find(text.back()) == std::string_view::npos) {
            text += ',';
        }
        return text;
    }

    bool value(JsonRequest::Kind kind, std::string text)
    {
        if (depth == 1 && !fields.empty()) {
            fields.back().kind = kind;
            fields.back().text = std::move(text);
        } else if (in_object()) {
            if (kind == JsonRequest::Kind::text) {
                append_json_string(next_in_object(), text);
            } else {
                next_in_object() += kind == JsonRequest::Kind::null ? "null" : text;
            }
        } else if (depth == 2 && fields.back().kind == JsonRequest::Kind::integers) {
            if (kind == JsonRequest::Kind::integer) {
                fields.back().elements.push_back(std::move(text));
            } else {
                fields.back().kind = JsonRequest::Kind::other;
            }
        }
        return true;
    }
};

JsonRequest::JsonRequest(std::string_view body)
{
    const auto first = body.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) {
        throw Refused{market_problem(ErrorCode::invalid_argument, "body: is missing")};
    }
    if (body[first] != '{') {
        throw Refused{market_problem(ErrorCode::invalid_argument, "body: must be a JSON object")};
    }
    JsonReader reader(fields_);
    nlohmann::json::sax_parse(body, &reader);
    if (reader.problem) {
        throw Refused{std::move(*reader.problem)};
    }
}

const JsonRequest::Field *JsonRequest::look_up(std::string_view name) const
{
    for (const Field &field : fields_) {
        if (field.name == name) {
            return &field;
        }
    }
    return nullptr;
}

const JsonRequest::Field &JsonRequest::find(std::string_view name) const
{
    const Field *field = look_up(name);
    if (field == nullptr) {
        throw Refused{invalid_field(name, "is missing")};
    }
    return *field;
}

bool JsonRequest::has(std::string_view name) const
{
    return look_up(name) != nullptr;
}

bool JsonRequest::is_null(std::string_view name) const
{
    const Field *field = look_up(name);
    return field != nullptr && field->kind == Kind::null;
}

bool JsonRequest::has_value(std::string_view name) const
{
    const Field *field = look_up(name);
    return field != nullptr && field->kind != Kind::null;
}

std::string JsonRequest::integer(std::string_view name, std::int64_t least, std::int64_t most) const
{
    const Field &field = find(name);
    if (field.kind == Kind::integer && is_within(field.text, least, most)) {
        return field.text;
    }
    throw Refused{invalid_field(name, "must be a JSON integer " + range(least, most))};
}

std::string JsonRequest::number(std::string_view name) const
{
    const Field &field = find(name);
    switch (field.kind) {
    case Kind::integer:
    case Kind::number:
        return field.text;
    case Kind::too_large:
        throw Refused{market_problem(ErrorCode::amount_out_of_range,
                                     std::string(name) + ": is " + field.text)};
    case Kind::text:
    case Kind::boolean:
    case Kind::null:
    case Kind::integers:
    case Kind::object:
    case Kind::other:
        break;
    }
    throw Refused{invalid_field(name, "must be a JSON number")};
}

bool JsonRequest::boolean(std::string_view name) const
{
    const Field &field = find(name);
    if (field.kind != Kind::boolean) {
        throw Refused{invalid_field(name, "must be true or false")};
    }
    return field.text == "true";
}

std::string JsonRequest::text(std::string_view name) const
{
    const Field &field = find(name);
    if (field.kind != Kind::text) {
        throw Refused{invalid_field(name, "must be a JSON string")};
    }
    if (field.text.find('\0') != std::string::npos) {
        throw Refused{invalid_field(name, "must not hold the character U+0000")};
    }
    return field.text;
}

std::optional<std::string> JsonRequest::optional_integer(std::string_view name, std::int64_t least,
                                                         std::int64_t most) const
{
    return has_value(name) ? std::optional(integer(name, least, most)) : std::nullopt;
}

std::optional<std::string> JsonRequest::optional_number(std::string_view name) const
{
    return has_value(name) ? std::optional(number(name)) : std::nullopt;
}

std::optional<bool> JsonRequest::optional_boolean(std::string_view name) const
{
    return has_value(name) ? std::optional(boolean(name)) : std::nullopt;
}

std::optional<std::string> JsonRequest::optional_text(std::string_view name) const
{
    return has_value(name) ? std::optional(text(name)) : std::nullopt;
}

std::optional<std::string> JsonRequest::optional_object(std::string_view name) const
{
    if (!has_value(name)) {
        return std::nullopt;
    }
    const Field &field = find(name);
    if (field.kind != Kind::object) {
        throw Refused{invalid_field(name, "must be a JSON object")};
    }
    return field.text;
}

std::optional<std::vector<std::string>>
JsonRequest::optional_integers(std::string_view name, std::int64_t least, std::int64_t most) const
{
    if (!has_value(name)) {
        return std::nullopt;
    }
    const Field &field = find(name);
    const bool fits =
        std::all_of(field.elements.begin(), field.elements.end(),
                    [&](const std::string &element) { return is_within(element, least, most); });
    if (field.kind != Kind::integers || !fits) {
        throw Refused{
            invalid_field(name, "must be a JSON array of integers " + range(least, most))};
    }
    return field.elements;
}

std::int64_t integer_parameter(std::string_view name, std::string_view text, std::int64_t least,
                               std::int64_t most)
{
    std::int64_t number = 0;
    const char *end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stopped != end || number < least || number > most) {
        throw Refused{invalid_field(name, "must be an integer " + range(least, most))};
    }
    return number;
}

std::string number_parameter(std::string_view name, std::string_view text)
{
    std::size_t at = 0;
    const auto skip_digits = [&] {
        const std::size_t start = at;
        while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
            ++at;
        }
        return at > start;
    };
    const auto skip_one_of = [&](std::string_view characters) {
        const bool there = at < text.size() && characters.find(text[at]) != std::string_view::npos;
        at += there ? 1 : 0;
        return there;
    };
    skip_one_of("-");
    bool is_number = skip_digits();
    if (is_number && skip_one_of(".")) {
        is_number = skip_digits();
    }
    if (is_number && skip_one_of("eE")) {
        skip_one_of("+-");
        is_number = skip_digits();
    }
    if (!is_number || at != text.size()) {
        throw Refused{invalid_field(name, "must be a decimal number")};
    }
    return std::string(text);
}

std::string time_parameter(std::string_view name, std::string_view text)
{
    // 2026-01-31T12:00:00, then a fraction or none, then Z or +01:00. A "+" that was not escaped
    // arrives as a space.
    std::string time(text);
    const auto number = [&](std::size_t at, std::size_t digits, int least, int most) {
        int value = 0;
        for (std::size_t next = at; next < at + digits; ++next) {
            if (next >= time.size() || time[next] < '0' || time[next] > '9') {
                return false;
            }
            value = 10 * value + (time[next] - '0');
        }
        return value >= least && value <= most;
    };
    const auto is = [&](std::size_t at, std::string_view characters) {
        return at < time.size() && characters.find(time[at]) != std::string_view::npos;
    };
    const auto refuse = [&] {
        throw Refused{invalid_field(name, "must be a time like 2026-01-31T12:00:00Z")};
    };
    if (!number(0, 4, 1, 9999) || !is(4, "-") || !number(5, 2, 1, 12) || !is(7, "-") ||
        !number(8, 2, 1, 31) || !is(10, "Tt") || !number(11, 2, 0, 23) || !is(13, ":") ||
        !number(14, 2, 0, 59) || !is(16, ":") || !number(17, 2, 0, 59)) {
        refuse();
    }
    using namespace std::chrono;
    const auto part = [&](std::size_t at, std::size_t digits) {
        return std::stoi(time.substr(at, digits));
    };
    if (!year_month_day(year(part(0, 4)), month(static_cast<unsigned>(part(5, 2))),
                        day(static_cast<unsigned>(part(8, 2))))
             .ok()) {
        refuse();
    }
    std::size_t at = 19;
    if (is(at, ".")) {
        const std::size_t first = ++at;
        while (is(at, "0123456789")) {
            ++at;
        }
        if (at == first || at - first > 9) {
            refuse();
        }
    }
    if (is(at, " ")) {
        time[at] = '+';
    }
    const bool ends = (is(at, "Zz") && at + 1 == time.size()) ||
                      (is(at, "+-") && number(at + 1, 2, 0, 14) && is(at + 3, ":") &&
                       number(at + 4, 2, 0, 59) && at + 6 == time.size());
    if (!ends) {
        refuse();
    }
    return time;
}

void check_idempotency_key(std::string_view key)
{
    const auto length = utf8_length(key);
    if (!length || *length < 1 || *length > limits::idempotency_key_characters) {
        throw Refused{invalid_field("Idempotency-Key", "must be 1 to 255 characters of UTF-8")};
    }
}

void check_content_type(std::string_view content_type)
{
    const std::size_t semicolon = content_type.find(';');
    const std::string_view type = trim(content_type.substr(0, semicolon));
    if (!equal_ignoring_case(type, "application/json")) {
        throw Refused{problems::unsupported_media_type(
            "The body must be JSON: send Content-Type: application/json")};
    }
    if (semicolon == std::string_view::npos) {
        return;
    }
    const std::string_view parameter = trim(content_type.substr(semicolon + 1));
    if (!parameter.empty() && !equal_ignoring_case(parameter, "charset=utf-8") &&
        !equal_ignoring_case(parameter, "charset=\"utf-8\"")) {
        throw Refused{problems::unsupported_media_type("The body must be JSON in UTF-8")};
    }
}

} // namespace mvm::gateway
