// A platform's own keys and data of users and items, and finding by them.
#include "support.hpp"

namespace mvm::gateway::test {
namespace {

class PlatformData : public RestTest {};

TEST_F(PlatformData, of_a_new_user_and_a_new_item_shows_wherever_they_do)
{
    const Answer user = post("/api/v1/users", R"({"username":"zoe","universe_id":2,"balance":50,)"
                                              R"("external_id":"P-1","metadata":{"tier":"gold"}})");
    ASSERT_EQ(user.status, 201) << user.body;
    EXPECT_EQ(user.body, R"({"id":4,"username":"zoe","universe_id":2,"balance":50.00,)"
                         R"("wallets":[{"universe_id":2,"currency_type":"MRC","balance":50.00}],)"
                         R"("external_id":"P-1","metadata":{"tier": "gold"}})");
    EXPECT_EQ(get("/api/v1/users/4").body, user.body);

    const Answer item = post("/api/v1/items", R"({"seller_id":4,"name":"Pen","price":2,"stock":3,)"
                                              R"("external_id":"SKU 1","metadata":{"a":[1]}})");
    ASSERT_EQ(item.status, 201) << item.body;
    EXPECT_EQ(item.body, R"({"id":4,"name":"Pen","universe_id":2,"price":2.00,"stock":3,)"
                         R"("seller_id":4,"listed":true,"external_id":"SKU 1",)"
                         R"("metadata":{"a": [1]}})");
    EXPECT_EQ(get("/api/v1/items/4").body, item.body);
    for (const char *list : {"/api/v1/items?after=3", "/api/v1/items?universe_id=2&after=3",
                             "/api/v1/users/4/items"}) {
        EXPECT_EQ(get(list).body, R"([{"id":4,"name":"Pen","universe_id":2,"price":2.00,"stock":3,)"
                                  R"("seller_id":4,"listed":true,"external_id":"SKU 1"}])");
    }
}

TEST_F(PlatformData, is_null_where_there_is_none)
{
    for (const char *fields : {"", R"(,"external_id":null,"metadata":null)"}) {
        const std::string name = std::string("u") + (*fields == '\0' ? "1" : "2");
        const nlohmann::json user =
            post("/api/v1/users", R"({"username":")" + name + R"(","universe_id":1)" + fields + "}")
                .json();
        EXPECT_EQ(user["external_id"], nullptr) << user.dump();
        EXPECT_EQ(user["metadata"], nullptr) << user.dump();
        const nlohmann::json item =
            post("/api/v1/items",
                 std::string(R"({"universe_id":1,"name":"x","price":1,"stock":1)") + fields + "}")
                .json();
        EXPECT_EQ(item["external_id"], nullptr) << item.dump();
        EXPECT_EQ(item["metadata"], nullptr) << item.dump();
    }
}

TEST_F(PlatformData, metadata_keeps_every_digit_and_character)
{
    const std::string metadata =
        R"({"number": 12345678901234567890.123456789012345678901, "small": 0.1, "text": "\"ü\\ 𝔪\n",)"
        R"( "nested": {"list": [null, true, false, {}, [], [[1, 2], {"a": "b"}]], "empty": ""}})";
    ASSERT_EQ(patch("/api/v1/users/1", R"({"metadata":)" + metadata + "}").status, 200);
    EXPECT_EQ(database_->sql("SELECT metadata = '" + metadata + "' FROM mvm.users WHERE id = 1"),
              "t");
    EXPECT_EQ(database_->sql("SELECT metadata -> 'number' FROM mvm.users WHERE id = 1"),
              "12345678901234567890.123456789012345678901");
    // What comes after the object in the body is no part of it.
    ASSERT_EQ(patch("/api/v1/items/1", R"({"metadata":{"a":{"b":1}},"price":6})").status, 200);
    EXPECT_EQ(database_->sql("SELECT metadata FROM mvm.items WHERE id = 1"), R"({"a": {"b": 1}})");
}

TEST_F(PlatformData, is_changed_field_by_field_and_taken_away_by_null)
{
    for (const std::string row : {"/api/v1/users/1", "/api/v1/items/1"}) {
        const auto expect = [&](const Answer &answer, const nlohmann::json &external_id,
                                const nlohmann::json &metadata) {
            ASSERT_EQ(answer.status, 200) << answer.body;
            EXPECT_EQ(answer.json()["external_id"], external_id) << answer.body;
            EXPECT_EQ(answer.json()["metadata"], metadata) << answer.body;
            EXPECT_EQ(get(row).body, answer.body);
        };
        expect(patch(row, R"({"external_id":"A","metadata":{"a":1}})"), "A", {{"a", 1}});
        expect(patch(row, R"({"external_id":"B"})"), "B", {{"a", 1}});
        expect(patch(row, R"({"metadata":{"b":2}})"), "B", {{"b", 2}});
        expect(patch(row, R"({"metadata":{}})"), "B", nlohmann::json::object());
        expect(patch(row, R"({"external_id":null})"), nullptr, nlohmann::json::object());
        expect(patch(row, R"({"metadata":null})"), nullptr, nullptr);
    }
}

TEST_F(PlatformData, changes_together_with_the_rest_or_not_at_all)
{
    const Answer moved = patch("/api/v1/users/1", R"({"universe_id":2,"external_id":"A"})");
    ASSERT_EQ(moved.status, 200);
    EXPECT_EQ(moved.json()["universe_id"], 2);
    EXPECT_EQ(moved.json()["external_id"], "A");
    const Answer item =
        patch("/api/v1/items/1", R"({"price":7,"listed":false,"metadata":{"a":1}})");
    ASSERT_EQ(item.status, 200);
    EXPECT_TRUE(item.body.ends_with(R"("price":7.00,"stock":100,"seller_id":null,"listed":false,)"
                                    R"("external_id":null,"metadata":{"a": 1}})"))
        << item.body;

    expect_problem(patch("/api/v1/users/2", R"({"universe_id":1,"external_id":"A"})"), 409,
                   "already_exists", "Already exists: A user has the external_id \"A\".");
    EXPECT_EQ(get("/api/v1/users/2").json()["universe_id"], 2);
    ASSERT_EQ(patch("/api/v1/items/1", R"({"external_id":"A"})").status, 200);
    expect_problem(patch("/api/v1/items/2", R"({"price":8,"external_id":"A"})"), 409,
                   "already_exists", "Already exists: An item has the external_id \"A\".");
    EXPECT_EQ(get("/api/v1/items/2").json()["price"], 10);
    expect_problem(post("/api/v1/users", R"({"username":"x","universe_id":1,"external_id":"A"})"),
                   409, "already_exists", "Already exists: A user has the external_id \"A\".");
    expect_problem(post("/api/v1/items",
                        R"({"universe_id":1,"name":"x","price":1,"stock":1,"external_id":"A"})"),
                   409, "already_exists", "Already exists: An item has the external_id \"A\".");
}

TEST_F(PlatformData, is_refused_by_name)
{
    const std::string user = R"({"username":"x","universe_id":1,)";
    const std::string item = R"({"universe_id":1,"name":"x","price":1,"stock":1,)";
    const std::vector<std::function<Answer(const std::string &)>> writes{
        [&](const std::string &field) { return post("/api/v1/users", user + field + "}"); },
        [&](const std::string &field) { return post("/api/v1/items", item + field + "}"); },
        [&](const std::string &field) { return patch("/api/v1/users/1", "{" + field + "}"); },
        [&](const std::string &field) { return patch("/api/v1/items/1", "{" + field + "}"); }};
    const std::string too_long(256, 'x');
    const std::string deep = R"({"a":)" + std::string(20, '[') + std::string(20, ']') + "}";
    for (const auto &write : writes) {
        for (const std::string external_id : {"1", "true", "[]", "{}", R"("a\u0000b")"}) {
            expect_names_field(write(R"("external_id":)" + external_id), "external_id");
        }
        for (const std::string &external_id : {std::string(), too_long}) {
            const Answer answer = write(R"("external_id":")" + external_id + "\"");
            expect_problem(answer, 422, "invalid_argument", "Invalid argument: external_id");
        }
        for (const std::string metadata : {"1", "true", "[]", "[{}]", "\"{}\""}) {
            expect_names_field(write(R"("metadata":)" + metadata), "metadata");
        }
        expect_problem(write(R"("metadata":{"a":")" + std::string(9000, 'x') + "\"}"), 422,
                       "invalid_argument",
                       "Invalid argument: metadata has more than 8192 bytes as text.");
        for (const std::string metadata :
             {R"({"a":1e400})", R"({"a":1e300,"b":[1e99999]})", R"({"a":"\u0000"})",
              R"({"a\u0000":1})", R"({"a":1e-99999})"}) {
            EXPECT_EQ(write(R"("metadata":)" + metadata).status, 422) << metadata;
        }
        expect_problem(write(R"("metadata":)" + deep), 422, "invalid_argument",
                       "Invalid argument: body: nested too deeply");
    }
    for (const char *body : {"{}", R"({"username":"x"})"}) {
        expect_names_field(patch("/api/v1/users/1", body), "body");
    }
    expect_names_field(patch("/api/v1/users/1", R"({"universe_id":null,"external_id":"A"})"),
                       "universe_id");
    expect_problem(patch("/api/v1/users/999", R"({"external_id":"A"})"), 404, "user_not_found",
                   "User not found: There is no user 999.");
    expect_problem(patch("/api/v1/items/999", R"({"metadata":{}})"), 404, "item_not_found",
                   "Item not found: There is no item 999.");
}

TEST_F(PlatformData, finds_users_by_username_and_by_external_id)
{
    ASSERT_EQ(patch("/api/v1/users/2", R"({"external_id":"a b/ü&=?"})").status, 200);
    const std::string user = get("/api/v1/users/2").body;
    EXPECT_EQ(get("/api/v1/users?username=mary_mars").body, "[" + user + "]");
    EXPECT_EQ(get("/api/v1/users?external_id=a%20b%2F%C3%BC%26%3D%3F").body, "[" + user + "]");
    for (const char *query :
         {"username=nobody", "external_id=nobody", "username=MARY_MARS", "username=mary_mar",
          "username=", "external_id=", "username=%27%20OR%20true--"}) {
        const Answer answer = get(std::string("/api/v1/users?") + query);
        EXPECT_EQ(answer.status, 200) << query;
        EXPECT_EQ(answer.body, "[]") << query;
    }
    expect_names_field(get("/api/v1/users"), "username");
    expect_names_field(get("/api/v1/users?username=a&external_id=b"), "username");
    expect_names_field(get("/api/v1/users?username=a&username=b"), "username");
    expect_names_field(get("/api/v1/users?username=mary_mars%00x"), "username");
    expect_names_field(get("/api/v1/users?external_id=%00"), "external_id");
    EXPECT_EQ(get("/api/v1/users?username=%FF%FE").status, 422);
    const Answer other_method = put("/api/v1/users?username=a", "{}");
    EXPECT_EQ(other_method.status, 405);
    EXPECT_EQ(other_method.headers.at("allow"), "GET, HEAD, POST");
}

TEST_F(PlatformData, finds_items_by_external_id_on_the_market_or_off_it)
{
    const Answer item = patch("/api/v1/items/2", R"({"external_id":"SKU","metadata":{"a":1}})");
    EXPECT_EQ(get("/api/v1/items?external_id=SKU").body, "[" + item.body + "]");
    const Answer off = patch("/api/v1/items/2", R"({"listed":false})");
    EXPECT_EQ(get("/api/v1/items?external_id=SKU").body, "[" + off.body + "]");
    EXPECT_EQ(get("/api/v1/items?external_id=nothing").body, "[]");
    for (const std::string other : {"universe_id=1", "limit=5", "after=1"}) {
        expect_names_field(get("/api/v1/items?external_id=SKU&" + other),
                           other.substr(0, other.find('=')));
    }
    expect_names_field(get("/api/v1/items?external_id=SKU%00"), "external_id");
}

TEST_F(PlatformData, found_by_a_key_is_what_it_is_now)
{
    ASSERT_TRUE(wait_for_redis());
    warm("/api/v1/users/1");
    EXPECT_EQ(get("/api/v1/users?username=john_earth").json()[0]["balance"], 1000);
    database_->sql("SELECT mvm_deposit(1, 5)"); // not through this gateway
    EXPECT_EQ(get("/api/v1/users?username=john_earth").json()[0]["balance"], 1005);
}

TEST_F(PlatformData, drops_the_row_and_its_lists_from_the_cache)
{
    ASSERT_TRUE(wait_for_redis());
    for (const char *path : {"/api/v1/users/1", "/api/v1/users/2", "/api/v1/items/1",
                             "/api/v1/items/2", "/api/v1/items", "/api/v1/items?universe_id=1"}) {
        warm(path);
    }
    ASSERT_EQ(patch("/api/v1/users/1", R"({"metadata":{"a":1}})").status, 200);
    EXPECT_EQ(get("/api/v1/users/1").json()["metadata"]["a"], 1);
    ASSERT_EQ(patch("/api/v1/items/1", R"({"external_id":"A"})").status, 200);
    EXPECT_EQ(get("/api/v1/items/1").json()["external_id"], "A");
    EXPECT_EQ(get("/api/v1/items").json()[0]["external_id"], "A");
    EXPECT_EQ(get("/api/v1/items?universe_id=1").json()[0]["external_id"], "A");
    EXPECT_TRUE(is_cached("/api/v1/users/2"));
    EXPECT_TRUE(is_cached("/api/v1/items/2"));
}

TEST_F(PlatformData, is_found_by_a_reader_and_changed_by_an_operator)
{
    ASSERT_EQ(patch("/api/v1/users/1", R"({"external_id":"A"})").status, 200);
    database_->grant_only("reader");
    EXPECT_EQ(get("/api/v1/users?external_id=A").json().size(), 1u);
    EXPECT_EQ(get("/api/v1/items?external_id=A").body, "[]");
    expect_problem(patch("/api/v1/users/1", R"({"external_id":"B"})"), 403, "forbidden", "");
    expect_problem(patch("/api/v1/items/1", R"({"external_id":"B"})"), 403, "forbidden", "");
}

} // namespace
} // namespace mvm::gateway::test
