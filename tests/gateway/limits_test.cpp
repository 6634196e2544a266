// Limits that callers give (max_amount, min_converted), and fees and tariffs.
#include <thread>

#include "support.hpp"

namespace mvm::gateway::test {
namespace {

class DealLimits : public RestTest {
protected:
    // Two pieces of item 2 cost John 8 USD.
    Answer buy_below(const std::string &limit)
    {
        return buy(R"({"buyer_id":1,"item_id":2,"quantity":2,"max_amount":)" + limit + "}");
    }
    // 100 USD bring John 250 MRC.
    Answer exchange_above(const std::string &limit)
    {
        return exchange(R"({"user_id":1,"amount":100,"from_universe_id":1,"to_universe_id":2,)"
                        R"("min_converted":)" +
                        limit + "}");
    }
};
class DealLimitsInBatches : public DealLimits {
protected:
    Environment environment() const override
    {
        Environment variables = RestTest::environment();
        variables["DB_WRITERS"] = "1";
        return variables;
    }
};
class FeesAndTariffs : public RestTest {};

TEST_F(DealLimits, that_hold_change_nothing)
{
    const Answer trade = buy_below("8");
    EXPECT_EQ(trade.status, 200) << trade.body;
    EXPECT_TRUE(trade.body.ends_with("+00:00\",\"memo\":null}")) << trade.body;
    EXPECT_EQ(buy_below("null").json()["amount"], 8);
    const Answer exchanged = exchange_above("250");
    EXPECT_EQ(exchanged.status, 200) << exchanged.body;
    EXPECT_EQ(exchanged.json().size(), 7u);
    EXPECT_EQ(exchange_above("null").json()["converted_amount"], 250);
}

TEST_F(DealLimits, that_do_not_hold_are_409_and_nothing_happens)
{
    for (const char *limit : {"7.99", "0.01", "7.9999999999999999999999", "1e-300"}) {
        expect_problem(buy_below(limit), 409, "limit_exceeded",
                       "Deal is worse than the limit that was given");
    }
    for (const char *limit : {"250.01", "250.0000000000000000000001", "1e300"}) {
        expect_problem(exchange_above(limit), 409, "limit_exceeded",
                       "Deal is worse than the limit that was given");
    }
    EXPECT_EQ(get("/api/v1/users/1").json()["balance"], 1000);
}

TEST_F(DealLimits, that_cannot_be_are_refused_by_name)
{
    for (const char *limit : {"\"8\"", "true", "[]", "{}"}) {
        expect_names_field(buy_below(limit), "max_amount");
        expect_names_field(exchange_above(limit), "min_converted");
    }
    for (const char *limit : {"0", "-1"}) {
        expect_problem(buy_below(limit), 422, "invalid_amount", "Invalid amount");
        expect_problem(exchange_above(limit), 422, "invalid_amount", "Invalid amount");
    }
    for (const char *limit : {"1e400", "1e99999999999", "1e-99999", "1e-99999999999"}) {
        EXPECT_GE(buy_below(limit).status, 409) << limit;
        EXPECT_LE(buy_below(limit).status, 422) << limit;
        EXPECT_LE(exchange_above(limit).status, 422) << limit;
    }
}

// A row that is held keeps the one writer, so that all that comes meanwhile goes out together.
TEST_F(DealLimitsInBatches, are_those_of_each_order_alone)
{
    pqxx::connection connection(database_->superuser_connection());
    pqxx::work holder(connection);
    holder.exec("SELECT FROM mvm.item WHERE id = 3 FOR UPDATE");
    std::vector<std::thread> clients;
    clients.emplace_back([this] {
        Client client(gateway_->port());
        EXPECT_EQ(client.post("/api/v1/buy", R"({"buyer_id":3,"item_id":3,"quantity":1})").status,
                  200);
    });
    EXPECT_TRUE(eventually([this] { return metric("mvm_pool_in_use{pool=\"writes\"}") == 1; }));

    const std::string purchase = R"({"buyer_id":1,"item_id":2,"quantity":2)";
    const std::string exchanged =
        R"({"user_id":2,"amount":25,"from_universe_id":2,"to_universe_id":1)";
    struct Sent {
        std::string path;
        std::string body;
        int status;
    };
    const std::vector<Sent> sent{
        {"/api/v1/buy", purchase + "}", 200},
        {"/api/v1/buy", purchase + R"(,"max_amount":8})", 200},
        {"/api/v1/buy", purchase + R"(,"max_amount":7.99})", 409},
        {"/api/v1/buy", purchase + R"(,"max_amount":0})", 422},
        {"/api/v1/exchange", exchanged + "}", 200},
        {"/api/v1/exchange", exchanged + R"(,"min_converted":10})", 200},
        {"/api/v1/exchange", exchanged + R"(,"min_converted":10.01})", 409}};
    std::vector<Answer> answers(sent.size());
    for (std::size_t at = 0; at < sent.size(); ++at) {
        clients.emplace_back([&, at] {
            Client client(gateway_->port());
            answers[at] = client.post(sent[at].path, sent[at].body);
        });
    }
    EXPECT_TRUE(eventually(
        [&] { return metric("mvm_write_queue_orders") == static_cast<double>(sent.size()); }));
    holder.commit();
    for (std::thread &client : clients) {
        client.join();
    }
    for (std::size_t at = 0; at < sent.size(); ++at) {
        EXPECT_EQ(answers[at].status, sent[at].status) << sent[at].body << answers[at].body;
        if (sent[at].status == 409) {
            EXPECT_EQ(answers[at].json()["code"], "limit_exceeded");
        }
    }
    EXPECT_EQ(metric("mvm_write_batches_total"), 2);
    EXPECT_EQ(metric("mvm_write_batches_split_total"), 0);
    EXPECT_EQ(get("/api/v1/users/1").json()["balance"], 1000 - 16 + 0);
}

TEST_F(FeesAndTariffs, stand_in_answers_only_where_there_is_one)
{
    database_->sql("SELECT mvm_set_rules(2, sale_fee_rate => 0.05, exchange_fee_rate => 0.01)");
    database_->sql("SELECT mvm_set_route(1, 2, tariff_rate => 0.1)");
    const Answer trade = buy(R"({"buyer_id":1,"item_id":2,"quantity":1})");
    EXPECT_TRUE(trade.body.ends_with(R"(,"fee":0.50,"tariff":0.40})")) << trade.body;
    EXPECT_EQ(trade.json()["amount"], 4.4);
    EXPECT_EQ(get("/api/v1/trades/1").body, "[" + trade.body + "]");
    const auto row = get("/api/v1/transactions/" + trade.json()["id"].dump()).json();
    EXPECT_EQ(row["fee"], 0.5);
    EXPECT_EQ(row["tariff"], 0.4);

    const Answer exchanged =
        exchange(R"({"user_id":1,"amount":100,"from_universe_id":1,"to_universe_id":2})");
    EXPECT_TRUE(exchanged.body.ends_with(R"(,"fee":2.50})")) << exchanged.body;
    EXPECT_EQ(exchanged.json()["converted_amount"], 247.5);
    const Answer home = buy(R"({"buyer_id":1,"item_id":1,"quantity":1})");
    EXPECT_FALSE(home.json().contains("fee") || home.json().contains("tariff"));
}

} // namespace
} // namespace mvm::gateway::test
