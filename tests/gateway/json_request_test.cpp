// Request bodies, parameters, keys: what is read and what is refused.
#include <gtest/gtest.h>

#include "json_request.hpp"

namespace mvm::gateway {
namespace {

template <typename Call> Problem refusal(const Call &call)
{
    try {
        call();
    } catch (const Refused &refused) {
        return refused.problem;
    }
    return {0, "", "", "not refused"};
}

Problem body_refusal(std::string_view body)
{
    return refusal([&] { JsonRequest{body}; });
}

void expect_refused(const Problem &problem, std::string_view code, std::string_view name)
{
    EXPECT_EQ(problem.status, 422) << problem.detail;
    EXPECT_EQ(problem.code, code) << problem.detail;
    EXPECT_NE(problem.detail.find(name), std::string::npos) << problem.detail;
}

TEST(JsonRequest, keeps_every_digit_of_a_number)
{
    for (const char *number :
         {"0.30000000000000004", "1e2", "1E+2", "99999999999999999999", "100.00", "-0.5", "1e-400",
          "123456789012345678901234567890.123456789012345678901234567890"}) {
        const JsonRequest request(std::string(R"({"amount":)") + number + "}");
        EXPECT_EQ(request.number("amount"), number);
    }
}

TEST(JsonRequest, reads_the_ends_of_64_bits)
{
    const JsonRequest request(R"({"a":-9223372036854775808,"b":9223372036854775807})");
    EXPECT_EQ(request.integer("a"), "-9223372036854775808");
    EXPECT_EQ(request.integer("b"), "9223372036854775807");
}

TEST(JsonRequest, refuses_ids_that_are_not_integers_of_64_bits)
{
    for (const char *value :
         {"9223372036854775808", "18446744073709551615", "99999999999999999999", "1.0", "1e2",
          "\"1\"", "null", "true", "[1]", "{\"a\":1}", "-9223372036854775809", "1e999"}) {
        const JsonRequest request(std::string(R"({"buyer_id":)") + value + "}");
        expect_refused(refusal([&] { request.integer("buyer_id"); }), "invalid_argument",
                       "buyer_id");
    }
}

TEST(JsonRequest, refuses_integers_outside_the_range_asked_for)
{
    const JsonRequest request(R"({"universe_id":2147483648})");
    expect_refused(refusal([&] { request.integer("universe_id", INT32_MIN, INT32_MAX); }),
                   "invalid_argument", "universe_id");
}

TEST(JsonRequest, refuses_amounts_that_are_not_numbers)
{
    for (const char *value : {"\"1\"", "null", "true", "[1]", "{}"}) {
        const JsonRequest request(std::string(R"({"amount":)") + value + "}");
        expect_refused(refusal([&] { request.number("amount"); }), "invalid_argument", "amount");
    }
}

TEST(JsonRequest, calls_a_number_above_every_double_out_of_range)
{
    const JsonRequest request(R"({"user_id":1,"amount":1e99999,"to_universe_id":2})");
    expect_refused(refusal([&] { request.number("amount"); }), "amount_out_of_range", "1e99999");
}

TEST(JsonRequest, reads_strings_of_any_script)
{
    const JsonRequest request("{\"name\":\"\\u00fc \xe4\xbd\xa0 \\\"\\n\",\"empty\":\"\"}");
    EXPECT_EQ(request.text("name"), "\xc3\xbc \xe4\xbd\xa0 \"\n");
    EXPECT_EQ(request.text("empty"), "");
}

TEST(JsonRequest, refuses_strings_that_are_none_or_hold_a_nul)
{
    for (const char *value : {"1", "null", "true", "[\"a\"]", "{}", "\"a\\u0000b\""}) {
        const JsonRequest request(std::string(R"({"name":)") + value + "}");
        expect_refused(refusal([&] { request.text("name"); }), "invalid_argument", "name");
    }
}

TEST(JsonRequest, takes_null_for_a_field_that_may_be_left_out)
{
    const JsonRequest request(R"({"a":null,"b":7,"c":"7"})");
    EXPECT_EQ(request.optional_integer("a"), std::nullopt);
    EXPECT_EQ(request.optional_number("a"), std::nullopt);
    EXPECT_EQ(request.optional_integer("absent"), std::nullopt);
    EXPECT_EQ(request.optional_integer("b"), "7");
    EXPECT_EQ(request.optional_number("b"), "7");
    expect_refused(refusal([&] { request.optional_integer("c"); }), "invalid_argument", "c");
    expect_refused(refusal([&] { request.optional_number("c"); }), "invalid_argument", "c");
    EXPECT_TRUE(request.has("a"));
    EXPECT_FALSE(request.has("absent"));
}

TEST(JsonRequest, reads_arrays_of_integers_in_their_order)
{
    const JsonRequest request(R"({"a":[2,-1,2147483647],"b":[],"c":null,"d":[1,"x"],"e":[[1],2]})");
    const auto read = [&](const char *name) {
        return request.optional_integers(name, INT32_MIN, INT32_MAX);
    };
    EXPECT_EQ(read("a"), (std::vector<std::string>{"2", "-1", "2147483647"}));
    EXPECT_EQ(read("b"), std::vector<std::string>{});
    EXPECT_EQ(read("c"), std::nullopt);
    EXPECT_EQ(read("absent"), std::nullopt);
    expect_refused(refusal([&] { read("d"); }), "invalid_argument", "d");
    expect_refused(refusal([&] { read("e"); }), "invalid_argument", "e");
    expect_refused(refusal([&] { request.optional_integers("a", 1, 10); }), "invalid_argument",
                   "a");
}

TEST(JsonRequest, writes_objects_anew_with_every_digit_and_character)
{
    const JsonRequest request(
        R"({"before":1, "a": { } , "b":{"x" : [1, -2.50, 1e5, {"y":null}, [], [[true]], false],)"
        R"("":"\"\\ü\u0001/","z":{}}, "c":null, "d":[{"x":1}], "e":"{}", "after":[1,2]})");
    EXPECT_EQ(request.optional_object("a"), "{}");
    EXPECT_EQ(request.optional_object("b"),
              R"({"x":[1,-2.50,1e5,{"y":null},[],[[true]],false],"":"\"\\ü\u0001/","z":{}})");
    EXPECT_EQ(request.optional_object("c"), std::nullopt);
    EXPECT_EQ(request.optional_object("absent"), std::nullopt);
    for (const char *name : {"before", "d", "e", "after"}) {
        expect_refused(refusal([&] { request.optional_object(name); }), "invalid_argument", name);
    }
    EXPECT_EQ(request.integer("before"), "1");
    EXPECT_EQ(request.optional_integers("after", 1, 2), (std::vector<std::string>{"1", "2"}));
    expect_refused(refusal([&] { request.integer("b"); }), "invalid_argument", "b");
    expect_refused(body_refusal(R"({"a":{"b":1e999}})"), "invalid_argument", "too large");
}

TEST(JsonRequest, takes_texts_that_may_be_left_out)
{
    const JsonRequest request(R"({"memo":"x","empty":"","none":null,"number":1})");
    EXPECT_EQ(request.optional_text("memo"), "x");
    EXPECT_EQ(request.optional_text("empty"), "");
    EXPECT_EQ(request.optional_text("none"), std::nullopt);
    EXPECT_EQ(request.optional_text("absent"), std::nullopt);
    expect_refused(refusal([&] { request.optional_text("number"); }), "invalid_argument", "number");
}

TEST(JsonRequest, names_a_missing_field)
{
    const JsonRequest request("{}");
    expect_refused(refusal([&] { request.integer("item_id"); }), "invalid_argument", "item_id");
}

TEST(JsonRequest, refuses_a_field_that_is_there_twice)
{
    expect_refused(body_refusal(R"({"quantity":1,"quantity":2})"), "invalid_argument", "quantity");
}

TEST(JsonRequest, ignores_fields_it_does_not_ask_for)
{
    const JsonRequest request(R"({"note":{"quantity":9,"quantity":8},"quantity":3,"tags":[1,2]})");
    EXPECT_EQ(request.integer("quantity"), "3");
}

TEST(JsonRequest, refuses_what_is_not_one_json_object)
{
    for (const char *body : {"",
                             "  ",
                             "null",
                             "1",
                             "[]",
                             "\"text\"",
                             "{",
                             "{\"a\":1",
                             "{\"a\":1}x",
                             "{\"a\":1}{}",
                             "{'a':1}",
                             "{\"a\":01}",
                             "{\"a\":NaN}",
                             "{\"a\":Infinity}",
                             "{\"a\":+1}",
                             "{\"a\":.5}",
                             "{\"a\":1,}",
                             "{\"a\":\"\xff\"}",
                             "{\"a\":\"\xed\xa0\x80\"}",
                             "{\"a\":1 /* no */}",
                             "{a:1}",
                             "{\"a\":\"\x01\"}",
                             "\xef\xbb\xbf{}"}) {
        expect_refused(body_refusal(body), "invalid_argument", "body");
    }
}

TEST(JsonRequest, refuses_deep_nesting_without_following_it)
{
    const std::string deep = "{\"a\":" + std::string(60'000, '[');
    expect_refused(body_refusal(deep), "invalid_argument", "body");
}

TEST(Parameter, is_a_decimal_integer_in_its_range)
{
    EXPECT_EQ(integer_parameter("limit", "1000", 1, 1000), 1000);
    EXPECT_EQ(integer_parameter("user_id", "-5", INT64_MIN, INT64_MAX), -5);
    for (const char *value :
         {"", "0", "1001", "+1", " 1", "1 ", "1.0", "1e2", "0x1", "ten", "99999999999999999999"}) {
        expect_refused(refusal([&] { integer_parameter("limit", value, 1, 1000); }),
                       "invalid_argument", "limit");
    }
}

TEST(Parameter, is_a_decimal_number_with_every_digit_it_was_written_with)
{
    for (const char *value : {"100", "0.30000000000000004", "-1", "1e2", "1E+2", "1.5e-3", "007",
                              "99999999999999999999.99"}) {
        EXPECT_EQ(number_parameter("amount", value), value);
    }
    for (const char *value : {"", "-", "+1", " 1", "1 ", ".5", "1.", "1e", "1e+", "0x1", "NaN",
                              "Infinity", "1_000", "1,5", "--1", "1.2.3", "1e2e3"}) {
        expect_refused(refusal([&] { number_parameter("amount", value); }), "invalid_argument",
                       "amount");
    }
    expect_refused(refusal([&] { number_parameter("amount", std::string_view("1\0", 2)); }),
                   "invalid_argument", "amount");
}

TEST(IdempotencyKey, has_1_to_255_characters_of_utf_8)
{
    std::string longest;
    for (int count = 0; count < 255; ++count) {
        longest += "\xc3\xbc";
    }
    check_idempotency_key("k");
    check_idempotency_key(longest);
    for (const std::string &key :
         {std::string(), longest + "x", std::string("\xff"), std::string("\xed\xa0\x80"),
          std::string("\xc0\x80"), std::string("\xf4\x90\x80\x80")}) {
        expect_refused(refusal([&] { check_idempotency_key(key); }), "invalid_argument",
                       "Idempotency-Key");
    }
}

TEST(ContentType, is_json_in_utf_8)
{
    for (const char *type :
         {"application/json", "Application/JSON", "application/json; charset=utf-8",
          "application/json;charset=\"UTF-8\"", "application/json;"}) {
        EXPECT_NO_THROW(check_content_type(type)) << type;
    }
    for (const char *type :
         {"", "text/plain", "application/x-www-form-urlencoded", "application/jsonp",
          "application/json; charset=latin1", "multipart/form-data; boundary=x"}) {
        EXPECT_EQ(refusal([&] { check_content_type(type); }).status, 415) << type;
    }
}

TEST(JsonRequest, reads_booleans_and_nothing_for_one)
{
    const JsonRequest request(R"({"yes":true,"no":false,"number":1,"text":"true","null":null})");
    EXPECT_TRUE(request.boolean("yes"));
    EXPECT_FALSE(request.boolean("no"));
    for (const char *name : {"number", "text", "null", "absent"}) {
        EXPECT_THROW(request.boolean(name), Refused) << name;
    }
    EXPECT_THROW(request.number("yes"), Refused);
}

} // namespace
} // namespace mvm::gateway
