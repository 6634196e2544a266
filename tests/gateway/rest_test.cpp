// Every row of the REST table and every error of the market, end to end.
#include <thread>

#include "support.hpp"

namespace mvm::gateway::test {
namespace {

class Universes : public RestTest {};
class Items : public RestTest {};
class Users : public RestTest {};
class Trades : public RestTest {};
class Exchange : public RestTest {};
class Buy : public RestTest {};
class Idempotency : public RestTest {};

const std::string earth_to_mars = R"("from_universe_id":1,"to_universe_id":2})";

std::string exchange_body(const std::string &amount)
{
    return R"({"user_id":1,"amount":)" + amount + "," + earth_to_mars;
}

std::string buy_body(const std::string &buyer, const std::string &item, const std::string &quantity)
{
    return R"({"buyer_id":)" + buyer + R"(,"item_id":)" + item + R"(,"quantity":)" + quantity + "}";
}

// ---------------------------------------------------------------------------
// Reads
// ---------------------------------------------------------------------------

TEST_F(Universes, lists_the_sample_market)
{
    const Answer answer = get("/api/v1/universes");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.headers.at("content-type"), "application/json");
    EXPECT_EQ(
        answer.body,
        R"([{"id":1,"name":"Earth","currency_type":"USD","exchange_rate":1,"currency_scale":2,)" +
            std::string(no_rules) +
            R"(},)"
            R"({"id":2,"name":"Mars","currency_type":"MRC","exchange_rate":2.5,"currency_scale":2,)" +
            std::string(no_rules) +
            R"(},)"
            R"({"id":3,"name":"Venus","currency_type":"VNC","exchange_rate":0.75,"currency_scale":2,)" +
            std::string(no_rules) + R"(}])");
}

TEST_F(Items, lists_items_with_exact_prices)
{
    EXPECT_EQ(get("/api/v1/items?universe_id=2").body,
              R"([{"id":2,"name":"Mars Rocks","universe_id":2,"price":10.00,"stock":50,)"
              R"("seller_id":null,"listed":true,"external_id":null}])");
    const auto all = get("/api/v1/items").json();
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[0]["name"], "Earth Coffee");
    EXPECT_EQ(all[2]["stock"], 25);
}

TEST_F(Items, of_an_unknown_universe_are_404)
{
    expect_problem(get("/api/v1/items?universe_id=999"), 404, "universe_not_found",
                   "Universe not found");
}

TEST_F(Items, of_an_empty_universe_are_an_empty_list)
{
    database_->sql("SELECT mvm_create_universe('Pluto', 'PLT', 3)");
    const Answer answer = get("/api/v1/items?universe_id=4");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "[]");
}

TEST_F(Items, come_in_pages_that_follow_the_link)
{
    database_->sql(
        "SELECT count(mvm_list_item(1, 'Thing ' || n, n, n)) FROM generate_series(1, 4) n");
    std::vector<int> ids;
    std::string path = "/api/v1/items?limit=3";
    for (int pages = 0; !path.empty() && pages < 10; ++pages) {
        const Answer answer = get(path);
        for (const auto &item : answer.json()) {
            ids.push_back(item["id"]);
        }
        path.clear();
        if (answer.headers.contains("link")) {
            const std::string link = answer.headers.at("link");
            EXPECT_TRUE(link.ends_with(">; rel=\"next\"")) << link;
            path = link.substr(1, link.find('>') - 1);
        }
    }
    EXPECT_EQ(ids, (std::vector<int>{1, 2, 3, 4, 5, 6, 7}));
}

TEST_F(Items, keep_the_universe_in_the_link)
{
    database_->sql("SELECT mvm_list_item(1, 'Tea', 2, 2)");
    EXPECT_EQ(get("/api/v1/items?universe_id=1&limit=1").headers.at("link"),
              "</api/v1/items?universe_id=1&limit=1&after=1>; rel=\"next\"");
    EXPECT_FALSE(get("/api/v1/items?universe_id=1&limit=2").headers.contains("link"));
}

TEST_F(Items, refuse_parameters_that_cannot_be_and_name_them)
{
    for (const std::string parameter :
         {"limit=0", "limit=1001", "limit=ten", "limit=", "limit=1.0", "limit=5&limit=6",
          "after=-1", "after=x", "after=9223372036854775808", "universe_id=one", "universe_id=1.0",
          "universe_id=", "universe_id=2147483648", "universe_id=%00"}) {
        const std::string name = parameter.substr(0, parameter.find('='));
        expect_problem(get("/api/v1/items?" + parameter), 422, "invalid_argument",
                       "Invalid argument: " + name + ":");
    }
    EXPECT_EQ(get("/api/v1/items?limit=1000&after=9223372036854775807").body, "[]");
}

TEST_F(Users, show_the_home_balance_and_every_wallet)
{
    EXPECT_EQ(get("/api/v1/users/1").body,
              R"({"id":1,"username":"john_earth","universe_id":1,"balance":1000.00,)"
              R"("wallets":[{"universe_id":1,"currency_type":"USD","balance":1000.00}],)"
              R"("external_id":null,"metadata":null})");
    exchange(exchange_body("100"));
    EXPECT_EQ(get("/api/v1/users/1").body,
              R"({"id":1,"username":"john_earth","universe_id":1,"balance":900.00,)"
              R"("wallets":[{"universe_id":1,"currency_type":"USD","balance":900.00},)"
              R"({"universe_id":2,"currency_type":"MRC","balance":250.00}],)"
              R"("external_id":null,"metadata":null})");
}

TEST_F(Users, without_money_have_a_balance_of_zero_and_no_wallet)
{
    database_->sql("SELECT mvm_create_user('poor', 3)");
    EXPECT_EQ(get("/api/v1/users/4").body,
              R"({"id":4,"username":"poor","universe_id":3,"balance":0.00,"wallets":[],)"
              R"("external_id":null,"metadata":null})");
}

TEST_F(Users, that_do_not_exist_are_404)
{
    for (const char *id : {"999", "0", "-1", "9223372036854775807"}) {
        expect_problem(get(std::string("/api/v1/users/") + id), 404, "user_not_found",
                       "User not found");
    }
}

TEST_F(Users, refuse_ids_that_are_no_integers)
{
    for (const char *id : {"abc", "1.0", "1e2", "9223372036854775808", "%31x", "1%00", "'"}) {
        expect_problem(get(std::string("/api/v1/users/") + id), 422, "invalid_argument",
                       "Invalid argument: user_id:");
    }
}

TEST_F(Users, with_names_in_any_script_pass_through)
{
    database_->sql("SELECT mvm_create_user(E'\"\\\\ \\u00fc\\u4f60 \\n', 1, 5)");
    EXPECT_EQ(get("/api/v1/users/4").json()["username"], "\"\\ \xc3\xbc\xe4\xbd\xa0 \n");
}

TEST_F(Trades, list_the_newest_first_with_an_alias)
{
    buy(buy_body("1", "1", "1"));
    buy(buy_body("1", "2", "1"));
    const Answer answer = get("/api/v1/trades/1");
    const auto trades = answer.json();
    ASSERT_EQ(trades.size(), 2u);
    EXPECT_EQ(trades[0]["item_id"], 2);
    EXPECT_EQ(trades[1]["item_id"], 1);
    EXPECT_EQ(get("/api/v1/users/1/trades").body, answer.body);
}

TEST_F(Trades, show_the_same_trade_that_the_purchase_answered)
{
    const std::string trade = buy(buy_body("1", "2", "1")).body;
    EXPECT_EQ(get("/api/v1/trades/1").body, "[" + trade + "]");
}

TEST_F(Trades, show_the_seller_their_sales)
{
    database_->sql("SELECT mvm_list_item(2, 'Red Dust', 5, 10)");
    const std::string trade = buy(buy_body("1", "4", "2")).body;
    EXPECT_EQ(get("/api/v1/trades/2").body, "[" + trade + "]");
}

TEST_F(Trades, come_in_pages_that_follow_the_link)
{
    for (int count = 0; count < 5; ++count) {
        ASSERT_EQ(buy(buy_body("1", "1", "1")).status, 200);
    }
    const Answer first = get("/api/v1/trades/1?limit=3");
    ASSERT_EQ(first.json().size(), 3u);
    const std::string link = first.headers.at("link");
    const Answer second = get(link.substr(1, link.find('>') - 1));
    ASSERT_EQ(second.json().size(), 2u);
    EXPECT_FALSE(second.headers.contains("link"));
    EXPECT_GT(first.json()[2]["id"], second.json()[0]["id"]);
}

TEST_F(Trades, of_an_unknown_user_are_404)
{
    expect_problem(get("/api/v1/trades/999"), 404, "user_not_found", "User not found");
    expect_problem(get("/api/v1/users/999/trades"), 404, "user_not_found", "User not found");
}

TEST_F(Trades, refuse_parameters_that_cannot_be_and_name_them)
{
    for (const std::string parameter : {"limit=0", "limit=1001", "before=0", "before=x"}) {
        expect_problem(get("/api/v1/trades/1?" + parameter), 422, "invalid_argument",
                       "Invalid argument: " + parameter.substr(0, parameter.find('=')) + ":");
    }
    expect_problem(get("/api/v1/trades/x"), 422, "invalid_argument", "Invalid argument: user_id:");
}

// ---------------------------------------------------------------------------
// Exchange
// ---------------------------------------------------------------------------

TEST_F(Exchange, gives_250_mrc_for_100_usd)
{
    const Answer answer = exchange(exchange_body("100"));
    EXPECT_EQ(answer.status, 200);
    const std::string start = R"({"converted_amount":250.00,"from_universe_id":1,)"
                              R"("to_universe_id":2,"exchange_rate":2.5,"amount":100.00,)"
                              R"("transaction_id":)";
    EXPECT_TRUE(answer.body.starts_with(start)) << answer.body;
}

TEST_F(Exchange, takes_every_digit_of_an_amount)
{
    EXPECT_EQ(exchange(exchange_body("0.30000000000000004")).json()["converted_amount"], 0.75);
    EXPECT_NE(exchange(exchange_body("1e2")).body.find("\"amount\":100.00"), std::string::npos);
    EXPECT_NE(exchange(exchange_body("1.0E+1")).body.find("\"amount\":10.00"), std::string::npos);
    // A millionth of a cent is what a binary float may leave; a digit more, wherever, is too much.
    EXPECT_NE(exchange(exchange_body("1.00000001")).body.find("\"amount\":1.00"),
              std::string::npos);
    expect_problem(exchange(exchange_body("1.000000010000000000000000000000001")), 422,
                   "invalid_amount", "Invalid amount");
    expect_problem(exchange(exchange_body("99999999999999999999")), 422, "amount_out_of_range",
                   "Amount out of range");
}

TEST_F(Exchange, refuses_amounts_that_cannot_be)
{
    for (const char *amount : {"0", "-1", "-0.0", "0.001", "1e-300", "1.005"}) {
        expect_problem(exchange(exchange_body(amount)), 422, "invalid_amount", "Invalid amount");
    }
    for (const char *amount : {"1e300", "1e400", "1e99999", "92233720368547758.08"}) {
        expect_problem(exchange(exchange_body(amount)), 422, "amount_out_of_range",
                       "Amount out of range");
    }
    EXPECT_EQ(exchange(exchange_body("1e-99999")).status, 422);
    EXPECT_EQ(exchange(exchange_body("0." + std::string(20'000, '0') + "1")).status, 422);
    EXPECT_EQ(exchange(exchange_body(std::string(60'000, '9'))).status, 422);
    for (const char *amount : {"\"100\"", "null", "true", "[]"}) {
        expect_problem(exchange(exchange_body(amount)), 422, "invalid_argument",
                       "Invalid argument: amount:");
    }
    EXPECT_EQ(get("/api/v1/users/1").json()["balance"], 1000);
}

TEST_F(Exchange, refuses_what_the_market_refuses)
{
    expect_problem(exchange(exchange_body("1000.01")), 400, "insufficient_balance",
                   "Insufficient balance");
    expect_problem(exchange(R"({"user_id":1,"amount":1,"from_universe_id":1,"to_universe_id":1})"),
                   400, "same_universe", "Cannot exchange currency within the same universe");
    expect_problem(exchange(R"({"user_id":999,"amount":1,)" + earth_to_mars), 404, "user_not_found",
                   "User not found");
    expect_problem(
        exchange(R"({"user_id":1,"amount":1,"from_universe_id":1,"to_universe_id":999})"), 404,
        "universe_not_found", "Universe not found");
    expect_problem(
        exchange(R"({"user_id":1,"amount":1,"from_universe_id":999,"to_universe_id":1})"), 404,
        "universe_not_found", "Universe not found");
}

TEST_F(Exchange, names_a_missing_or_wrongly_typed_field)
{
    expect_problem(exchange(R"({"amount":1,)" + earth_to_mars), 422, "invalid_argument",
                   "Invalid argument: user_id: is missing");
    expect_problem(exchange(R"({"user_id":1,)" + earth_to_mars), 422, "invalid_argument",
                   "Invalid argument: amount: is missing");
    expect_problem(exchange(R"({"user_id":1,"amount":1,"to_universe_id":2})"), 422,
                   "invalid_argument", "Invalid argument: from_universe_id: is missing");
    expect_problem(exchange(R"({"user_id":1,"amount":1,"from_universe_id":1})"), 422,
                   "invalid_argument", "Invalid argument: to_universe_id: is missing");
    expect_problem(
        exchange(R"({"user_id":1,"amount":1,"from_universe_id":1,"to_universe_id":"2"})"), 422,
        "invalid_argument", "Invalid argument: to_universe_id:");
    expect_problem(
        exchange(R"({"user_id":1,"amount":1,"from_universe_id":2147483648,"to_universe_id":2})"),
        422, "invalid_argument", "Invalid argument: from_universe_id:");
}

// ---------------------------------------------------------------------------
// Buy
// ---------------------------------------------------------------------------

TEST_F(Buy, costs_the_price_at_home)
{
    const Answer answer = buy(buy_body("1", "1", "1"));
    EXPECT_EQ(answer.status, 200);
    const std::string middle = R"("buyer_id":1,"seller_id":null,"item_id":1,"amount":5.00,)"
                               R"("quantity":1,"from_universe_id":1,"to_universe_id":1,)"
                               R"("transaction_time":")";
    EXPECT_NE(answer.body.find(middle), std::string::npos) << answer.body;
    EXPECT_TRUE(answer.body.ends_with("+00:00\",\"memo\":null}")) << answer.body;
}

TEST_F(Buy, converts_the_price_from_another_universe)
{
    EXPECT_NE(buy(buy_body("1", "2", "1")).body.find("\"amount\":4.00"), std::string::npos);
    EXPECT_EQ(database_->sql("SELECT stock FROM mvm.items WHERE id = 2"), "49");
    EXPECT_EQ(database_->sql("SELECT mvm_balance(1)"), "996.00");
}

TEST_F(Buy, pays_the_seller)
{
    database_->sql("SELECT mvm_list_item(2, 'Red Dust', 5, 10)");
    EXPECT_EQ(buy(buy_body("1", "4", "2")).json()["seller_id"], 2);
    EXPECT_EQ(database_->sql("SELECT mvm_balance(2)"), "2510.00");
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm_audit()"), "0");
}

TEST_F(Buy, rejects_quantity_zero)
{
    expect_problem(buy(buy_body("1", "1", "0")), 422, "invalid_quantity", "Invalid quantity");
    expect_problem(buy(buy_body("1", "1", "-1")), 422, "invalid_quantity", "Invalid quantity");
}

TEST_F(Buy, refuses_what_the_market_refuses)
{
    database_->sql("SELECT mvm_list_item(1, 'My own', 5, 10)");
    database_->sql("SELECT mvm_list_item(2, 'Dear', 90000000000000000, 9000000000000000000)");
    expect_problem(buy(buy_body("999", "1", "1")), 404, "user_not_found", "User not found");
    expect_problem(buy(buy_body("1", "999", "1")), 404, "item_not_found", "Item not found");
    expect_problem(buy(buy_body("1", "4", "1")), 400, "own_item", "Cannot buy your own item");
    expect_problem(buy(buy_body("1", "1", "101")), 400, "insufficient_stock", "Insufficient stock");
    expect_problem(buy(buy_body("1", "5", "1")), 400, "insufficient_balance",
                   "Insufficient balance");
    expect_problem(buy(buy_body("1", "5", "9000000000000000000")), 422, "amount_out_of_range",
                   "Amount out of range");
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm.trades"), "0");
}

TEST_F(Buy, names_a_missing_or_wrongly_typed_field)
{
    expect_problem(buy(R"({"item_id":1,"quantity":1})"), 422, "invalid_argument",
                   "Invalid argument: buyer_id: is missing");
    expect_problem(buy(R"({"buyer_id":1,"quantity":1})"), 422, "invalid_argument",
                   "Invalid argument: item_id: is missing");
    expect_problem(buy(R"({"buyer_id":1,"item_id":1})"), 422, "invalid_argument",
                   "Invalid argument: quantity: is missing");
    for (const char *id : {"1.0", "\"1\"", "null", "9223372036854775808", "1e2"}) {
        expect_problem(buy(buy_body(id, "1", "1")), 422, "invalid_argument",
                       "Invalid argument: buyer_id:");
    }
    expect_problem(buy("{\"buyer_id\":1,"), 422, "invalid_argument", "Invalid argument: body:");
    expect_problem(buy(""), 422, "invalid_argument", "Invalid argument: body:");
    expect_problem(buy("[1,2,3]"), 422, "invalid_argument", "Invalid argument: body:");
}

TEST_F(Buy, wants_json)
{
    for (const char *type :
         {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"}) {
        expect_problem(buy(buy_body("1", "1", "1"), {{"Content-Type", type}}), 415,
                       "unsupported_media_type", "The body must be JSON");
    }
    EXPECT_EQ(client_->request("POST", "/api/v1/buy", buy_body("1", "1", "1"), {}).status, 415);
    EXPECT_EQ(
        buy(buy_body("1", "1", "1"), {{"Content-Type", "application/json; charset=utf-8"}}).status,
        200);
}

TEST_F(Buy, by_32_clients_at_once_sells_each_piece_once)
{
    database_->sql("SELECT mvm_list_item(2, 'Rare', 1, 20)");
    std::atomic<int> sold{0};
    std::atomic<int> refused{0};
    std::vector<std::thread> clients;
    for (int at = 0; at < 32; ++at) {
        clients.emplace_back([&, at] {
            Client client(gateway_->port());
            const Answer answer =
                client.post("/api/v1/buy", buy_body(at % 2 == 0 ? "1" : "3", "4", "1"));
            sold += answer.status == 200;
            refused += answer.status == 400 && answer.json()["code"] == "insufficient_stock";
        });
    }
    for (std::thread &client : clients) {
        client.join();
    }
    EXPECT_EQ(sold, 20);
    EXPECT_EQ(refused, 12);
    EXPECT_EQ(database_->sql("SELECT stock FROM mvm.items WHERE id = 4"), "0");
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm_audit()"), "0");
}

// ---------------------------------------------------------------------------
// Idempotency keys
// ---------------------------------------------------------------------------

TEST_F(Idempotency, the_same_purchase_again_returns_the_first_answer)
{
    const Headers key{{"Idempotency-Key", "order 7 \xc3\xbc %41"}};
    const Answer first = buy(buy_body("1", "1", "2"), key);
    const Answer again = buy(buy_body("1", "1", "2"), key);
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(first.body, again.body);
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm.trades"), "1");
    EXPECT_EQ(database_->sql("SELECT idempotency_key FROM mvm.trades"), "order 7 \xc3\xbc %41");
}

TEST_F(Idempotency, the_same_exchange_again_returns_the_first_answer_at_the_first_rate)
{
    const Headers key{{"Idempotency-Key", "x"}};
    const Answer first = exchange(exchange_body("100"), key);
    database_->sql("SELECT mvm_set_exchange_rate(2, 7)");
    // Another spelling of the same request.
    const Answer again = exchange(exchange_body("1e2"), key);
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(first.body, again.body);
    EXPECT_EQ(database_->sql("SELECT mvm_balance(1)"), "900.00");
}

TEST_F(Idempotency, a_key_with_a_different_request_is_refused)
{
    const Headers key{{"Idempotency-Key", "x"}};
    EXPECT_EQ(buy(buy_body("1", "1", "1"), key).status, 200);
    expect_problem(buy(buy_body("1", "1", "2"), key), 422, "idempotency_mismatch",
                   "Idempotency key was used with a different request");
    EXPECT_EQ(buy(buy_body("2", "1", "2"), key).status, 200) << "a key belongs to its user";
}

TEST_F(Idempotency, keys_that_cannot_be_are_refused)
{
    for (const std::string &key :
         {std::string(), std::string(256, 'k'), std::string("\xff\xfe"), std::string("  ")}) {
        expect_problem(buy(buy_body("1", "1", "1"), {{"Idempotency-Key", key}}), 422,
                       "invalid_argument", "Invalid argument: Idempotency-Key:");
    }
    EXPECT_EQ(buy(buy_body("1", "1", "1"), {{"Idempotency-Key", std::string(255, 'k')}}).status,
              200);
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm.trades"), "1");
}

TEST_F(Idempotency, sixteen_repeats_at_once_act_once)
{
    std::vector<std::string> answers(16);
    std::vector<std::thread> clients;
    for (std::string &answer : answers) {
        clients.emplace_back([&] {
            Client client(gateway_->port());
            answer =
                client.post("/api/v1/buy", buy_body("1", "1", "1"), {{"Idempotency-Key", "same"}})
                    .body;
        });
    }
    for (std::thread &client : clients) {
        client.join();
    }
    for (const std::string &answer : answers) {
        EXPECT_EQ(answer, answers.front());
    }
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm.trades"), "1");
}

} // namespace
} // namespace mvm::gateway::test
