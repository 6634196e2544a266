// The past: statements, balances and rates; and users who move to another home.
#include "support.hpp"

namespace mvm::gateway::test {
namespace {

class Statements : public RestTest {};
class PastBalances : public RestTest {};
class PastRates : public RestTest {};
class Moves : public RestTest {};

constexpr const char *bad_times[] = {"x",
                                     "",
                                     "2026-01-31",
                                     "2026-01-31T12:00:00",
                                     "2026-02-30T12:00:00Z",
                                     "infinity",
                                     "now",
                                     "2026-13-01T00:00:00Z",
                                     "2026-01-31T24:00:00Z",
                                     "0000-01-01T00:00:00Z",
                                     "2026-01-31T12:00:00.Z",
                                     "2026-01-31T12:00:00%2B99:00",
                                     "2026-01-31T12:00:00Z'--",
                                     "2026-01-31T12:00:00.0000000000000000001Z"};

TEST_F(Statements, of_the_present_month_open_and_close_and_page_by_the_link)
{
    ASSERT_EQ(post("/api/v1/deposits", R"({"user_id":1,"amount":5})").status, 201);
    ASSERT_EQ(post("/api/v1/withdrawals", R"({"user_id":1,"amount":2})").status, 201);
    const auto all = get("/api/v1/users/1/statement").json();
    ASSERT_EQ(all.size(), 5u) << all.dump();
    EXPECT_EQ(all[0]["kind"], "opening");
    EXPECT_EQ(all[0]["balance"], 0);
    EXPECT_EQ(all[2]["kind"], "deposit");
    EXPECT_EQ(all[2]["balance"], 1005);
    EXPECT_EQ(all[3]["amount"], -2);
    EXPECT_EQ(all[4]["kind"], "closing");
    EXPECT_EQ(all[4]["balance"], 1003);

    auto paged = nlohmann::json::array();
    std::string path = "/api/v1/users/1/statement?limit=1";
    for (int pages = 0; pages < 9 && !path.empty(); ++pages) {
        const Answer page = get(path);
        ASSERT_EQ(page.status, 200) << page.body;
        for (const auto &line : page.json()) {
            paged.push_back(line);
        }
        path.clear();
        if (page.headers.contains("link")) {
            const std::string link = page.headers.at("link");
            path = link.substr(1, link.find('>') - 1);
        }
    }
    EXPECT_EQ(paged, all);
}

TEST_F(Statements, are_of_the_wallet_and_span_that_is_asked_for)
{
    const std::string path = "/api/v1/users/1/statement?";
    const Answer before = get(path + "from=2000-01-01T00:00:00Z&to=2001-01-01T00:00:00.5%2B01:00");
    EXPECT_EQ(before.json().size(), 2u) << before.body;
    EXPECT_FALSE(before.headers.contains("link"));
    EXPECT_EQ(get(path + "from=2000-01-01t00:00:00z&to=2001-01-01T00:00:00+01:00").status, 200);
    EXPECT_EQ(get(path + "universe_id=2").json().size(), 2u);
}

TEST_F(Statements, are_refused_by_name)
{
    const std::string path = "/api/v1/users/1/statement?";
    for (const char *time : bad_times) {
        expect_names_field(get(path + "from=" + time), "from");
        expect_names_field(get(path + "to=" + time), "to");
    }
    expect_problem(get(path + "from=2001-01-01T00:00:00Z&to=2000-01-01T00:00:00Z"), 422,
                   "invalid_argument", "Invalid argument");
    for (const char *limit : {"0", "1001", "x"}) {
        expect_names_field(get(path + "limit=" + limit), "limit");
    }
    expect_names_field(get(path + "after=9223372036854775808"), "after");
    expect_names_field(get(path + "universe_id=2147483648"), "universe_id");
    expect_problem(get("/api/v1/users/999/statement"), 404, "user_not_found", "User not found");
    expect_problem(get(path + "universe_id=999"), 404, "universe_not_found", "Universe not found");
    expect_names_field(get("/api/v1/users/x/statement"), "user_id");
}

TEST_F(PastBalances, are_those_of_then_and_of_now_unless_told)
{
    EXPECT_EQ(get("/api/v1/users/1/balance").body,
              R"({"user_id":1,"universe_id":1,"balance":1000.00})");
    EXPECT_EQ(get("/api/v1/users/1/balance?at=2000-01-01T00:00:00Z").json()["balance"], 0);
    EXPECT_EQ(get("/api/v1/users/1/balance?at=9999-12-31T23:59:59Z").json()["balance"], 1000);
    EXPECT_EQ(get("/api/v1/users/1/balance?universe_id=2").body,
              R"({"user_id":1,"universe_id":2,"balance":0.00})");
}

TEST_F(PastBalances, are_refused_by_name)
{
    for (const char *time : bad_times) {
        expect_names_field(get(std::string("/api/v1/users/1/balance?at=") + time), "at");
    }
    expect_names_field(get("/api/v1/users/1/balance?universe_id=x"), "universe_id");
    expect_names_field(get("/api/v1/users/x/balance"), "user_id");
    expect_problem(get("/api/v1/users/999/balance"), 404, "user_not_found", "User not found");
    expect_problem(get("/api/v1/users/1/balance?universe_id=999"), 404, "universe_not_found",
                   "Universe not found");
}

TEST_F(PastRates, are_listed_newest_first_and_what_an_amount_was_worth_then)
{
    const std::string then = database_->sql("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC',"
                                            " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
    ASSERT_EQ(patch("/api/v1/universes/2", R"({"exchange_rate":5})").status, 200);
    const auto rates = get("/api/v1/universes/2/rates").json();
    ASSERT_EQ(rates.size(), 2u);
    EXPECT_EQ(rates[0]["exchange_rate"], 5);
    EXPECT_TRUE(rates[0]["valid_to"].is_null());
    EXPECT_EQ(rates[1]["exchange_rate"], 2.5);
    EXPECT_EQ(rates[1]["valid_to"], rates[0]["valid_from"]);
    EXPECT_EQ(get("/api/v1/universes/2/rates?limit=1").json().size(), 1u);

    const std::string convert = "/api/v1/convert?amount=100&from_universe_id=1&to_universe_id=2";
    EXPECT_EQ(get(convert).json()["converted_amount"], 500);
    const Answer past = get(convert + "&at=" + then);
    EXPECT_EQ(past.status, 200) << past.body;
    EXPECT_TRUE(past.body.starts_with(
        R"({"converted_amount":250.00,"from_universe_id":1,"to_universe_id":2,"at":")"))
        << past.body;
    expect_problem(get(convert + "&at=2000-01-01T00:00:00Z"), 422, "invalid_argument",
                   "Invalid argument");
    for (const char *time : bad_times) {
        expect_names_field(get(convert + "&at=" + time), "at");
    }
    expect_problem(get("/api/v1/universes/999/rates"), 404, "universe_not_found",
                   "Universe not found: There is no universe 999.");
    expect_names_field(get("/api/v1/universes/x/rates"), "universe_id");
    expect_names_field(get("/api/v1/universes/2/rates?limit=0"), "limit");
}

TEST_F(Moves, give_a_user_another_home_and_drop_the_user)
{
    ASSERT_TRUE(wait_for_redis());
    warm("/api/v1/users/1");
    const Answer answer = patch("/api/v1/users/1", R"({"universe_id":2})");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body,
              R"({"id":1,"username":"john_earth","universe_id":2,"balance":0.00,"wallets":)"
              R"([{"universe_id":1,"currency_type":"USD","balance":1000.00}],)"
              R"("external_id":null,"metadata":null})");
    EXPECT_EQ(get("/api/v1/users/1").body, answer.body);
}

TEST_F(Moves, are_refused_by_name)
{
    for (const char *body : {"", "{", "[]", "null", "{}"}) {
        expect_names_field(patch("/api/v1/users/1", body), "body");
    }
    for (const char *value : bad_integers) {
        expect_names_field(
            patch("/api/v1/users/1", std::string(R"({"universe_id":)") + value + "}"),
            "universe_id");
    }
    expect_problem(patch("/api/v1/users/999", R"({"universe_id":2})"), 404, "user_not_found",
                   "User not found: There is no user 999.");
    expect_problem(patch("/api/v1/users/1", R"({"universe_id":999})"), 404, "universe_not_found",
                   "Universe not found: There is no universe 999.");
    expect_names_field(patch("/api/v1/users/x", R"({"universe_id":2})"), "user_id");
}

} // namespace
} // namespace mvm::gateway::test
