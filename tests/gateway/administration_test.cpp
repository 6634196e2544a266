// Making and changing universes, users and items, and who may do it.
#include <atomic>
#include <thread>

#include "support.hpp"

namespace mvm::gateway::test {
namespace {

class NewUniverses : public RestTest {
protected:
    Answer create(const std::string &body) { return post("/api/v1/universes", body); }
};
class OneUniverse : public RestTest {};
class NewUsers : public RestTest {
protected:
    Answer create(const std::string &body) { return post("/api/v1/users", body); }
};
class NewItems : public RestTest {
protected:
    Answer create(const std::string &body) { return post("/api/v1/items", body); }
};
class OneItem : public RestTest {};
class Privileges : public RestTest {};

// Whatever the fields, a body must be a JSON object.
void expect_refuses_bodies_that_are_no_object(Client &client, const std::string &path)
{
    for (const char *body : {"", "{", "[]", "null", "1"}) {
        expect_problem(client.post(path, body), 422, "invalid_argument", "Invalid argument: body:");
    }
    expect_problem(client.post(path, "{}", {{"Content-Type", "text/plain"}}), 415,
                   "unsupported_media_type", "The body must be JSON");
}

// Expects 422 with the field's name for each value of the field that cannot be.
// `body` makes a body with the given field.
void expect_refused_values(Client &client, const std::string &path, const std::string &field,
                           const std::vector<std::string> &values,
                           const std::function<std::string(const std::string &)> &body)
{
    for (const std::string &value : values) {
        expect_problem(client.post(path, body(value)), 422, "invalid_argument",
                       "Invalid argument: " + field + ":");
    }
}

// ---------------------------------------------------------------------------
// Universes
// ---------------------------------------------------------------------------

TEST_F(NewUniverses, are_201_with_their_place_and_the_row_of_the_list)
{
    const Answer answer = create(
        R"({"name":"Pluto","currency_type":"PLT","exchange_rate":0.300,"currency_scale":0})");
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(answer.headers.at("location"), "/api/v1/universes/4");
    EXPECT_EQ(answer.headers.at("content-type"), "application/json");
    EXPECT_EQ(answer.body, R"({"id":4,"name":"Pluto","currency_type":"PLT","exchange_rate":0.3,)"
                           R"("currency_scale":0,)" +
                               std::string(no_rules) + "}");
    EXPECT_EQ(get("/api/v1/universes/4").body, answer.body);
    EXPECT_TRUE(get("/api/v1/universes").body.ends_with("," + answer.body + "]"));
}

TEST_F(NewUniverses, have_two_decimals_unless_told)
{
    const std::string start = R"({"name":"Pluto","currency_type":"PLT","exchange_rate":3)";
    EXPECT_EQ(create(start + "}").json()["currency_scale"], 2);
    EXPECT_EQ(create(R"({"name":"Io","currency_type":"I","exchange_rate":3,"currency_scale":null})")
                  .json()["currency_scale"],
              2);
}

TEST_F(NewUniverses, take_every_digit_of_a_rate_and_names_in_any_script)
{
    const Answer answer =
        create("{\"name\":\"\xe4\xbd\xa0 \\\"\\u00fc\\n\",\"currency_type\":\"\xe2\x82\xac\","
               "\"exchange_rate\":0.100000000000000001}");
    EXPECT_EQ(answer.status, 201) << answer.body;
    EXPECT_EQ(answer.json()["name"], "\xe4\xbd\xa0 \"\xc3\xbc\n");
    EXPECT_NE(answer.body.find("\"exchange_rate\":0.100000000000000001,"), std::string::npos);
}

TEST_F(NewUniverses, refuse_a_name_in_use)
{
    expect_problem(create(R"({"name":"Mars","currency_type":"X","exchange_rate":1})"), 409,
                   "already_exists", "Already exists: A universe has the name \"Mars\".");
}

TEST_F(NewUniverses, name_a_missing_or_wrongly_typed_field)
{
    expect_refuses_bodies_that_are_no_object(*client_, "/api/v1/universes");
    expect_problem(create(R"({"currency_type":"X","exchange_rate":1})"), 422, "invalid_argument",
                   "Invalid argument: name: is missing");
    expect_problem(create(R"({"name":"X","exchange_rate":1})"), 422, "invalid_argument",
                   "Invalid argument: currency_type: is missing");
    expect_problem(create(R"({"name":"X","currency_type":"X"})"), 422, "invalid_argument",
                   "Invalid argument: exchange_rate: is missing");
    const std::string path = "/api/v1/universes";
    expect_refused_values(
        *client_, path, "name", {"1", "null", "[]", "{}", "true", "\"a\\u0000b\""},
        [](const std::string &value) {
            return R"({"currency_type":"X","exchange_rate":1,"name":)" + value + "}";
        });
    expect_refused_values(*client_, path, "exchange_rate", {"\"1\"", "null", "[]", "true"},
                          [](const std::string &value) {
                              return R"({"name":"X","currency_type":"X","exchange_rate":)" + value +
                                     "}";
                          });
    expect_refused_values(*client_, path, "currency_scale", {"\"1\"", "1.5", "2147483648", "true"},
                          [](const std::string &value) {
                              return R"({"name":"X","currency_type":"X","exchange_rate":1,)"
                                     R"("currency_scale":)" +
                                     value + "}";
                          });
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm.universes"), "3");
}

TEST_F(NewUniverses, refuse_what_the_market_refuses)
{
    for (const std::string &name : {std::string(), std::string("  "), std::string(256, 'x')}) {
        expect_problem(
            create(R"({"name":")" + name + R"(","currency_type":"X","exchange_rate":1})"), 422,
            "invalid_argument", "Invalid argument: name ");
    }
    expect_problem(create(R"({"name":"X","currency_type":" ","exchange_rate":1})"), 422,
                   "invalid_argument", "Invalid argument: currency_type ");
    for (const char *rate : {"0", "-1", "1e18", "1e300", "0.0000000000000000001"}) {
        expect_problem(
            create(std::string(R"({"name":"X","currency_type":"X","exchange_rate":)") + rate + "}"),
            422, "invalid_argument", "Invalid argument: exchange_rate ");
    }
    for (const char *rate : {"1e400", "1e99999999999", "1e-99999", "1e-99999999999"}) {
        EXPECT_EQ(
            create(std::string(R"({"name":"X","currency_type":"X","exchange_rate":)") + rate + "}")
                .status,
            422)
            << rate;
    }
    for (const char *scale : {"-1", "10", "2147483647"}) {
        expect_problem(
            create(std::string(
                       R"({"name":"X","currency_type":"X","exchange_rate":1,"currency_scale":)") +
                   scale + "}"),
            422, "invalid_argument", "Invalid argument: currency_scale ");
    }
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm.universes"), "3");
}

TEST_F(OneUniverse, is_the_row_of_the_list)
{
    EXPECT_EQ(get("/api/v1/universes/2").body,
              R"({"id":2,"name":"Mars","currency_type":"MRC","exchange_rate":2.5,)"
              R"("currency_scale":2,)" +
                  std::string(no_rules) + "}");
    for (const char *id : {"999", "0", "-1"}) {
        expect_problem(get(std::string("/api/v1/universes/") + id), 404, "universe_not_found",
                       std::string("Universe not found: There is no universe ") + id + ".");
    }
    for (const char *id : {"x", "1.0", "2147483648", "'"}) {
        expect_problem(get(std::string("/api/v1/universes/") + id), 422, "invalid_argument",
                       "Invalid argument: universe_id:");
    }
}

TEST_F(OneUniverse, gets_another_rate)
{
    const Answer answer = patch("/api/v1/universes/2", R"({"exchange_rate":2.750})");
    EXPECT_EQ(answer.status, 200);
    EXPECT_FALSE(answer.headers.contains("location"));
    EXPECT_EQ(answer.body, R"({"id":2,"name":"Mars","currency_type":"MRC","exchange_rate":2.75,)"
                           R"("currency_scale":2,)" +
                               std::string(no_rules) + "}");
    EXPECT_EQ(get("/api/v1/universes/2").body, answer.body);
    EXPECT_EQ(exchange(R"({"user_id":1,"amount":100,"from_universe_id":1,"to_universe_id":2})")
                  .json()["converted_amount"],
              275);
}

TEST_F(OneUniverse, stays_as_it_is_when_a_change_is_refused)
{
    const std::string path = "/api/v1/universes/2";
    for (const char *body : {"{}", R"({"name":"Ares"})", "", "[]", "{"}) {
        expect_problem(patch(path, body), 422, "invalid_argument", "Invalid argument: body:");
    }
    for (const char *rate : {"\"3\"", "null", "true", "{}"}) {
        expect_problem(patch(path, std::string(R"({"exchange_rate":)") + rate + "}"), 422,
                       "invalid_argument", "Invalid argument: exchange_rate:");
    }
    for (const char *rate : {"0", "-2", "1e18"}) {
        expect_problem(patch(path, std::string(R"({"exchange_rate":)") + rate + "}"), 422,
                       "invalid_argument", "Invalid argument: exchange_rate ");
    }
    expect_problem(patch("/api/v1/universes/999", R"({"exchange_rate":3})"), 404,
                   "universe_not_found", "Universe not found: There is no universe 999.");
    expect_problem(patch("/api/v1/universes/x", R"({"exchange_rate":3})"), 422, "invalid_argument",
                   "Invalid argument: universe_id:");
    expect_problem(client_->patch(path, R"({"exchange_rate":3})", {{"Content-Type", "text/plain"}}),
                   415, "unsupported_media_type", "The body must be JSON");
    EXPECT_EQ(get(path).json()["exchange_rate"], 2.5);
}

// ---------------------------------------------------------------------------
// Users
// ---------------------------------------------------------------------------

TEST_F(NewUsers, are_201_with_their_place_and_what_a_get_shows)
{
    const Answer answer = create(R"({"username":"zoe","universe_id":2,"balance":50.5})");
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(answer.headers.at("location"), "/api/v1/users/4");
    EXPECT_EQ(answer.body, R"({"id":4,"username":"zoe","universe_id":2,"balance":50.50,)"
                           R"("wallets":[{"universe_id":2,"currency_type":"MRC","balance":50.50}],)"
                           R"("external_id":null,"metadata":null})");
    EXPECT_EQ(get("/api/v1/users/4").body, answer.body);
    EXPECT_EQ(database_->sql("SELECT kind FROM mvm.transactions WHERE user_id = 4"), "deposit");
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm_audit()"), "0");
}

TEST_F(NewUsers, have_nothing_unless_told)
{
    for (const char *more : {R"("username":"a")", R"("username":"b","balance":0)",
                             R"("username":"c","balance":null)"}) {
        const Answer answer = create(std::string(R"({"universe_id":1,)") + more + "}");
        EXPECT_EQ(answer.status, 201);
        EXPECT_TRUE(answer.body.ends_with(
            R"("balance":0.00,"wallets":[],"external_id":null,"metadata":null})"))
            << answer.body;
        EXPECT_EQ(get(answer.headers.at("location")).body, answer.body);
    }
}

TEST_F(NewUsers, with_names_in_any_script_pass_through)
{
    const Answer answer =
        create("{\"username\":\"'; DROP \xf0\x9f\x98\x80 \\\"\\\\\\u4f60\",\"universe_id\":1}");
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(answer.json()["username"], "'; DROP \xf0\x9f\x98\x80 \"\\\xe4\xbd\xa0");
    EXPECT_EQ(get("/api/v1/users/4").body, answer.body);
}

TEST_F(NewUsers, name_a_missing_or_wrongly_typed_field)
{
    expect_refuses_bodies_that_are_no_object(*client_, "/api/v1/users");
    expect_problem(create(R"({"universe_id":1})"), 422, "invalid_argument",
                   "Invalid argument: username: is missing");
    expect_problem(create(R"({"username":"x"})"), 422, "invalid_argument",
                   "Invalid argument: universe_id: is missing");
    expect_refused_values(
        *client_, "/api/v1/users", "username", {"1", "null", "[]", "\"\\u0000\""},
        [](const std::string &value) { return R"({"universe_id":1,"username":)" + value + "}"; });
    expect_refused_values(
        *client_, "/api/v1/users", "universe_id", {"\"1\"", "null", "1.0", "2147483648"},
        [](const std::string &value) { return R"({"username":"x","universe_id":)" + value + "}"; });
    expect_refused_values(*client_, "/api/v1/users", "balance", {"\"1\"", "true", "[]"},
                          [](const std::string &value) {
                              return R"({"username":"x","universe_id":1,"balance":)" + value + "}";
                          });
    for (const char *text : {"\"\xff\"", "\"\\ud800\"", "\"\x01\""}) {
        expect_problem(create(std::string(R"({"universe_id":1,"username":)") + text + "}"), 422,
                       "invalid_argument", "Invalid argument: body:");
    }
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm.users"), "3");
}

TEST_F(NewUsers, refuse_what_the_market_refuses)
{
    expect_problem(create(R"({"username":"mary_mars","universe_id":1})"), 409, "already_exists",
                   "Already exists: A user has the name \"mary_mars\".");
    expect_problem(create(R"({"username":"x","universe_id":999})"), 404, "universe_not_found",
                   "Universe not found: There is no universe 999.");
    expect_problem(create(R"({"username":" ","universe_id":1})"), 422, "invalid_argument",
                   "Invalid argument: username ");
    for (const char *balance : {"-1", "0.001"}) {
        expect_problem(
            create(std::string(R"({"username":"x","universe_id":1,"balance":)") + balance + "}"),
            422, "invalid_amount", "Invalid amount");
    }
    for (const char *balance : {"92233720368547758.08", "1e400"}) {
        expect_problem(
            create(std::string(R"({"username":"x","universe_id":1,"balance":)") + balance + "}"),
            422, "amount_out_of_range", "Amount out of range");
    }
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm.users"), "3");
}

TEST_F(NewUsers, of_one_name_at_once_are_one)
{
    std::atomic<int> created{0};
    std::atomic<int> refused{0};
    std::vector<std::thread> clients;
    for (int at = 0; at < 16; ++at) {
        clients.emplace_back([&] {
            Client client(gateway_->port());
            const int status =
                client.post("/api/v1/users", R"({"username":"one","universe_id":1,"balance":7})")
                    .status;
            created += status == 201;
            refused += status == 409;
        });
    }
    for (std::thread &client : clients) {
        client.join();
    }
    EXPECT_EQ(created, 1);
    EXPECT_EQ(refused, 15);
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm_audit()"), "0");
}

// ---------------------------------------------------------------------------
// Items
// ---------------------------------------------------------------------------

TEST_F(NewItems, are_201_with_their_place_and_the_row_of_the_list)
{
    const Answer answer = create(R"({"seller_id":2,"name":"Red Dust","price":5,"stock":10})");
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(answer.headers.at("location"), "/api/v1/items/4");
    EXPECT_EQ(answer.body, R"({"id":4,"name":"Red Dust","universe_id":2,"price":5.00,"stock":10,)"
                           R"("seller_id":2,"listed":true,"external_id":null,"metadata":null})");
    EXPECT_EQ(get("/api/v1/items/4").body, answer.body);
    EXPECT_TRUE(
        get("/api/v1/items?universe_id=2").body.ends_with("," + in_a_list(answer.body) + "]"));
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm_audit()"), "0");
}

TEST_F(NewItems, are_sold_by_the_treasury_or_in_another_universe_when_told)
{
    const Answer treasury = create(
        R"({"seller_id":null,"name":"Ice","price":1.0000000000000002,"stock":0,"universe_id":3})");
    EXPECT_EQ(treasury.body,
              R"({"id":4,"name":"Ice","universe_id":3,"price":1.00,"stock":0,)"
              R"("seller_id":null,"listed":true,"external_id":null,"metadata":null})");
    const Answer abroad =
        create(R"({"seller_id":2,"name":"Souvenir","price":9,"stock":1,"universe_id":1})");
    EXPECT_EQ(abroad.json()["universe_id"], 1);
    EXPECT_EQ(buy(R"({"buyer_id":1,"item_id":5,"quantity":1})").json()["amount"], 9);
}

TEST_F(NewItems, name_a_missing_or_wrongly_typed_field)
{
    expect_refuses_bodies_that_are_no_object(*client_, "/api/v1/items");
    const std::vector<std::pair<std::string, std::string>> fields{
        {"name", "\"x\""}, {"price", "1"}, {"stock", "1"}};
    const auto body_with = [&](const std::string &field, const std::string &value) {
        std::string body = R"({"seller_id":1)";
        for (const auto &[name, good] : fields) {
            if (name != field) {
                body += ",\"" + name + "\":" + good;
            }
        }
        return body + (value.empty() ? "" : ",\"" + field + "\":" + value) + "}";
    };
    for (const auto &[field, good] : fields) {
        expect_problem(create(body_with(field, "")), 422, "invalid_argument",
                       "Invalid argument: " + field + ": is missing");
    }
    const std::vector<std::pair<std::string, std::vector<std::string>>> refused{
        {"name", {"1", "null", "\"\\u0000\""}},
        {"price", {"\"1\"", "null", "[]"}},
        {"stock", {"\"1\"", "null", "1.0", "9223372036854775808"}},
        {"universe_id", {"\"1\"", "1.5", "2147483648"}}};
    for (const auto &[field, values] : refused) {
        const std::string name = field;
        expect_refused_values(*client_, "/api/v1/items", name, values,
                              [&](const std::string &value) { return body_with(name, value); });
    }
    expect_refused_values(*client_, "/api/v1/items", "seller_id", {"\"1\"", "1.5", "true"},
                          [](const std::string &value) {
                              return R"({"name":"x","price":1,"stock":1,"seller_id":)" + value +
                                     "}";
                          });
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm.items"), "3");
}

TEST_F(NewItems, refuse_what_the_market_refuses)
{
    expect_problem(create(R"({"name":"x","price":1,"stock":1})"), 422, "invalid_argument",
                   "Invalid argument: seller_id and universe_id must not both be null.");
    expect_problem(create(R"({"seller_id":999,"name":"x","price":1,"stock":1})"), 404,
                   "user_not_found", "User not found: There is no user 999.");
    expect_problem(create(R"({"universe_id":999,"name":"x","price":1,"stock":1})"), 404,
                   "universe_not_found", "Universe not found: There is no universe 999.");
    expect_problem(create(R"({"seller_id":1,"name":" ","price":1,"stock":1})"), 422,
                   "invalid_argument", "Invalid argument: name ");
    for (const char *price : {"0", "-1", "0.001"}) {
        expect_problem(
            create(std::string(R"({"seller_id":1,"name":"x","stock":1,"price":)") + price + "}"),
            422, "invalid_amount", "Invalid amount");
    }
    for (const char *price : {"92233720368547758.08", "1e400"}) {
        expect_problem(
            create(std::string(R"({"seller_id":1,"name":"x","stock":1,"price":)") + price + "}"),
            422, "amount_out_of_range", "Amount out of range");
    }
    expect_problem(create(R"({"seller_id":1,"name":"x","price":1,"stock":-1})"), 422,
                   "invalid_quantity", "Invalid quantity");
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm.items"), "3");
}

TEST_F(OneItem, is_the_row_of_the_list)
{
    EXPECT_EQ("[" + in_a_list(get("/api/v1/items/2").body) + "]",
              get("/api/v1/items?universe_id=2").body);
    for (const char *id : {"999", "0", "-1", "9223372036854775807"}) {
        expect_problem(get(std::string("/api/v1/items/") + id), 404, "item_not_found",
                       std::string("Item not found: There is no item ") + id + ".");
    }
    for (const char *id : {"x", "1.0", "9223372036854775808"}) {
        expect_problem(get(std::string("/api/v1/items/") + id), 422, "invalid_argument",
                       "Invalid argument: item_id:");
    }
}

// ---------------------------------------------------------------------------
// Privileges of the gateway's role
// ---------------------------------------------------------------------------

TEST_F(Privileges, of_a_trader_refuse_administration_and_name_no_function)
{
    database_->grant_only("trader");
    const auto expect_forbidden = [](const Answer &answer) {
        expect_problem(answer, 403, "forbidden", "This gateway is not allowed to do this");
        EXPECT_EQ(answer.body.find("mvm_"), std::string::npos) << answer.body;
        EXPECT_EQ(answer.body.find("permission"), std::string::npos) << answer.body;
    };
    expect_forbidden(
        post("/api/v1/universes", R"({"name":"X","currency_type":"X","exchange_rate":1})"));
    expect_forbidden(patch("/api/v1/universes/1", R"({"exchange_rate":1})"));
    expect_forbidden(post("/api/v1/users", R"({"username":"x","universe_id":1})"));
    expect_forbidden(post("/api/v1/items", R"({"seller_id":1,"name":"x","price":1,"stock":1})"));
    expect_forbidden(post("/api/v1/deposits", R"({"user_id":1,"amount":1})"));
    expect_forbidden(client_->post("/api/v1/withdrawals", R"({"user_id":1,"amount":1})",
                                   {{"Idempotency-Key", "k"}}));
    EXPECT_TRUE(eventually([this] {
        return gateway_->log().find("permission denied for function mvm_withdraw") !=
               std::string::npos;
    })) << "the log says what the client is not told";

    EXPECT_EQ(buy(R"({"buyer_id":1,"item_id":1,"quantity":1})").status, 200);
    for (const char *path :
         {"/api/v1/universes/1", "/api/v1/items/1", "/api/v1/users/1", "/api/v1/transactions/1",
          "/api/v1/users/1/transactions", "/api/v1/audit",
          "/api/v1/convert?amount=1&from_universe_id=1&to_universe_id=2"}) {
        EXPECT_EQ(get(path).status, 200) << path;
    }
}

TEST_F(Privileges, of_a_reader_refuse_trades_alone_and_in_a_batch)
{
    database_->grant_only("reader");
    EXPECT_EQ(get("/api/v1/users/1").status, 200);
    std::atomic<int> forbidden{0};
    std::vector<std::thread> clients;
    for (int at = 0; at < 16; ++at) {
        clients.emplace_back([&, at] {
            Client client(gateway_->port());
            const Answer answer =
                at % 2 == 0
                    ? client.post("/api/v1/buy", R"({"buyer_id":1,"item_id":1,"quantity":1})")
                    : client.post("/api/v1/exchange",
                                  R"({"user_id":1,"amount":1,)"
                                  R"("from_universe_id":1,"to_universe_id":2})");
            forbidden += answer.status == 403 && answer.json()["code"] == "forbidden";
        });
    }
    for (std::thread &client : clients) {
        client.join();
    }
    EXPECT_EQ(forbidden, 16);
}

} // namespace
} // namespace mvm::gateway::test
