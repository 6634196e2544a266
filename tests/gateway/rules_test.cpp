// A universe's trading rules and those between two universes.
#include "support.hpp"

namespace mvm::gateway::test {
namespace {

class Rules : public RestTest {
protected:
    const std::string mars = "/api/v1/universes/2";
};
class TradeRoutes : public RestTest {};

TEST_F(Rules, are_set_together_with_the_rate_and_show_in_every_read)
{
    const Answer answer = patch(
        mars, R"({"exchange_rate":3,"trade_open":false,"exchange_open":false,"sale_fee_rate":0.05,)"
              R"("exchange_fee_rate":0.010,"min_amount":1,"max_amount":100.5,"max_quantity":20,)"
              R"("max_hold_ttl_seconds":3600,"max_quote_ttl_seconds":90000,)"
              R"("max_open_holds":3,"max_open_quotes":0})");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"id":2,"name":"Mars","currency_type":"MRC","exchange_rate":3,)"
                           R"("currency_scale":2,"trade_open":false,"exchange_open":false,)"
                           R"("sale_fee_rate":0.05,"exchange_fee_rate":0.01,"min_amount":1.00,)"
                           R"("max_amount":100.50,"max_quantity":20,)"
                           R"("max_hold_ttl_seconds":3600,"max_quote_ttl_seconds":90000,)"
                           R"("max_open_holds":3,"max_open_quotes":0})");
    EXPECT_EQ(get(mars).body, answer.body);
    EXPECT_NE(get("/api/v1/universes").body.find(answer.body), std::string::npos);
    expect_problem(buy(R"({"buyer_id":1,"item_id":2,"quantity":1})"), 403, "rule_violation",
                   "Forbidden by the universe's trading rules");

    EXPECT_EQ(patch(mars, R"({"trade_open":true,"exchange_open":true})").json()["max_quantity"],
              20);
    expect_problem(buy(R"({"buyer_id":1,"item_id":2,"quantity":21})"), 403, "rule_violation",
                   "Forbidden by the universe's trading rules: max_quantity of universe 2 is 20");
    EXPECT_EQ(buy(R"({"buyer_id":1,"item_id":2,"quantity":2})").json()["fee"], 1);
}

TEST_F(Rules, of_what_is_kept_open_bind_holds_and_quotes)
{
    const std::string hold = R"({"buyer_id":1,"item_id":2,"ttl_seconds":)";
    const std::string quote =
        R"({"user_id":1,"amount":1,"from_universe_id":1,"to_universe_id":2,"ttl_seconds":)";
    const std::string forbidden = "Forbidden by the universe's trading rules: ";
    expect_problem(post("/api/v1/holds", hold + "86401}"), 403, "rule_violation",
                   forbidden + "max_hold_ttl of universe 2 is 1 day, ttl is 1 day 00:00:01.");
    expect_problem(post("/api/v1/quotes", quote + "301}"), 403, "rule_violation",
                   forbidden + "max_quote_ttl of universe 2 is 00:05:00, ttl is 00:05:01.");
    ASSERT_EQ(patch(mars, R"({"max_hold_ttl_seconds":172800,"max_quote_ttl_seconds":86400,)"
                          R"("max_open_holds":1,"max_open_quotes":1})")
                  .status,
              200);
    EXPECT_EQ(post("/api/v1/holds", hold + "172800}").status, 201);
    EXPECT_EQ(post("/api/v1/quotes", quote + "86400}").status, 201);
    expect_problem(post("/api/v1/holds", hold + "1}"), 403, "rule_violation",
                   forbidden + "max_open_holds of universe 2 is 1, user 1 has 1.");
    expect_problem(post("/api/v1/quotes", quote + "1}"), 403, "rule_violation",
                   forbidden + "max_open_quotes of universe 2 is 1, user 1 has 1.");
    EXPECT_EQ(patch(mars, R"({"max_open_quotes":9223372036854775807})").json()["max_open_holds"],
              1);
}

TEST_F(Rules, of_bounds_are_taken_away_by_null)
{
    ASSERT_EQ(patch(mars, R"({"min_amount":1,"max_amount":2,"max_quantity":3})").status, 200);
    const Answer answer =
        patch(mars, R"({"min_amount":null,"max_amount":null,"max_quantity":null})");
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_TRUE(answer.body.ends_with(no_rules + std::string("}"))) << answer.body;
    EXPECT_EQ(database_->sql("SELECT max_amount IS NULL AND min_amount IS NULL"
                             " FROM mvm.universes WHERE id = 2"),
              "t");
}

TEST_F(Rules, are_refused_by_name_and_as_a_whole)
{
    for (const char *field : {"trade_open", "exchange_open"}) {
        for (const char *value : {"1", "\"true\"", "null", "[]"}) {
            expect_names_field(patch(mars, std::string("{\"") + field + "\":" + value + "}"),
                               field);
        }
    }
    for (const char *field : {"sale_fee_rate", "exchange_fee_rate"}) {
        for (const char *value : bad_numbers) {
            expect_names_field(patch(mars, std::string("{\"") + field + "\":" + value + "}"),
                               field);
        }
        for (const char *value : {"-0.1", "1", "1e300", "0.0000000001"}) {
            expect_problem(patch(mars, std::string("{\"") + field + "\":" + value + "}"), 422,
                           "invalid_argument", std::string("Invalid argument: ") + field);
        }
    }
    for (const char *field : {"min_amount", "max_amount"}) {
        for (const char *value : {"\"1\"", "true", "[]", "{}"}) {
            expect_names_field(patch(mars, std::string("{\"") + field + "\":" + value + "}"),
                               field);
        }
        for (const BadAmount &amount : bad_amounts) {
            expect_problem(patch(mars, std::string("{\"") + field + "\":" + amount.text + "}"), 422,
                           amount.code, "");
        }
        expect_problem(patch(mars, std::string("{\"") + field + "\":0.0e5}"), 422, "invalid_amount",
                       "Invalid amount");
    }
    for (const char *value : {"\"1\"", "true", "1.5", "9223372036854775808"}) {
        expect_names_field(patch(mars, std::string(R"({"max_quantity":)") + value + "}"),
                           "max_quantity");
    }
    for (const char *value : {"0", "-1"}) {
        expect_problem(patch(mars, std::string(R"({"max_quantity":)") + value + "}"), 422,
                       "invalid_quantity", "Invalid quantity");
    }
    for (const char *field : {"max_hold_ttl_seconds", "max_quote_ttl_seconds"}) {
        for (const char *value : {"0", "-1", "31622401", "\"1\"", "1.5", "null", "true"}) {
            expect_names_field(patch(mars, std::string("{\"") + field + "\":" + value + "}"),
                               field);
        }
    }
    for (const char *field : {"max_open_holds", "max_open_quotes"}) {
        for (const char *value : {"-1", "9223372036854775808", "\"1\"", "1.5", "null", "true"}) {
            expect_names_field(patch(mars, std::string("{\"") + field + "\":" + value + "}"),
                               field);
        }
    }
    expect_problem(patch(mars, R"({"min_amount":3,"max_amount":2})"), 422, "invalid_argument",
                   "Invalid argument");
    expect_problem(patch(mars, R"({"exchange_rate":7,"sale_fee_rate":2})"), 422, "invalid_argument",
                   "Invalid argument: sale_fee_rate");
    expect_problem(patch(mars, R"({"exchange_rate":0,"trade_open":false})"), 422,
                   "invalid_argument", "Invalid argument: exchange_rate");
    expect_problem(patch("/api/v1/universes/999", R"({"trade_open":true})"), 404,
                   "universe_not_found", "Universe not found: There is no universe 999.");
    EXPECT_EQ(get(mars).json()["exchange_rate"], 2.5);
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm.rule_changes"), "0");
    EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm.exchange_rates"), "3");
}

TEST_F(Rules, drop_the_universes)
{
    ASSERT_TRUE(wait_for_redis());
    warm(mars);
    warm("/api/v1/universes");
    warm("/api/v1/items");
    ASSERT_EQ(patch(mars, R"({"trade_open":false})").status, 200);
    EXPECT_FALSE(is_cached(mars));
    EXPECT_FALSE(is_cached("/api/v1/universes"));
    EXPECT_TRUE(is_cached("/api/v1/items"));
}

TEST_F(TradeRoutes, are_set_as_a_whole_and_listed)
{
    EXPECT_EQ(get("/api/v1/universes/1/routes").body, "[]");
    const Answer answer = put("/api/v1/universes/1/routes/2", R"({"tariff_rate":0.10})");
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.body,
              R"({"from_universe_id":1,"to_universe_id":2,"allowed":true,"tariff_rate":0.1})");
    EXPECT_EQ(buy(R"({"buyer_id":1,"item_id":2,"quantity":1})").json()["tariff"], 0.4);

    const Answer closed = put("/api/v1/universes/1/routes/3", R"({"allowed":false})");
    EXPECT_EQ(closed.json()["tariff_rate"], 0);
    EXPECT_EQ(get("/api/v1/universes/1/routes").body, "[" + answer.body + "," + closed.body + "]");
    expect_problem(buy(R"({"buyer_id":1,"item_id":3,"quantity":1})"), 403, "rule_violation",
                   "Forbidden by the universe's trading rules");
    EXPECT_EQ(put("/api/v1/universes/1/routes/3", "{}").json()["allowed"], true);
    EXPECT_EQ(put("/api/v1/universes/1/routes/2", R"({"allowed":null,"tariff_rate":null})")
                  .json()["tariff_rate"],
              0);
}

TEST_F(TradeRoutes, are_refused_by_name)
{
    const std::string path = "/api/v1/universes/1/routes/2";
    for (const char *body : {"", "{", "[]", "null"}) {
        expect_names_field(put(path, body), "body");
    }
    for (const char *value : {"1", "\"true\"", "[]"}) {
        expect_names_field(put(path, std::string(R"({"allowed":)") + value + "}"), "allowed");
    }
    for (const char *value : {"\"1\"", "true", "[]"}) {
        expect_names_field(put(path, std::string(R"({"tariff_rate":)") + value + "}"),
                           "tariff_rate");
    }
    for (const char *value : {"-0.1", "100", "1e300", "0.0000000001"}) {
        expect_problem(put(path, std::string(R"({"tariff_rate":)") + value + "}"), 422,
                       "invalid_argument", "Invalid argument: tariff_rate");
    }
    for (const char *unknown :
         {"/api/v1/universes/999/routes/2", "/api/v1/universes/1/routes/999"}) {
        expect_problem(put(unknown, "{}"), 404, "universe_not_found",
                       "Universe not found: There is no universe 999.");
    }
    expect_problem(put("/api/v1/universes/1/routes/1", "{}"), 422, "invalid_argument",
                   "Invalid argument");
    expect_names_field(put("/api/v1/universes/x/routes/1", "{}"), "from_universe_id");
    expect_names_field(put("/api/v1/universes/1/routes/2147483648", "{}"), "to_universe_id");
    expect_problem(get("/api/v1/universes/999/routes"), 404, "universe_not_found",
                   "Universe not found: There is no universe 999.");
    expect_names_field(get("/api/v1/universes/x/routes"), "universe_id");
    const Answer wrong = get(path);
    EXPECT_EQ(wrong.status, 405);
    EXPECT_EQ(wrong.headers.at("allow"), "PUT");
    EXPECT_EQ(get("/api/v1/universes/1/routes/2/3").status, 404);
    EXPECT_EQ(get("/api/v1/universes//routes/2").status, 404);
    EXPECT_EQ(get("/api/v1/universes/1/routes/").status, 404);
}

} // namespace
} // namespace mvm::gateway::test
