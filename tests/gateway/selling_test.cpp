// What sellers do with their items: changing the price, taking them off the market and back,
// restocking.
#include "support.hpp"

namespace mvm::gateway::test {
namespace {

class ItemChanges : public RestTest {
protected:
    const std::string item = "/api/v1/items/2";
};
class Restocks : public RestTest {
protected:
    Answer restock(const std::string &body, const Headers &headers = {})
    {
        return post("/api/v1/items/2/restock", body, headers);
    }
};
class SellersItems : public RestTest {};

TEST_F(ItemChanges, of_the_price_show_in_every_read_and_are_what_a_buyer_pays)
{
    const Answer answer = patch(item, R"({"price":12.5})");
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.body,
              R"({"id":2,"name":"Mars Rocks","universe_id":2,"price":12.50,)"
              R"("stock":50,"seller_id":null,"listed":true,"external_id":null,"metadata":null})");
    EXPECT_EQ(get(item).body, answer.body);
    EXPECT_EQ(get("/api/v1/items?universe_id=2").body, "[" + in_a_list(answer.body) + "]");
    EXPECT_EQ(buy(R"({"buyer_id":1,"item_id":2,"quantity":1})").json()["amount"], 5);
}

TEST_F(ItemChanges, take_it_off_the_market_and_put_it_back)
{
    const Answer off = patch(item, R"({"listed":false})");
    EXPECT_EQ(off.status, 200);
    EXPECT_EQ(off.json()["listed"], false);
    EXPECT_EQ(off.json()["price"], 10);
    EXPECT_EQ(get(item).body, off.body);
    EXPECT_EQ(get("/api/v1/items?universe_id=2").body, "[]");
    EXPECT_EQ(get("/api/v1/items").json().size(), 2u);
    expect_problem(buy(R"({"buyer_id":1,"item_id":2,"quantity":1})"), 400, "item_not_listed",
                   "Item is off the market");
    EXPECT_EQ(patch(item, R"({"listed":false})").body, off.body);

    EXPECT_EQ(patch(item, R"({"listed":true})").json()["listed"], true);
    EXPECT_EQ(get("/api/v1/items").json().size(), 3u);
    EXPECT_EQ(buy(R"({"buyer_id":1,"item_id":2,"quantity":1})").status, 200);
}

TEST_F(ItemChanges, of_both_are_one_and_are_refused_together)
{
    const Answer both = patch(item, R"({"listed":false,"price":7})");
    EXPECT_EQ(both.status, 200);
    EXPECT_TRUE(both.body.ends_with(
        R"("price":7.00,"stock":50,"seller_id":null,"listed":false,"external_id":null,"metadata":null})"))
        << both.body;
    EXPECT_EQ(get(item).body, both.body);
    EXPECT_TRUE(
        patch(item, R"({"price":8,"listed":true})")
            .body.ends_with(
                R"("price":8.00,"stock":50,"seller_id":null,"listed":true,"external_id":null,"metadata":null})"));
    expect_problem(patch(item, R"({"price":0,"listed":false})"), 422, "invalid_amount",
                   "Invalid amount");
    EXPECT_EQ(get(item).json()["listed"], true);
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm.prices WHERE item_id = 2"), "2");
}

TEST_F(ItemChanges, are_refused_by_name)
{
    for (const char *body : {"", "{", "[]", "null", "{}", R"({"name":"x"})"}) {
        expect_names_field(patch(item, body), "body");
    }
    for (const char *price : bad_numbers) {
        expect_names_field(patch(item, std::string(R"({"price":)") + price + "}"), "price");
    }
    for (const char *listed : {"1", "0", "\"true\"", "null", "[]"}) {
        expect_names_field(patch(item, std::string(R"({"price":9,"listed":)") + listed + "}"),
                           "listed");
    }
    for (const BadAmount &price : bad_amounts) {
        expect_problem(patch(item, std::string(R"({"price":)") + price.text + "}"), 422, price.code,
                       "");
    }
    for (const char *body : {R"({"price":1})", R"({"listed":true})", R"({"listed":false})"}) {
        expect_problem(patch("/api/v1/items/999", body), 404, "item_not_found",
                       "Item not found: There is no item 999.");
        expect_names_field(patch("/api/v1/items/9223372036854775808", body), "item_id");
    }
    expect_problem(client_->patch(item, R"({"price":1})", {{"Content-Type", "text/plain"}}), 415,
                   "unsupported_media_type", "The body must be JSON");
    EXPECT_EQ(get(item).json()["price"], 10);
}

TEST_F(ItemChanges, drop_the_item_and_its_lists_and_nothing_else)
{
    ASSERT_TRUE(wait_for_redis());
    const std::vector<std::string> dropped{item, "/api/v1/items", "/api/v1/items?universe_id=2"};
    const std::vector<std::string> kept{"/api/v1/items/1", "/api/v1/items?universe_id=1",
                                        "/api/v1/users/1", "/api/v1/universes"};
    const std::vector<std::function<Answer()>> writes{
        [&] { return patch(item, R"({"price":11})"); },
        [&] { return patch(item, R"({"listed":false})"); },
        [&] { return patch(item, R"({"listed":true,"price":12})"); },
        [&] { return post(item + "/restock", R"({"quantity":1})"); }};
    for (const std::string &path : kept) {
        warm(path);
    }
    for (const auto &write : writes) {
        for (const std::string &path : dropped) {
            warm(path);
        }
        ASSERT_LT(write().status, 300);
        for (const std::string &path : dropped) {
            EXPECT_FALSE(is_cached(path)) << path;
        }
        for (const std::string &path : kept) {
            EXPECT_TRUE(is_cached(path)) << path;
        }
    }
}

TEST_F(Restocks, are_201_with_the_transaction_and_its_place)
{
    const Answer answer = restock(R"({"quantity":7})");
    EXPECT_EQ(answer.status, 201) << answer.body;
    const std::string id = database_->sql("SELECT max(id) FROM mvm.transactions");
    EXPECT_EQ(answer.headers.at("location"), "/api/v1/transactions/" + id);
    EXPECT_EQ(get(answer.headers.at("location")).body, answer.body);
    EXPECT_EQ(answer.json()["kind"], "restock");
    EXPECT_EQ(answer.json()["quantity"], 7);
    EXPECT_EQ(get("/api/v1/items/2").json()["stock"], 57);
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm_audit()"), "0");
}

TEST_F(Restocks, of_one_key_happen_once)
{
    const Answer first = restock(R"({"quantity":7})", {{"Idempotency-Key", "r"}});
    EXPECT_EQ(first.status, 201);
    const Answer again = restock(R"({"quantity":7})", {{"Idempotency-Key", "r"}});
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(again.headers.at("location"), first.headers.at("location"));
    expect_problem(restock(R"({"quantity":8})", {{"Idempotency-Key", "r"}}), 422,
                   "idempotency_mismatch", "Idempotency key was used with a different request");
    EXPECT_EQ(get("/api/v1/items/2").json()["stock"], 57);
}

TEST_F(Restocks, are_refused_by_name)
{
    for (const char *body : {"", "{", "[]", "null"}) {
        expect_names_field(restock(body), "body");
    }
    expect_names_field(restock("{}"), "quantity");
    for (const char *quantity : bad_integers) {
        expect_names_field(restock(std::string(R"({"quantity":)") + quantity + "}"), "quantity");
    }
    for (const char *quantity : {"0", "-1"}) {
        expect_problem(restock(std::string(R"({"quantity":)") + quantity + "}"), 422,
                       "invalid_quantity", "Invalid quantity");
    }
    expect_problem(restock(R"({"quantity":9223372036854775807})"), 422, "amount_out_of_range",
                   "Amount out of range");
    expect_names_field(restock(R"({"quantity":1})", {{"Idempotency-Key", ""}}), "Idempotency-Key");
    expect_problem(post("/api/v1/items/999/restock", R"({"quantity":1})"), 404, "item_not_found",
                   "Item not found: There is no item 999.");
    expect_names_field(post("/api/v1/items/x/restock", R"({"quantity":1})"), "item_id");
    EXPECT_EQ(get("/api/v1/items/2/restock").status, 405);
    EXPECT_EQ(get("/api/v1/items/2").json()["stock"], 50);
}

TEST_F(SellersItems, are_theirs_alone_listed_or_not_in_pages_that_follow_the_link)
{
    for (const char *name : {"a", "b", "c"}) {
        post("/api/v1/items",
             std::string(R"({"seller_id":1,"price":1,"stock":1,"name":")") + name + "\"}");
    }
    post("/api/v1/items", R"({"seller_id":2,"price":1,"stock":1,"name":"of another"})");
    ASSERT_EQ(patch("/api/v1/items/5", R"({"listed":false})").status, 200);

    const Answer all = get("/api/v1/users/1/items");
    EXPECT_EQ(all.status, 200);
    EXPECT_FALSE(all.headers.contains("link"));
    ASSERT_EQ(all.json().size(), 3u);
    EXPECT_EQ(all.json()[1]["listed"], false);
    EXPECT_NE(all.body.find(in_a_list(get("/api/v1/items/5").body)), std::string::npos);

    const Answer first = get("/api/v1/users/1/items?limit=2");
    EXPECT_EQ(first.json().size(), 2u);
    EXPECT_EQ(first.headers.at("link"), "</api/v1/users/1/items?limit=2&after=5>; rel=\"next\"");
    const Answer last = get("/api/v1/users/1/items?limit=2&after=5");
    ASSERT_EQ(last.json().size(), 1u);
    EXPECT_EQ(last.json()[0]["id"], 6);
    EXPECT_FALSE(last.headers.contains("link"));
    EXPECT_EQ(get("/api/v1/users/3/items").body, "[]");
}

TEST_F(SellersItems, are_refused_by_name)
{
    expect_problem(get("/api/v1/users/999/items"), 404, "user_not_found",
                   "User not found: There is no user 999.");
    expect_names_field(get("/api/v1/users/x/items"), "user_id");
    expect_names_field(get("/api/v1/users/1/items?limit=1001"), "limit");
    expect_names_field(get("/api/v1/users/1/items?after=-1"), "after");
}

} // namespace
} // namespace mvm::gateway::test
