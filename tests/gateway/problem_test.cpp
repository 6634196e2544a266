// From errors to problem+json.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "problem.hpp"

namespace mvm::gateway {
namespace {

TEST(ErrorMap, sends_every_row_of_the_table_with_its_status_and_text)
{
    for (const domain::ErrorInfo &info : domain::error_table) {
        const SqlVerdict verdict =
            judge_sql_error(info.sqlstate, std::string("ERROR:  ") + info.text +
                                               "\nDETAIL:  The numbers.\n"
                                               "HINT:  Try less.\n"
                                               "CONTEXT:  secret function\n");
        EXPECT_EQ(verdict.outcome, SqlOutcome::refused);
        EXPECT_EQ(verdict.problem.status, info.http_status);
        EXPECT_EQ(verdict.problem.code, info.name);
        EXPECT_EQ(verdict.problem.detail, std::string(info.text) + ": The numbers.");
    }
}

TEST(ErrorMap, sends_the_text_alone_when_there_is_no_detail)
{
    EXPECT_EQ(judge_sql_error("MV101", "ERROR:  Insufficient balance\n").problem.detail,
              "Insufficient balance");
}

TEST(ErrorMap, tells_what_may_be_repeated_from_what_may_have_happened)
{
    EXPECT_EQ(judge_sql_error("40001", "").outcome, SqlOutcome::repeat);
    EXPECT_EQ(judge_sql_error("40P01", "").outcome, SqlOutcome::repeat);
    for (const char *sqlstate : {"", "08006", "57P01", "57P02", "57P03"}) {
        EXPECT_EQ(judge_sql_error(sqlstate, "").outcome, SqlOutcome::connection_lost) << sqlstate;
    }
    for (const char *sqlstate : {"53300", "53100", "57014", "55P03", "25006"}) {
        EXPECT_EQ(judge_sql_error(sqlstate, "").outcome, SqlOutcome::unavailable) << sqlstate;
    }
    EXPECT_EQ(judge_sql_error("0A000", "").outcome, SqlOutcome::stale_plan);
}

TEST(ErrorMap, answers_503_with_retry_after_when_postgresql_is_away)
{
    for (const char *sqlstate : {"", "08006", "40001", "53300", "57014", "57P01"}) {
        const Problem problem = judge_sql_error(sqlstate, "").problem;
        EXPECT_EQ(problem.status, 503) << sqlstate;
        EXPECT_GT(problem.retry_after_s, 0) << sqlstate;
    }
}

TEST(ErrorMap, gives_away_nothing_of_an_unexpected_error)
{
    const SqlVerdict verdict =
        judge_sql_error("42P01", "ERROR:  relation \"mvm.secret\" does not exist\n"
                                 "LINE 1: SELECT secret\nDETAIL:  password is x\n");
    EXPECT_EQ(verdict.outcome, SqlOutcome::unexpected);
    EXPECT_EQ(verdict.problem.status, 500);
    const std::string json = to_json(verdict.problem);
    EXPECT_EQ(json.find("secret"), std::string::npos) << json;
    EXPECT_EQ(json.find("password"), std::string::npos) << json;
}

TEST(ErrorMap, treats_a_number_beyond_numeric_as_out_of_range)
{
    EXPECT_EQ(judge_sql_error("22003", "ERROR:  value overflows numeric format\n").problem.code,
              "amount_out_of_range");
}

TEST(ErrorMap, refuses_characters_that_the_database_cannot_store)
{
    for (const char *sqlstate : {"22021", "22P05"}) {
        const SqlVerdict verdict = judge_sql_error(
            sqlstate, "ERROR:  character with byte sequence 0xe4 0xbd 0xa0 in encoding \"UTF8\" "
                      "has no equivalent in encoding \"LATIN1\"\n");
        EXPECT_EQ(verdict.outcome, SqlOutcome::refused) << sqlstate;
        EXPECT_EQ(verdict.problem.code, "invalid_argument") << sqlstate;
        EXPECT_EQ(verdict.problem.detail.find("LATIN1"), std::string::npos);
    }
}

TEST(ErrorMap, answers_403_when_the_role_lacks_a_privilege_and_names_neither)
{
    const SqlVerdict verdict =
        judge_sql_error("42501", "ERROR:  permission denied for function mvm_deposit\n");
    EXPECT_EQ(verdict.outcome, SqlOutcome::forbidden);
    EXPECT_EQ(verdict.problem.status, 403);
    EXPECT_EQ(verdict.problem.code, "forbidden");
    EXPECT_EQ(verdict.problem.detail, "This gateway is not allowed to do this");
}

TEST(Problem, is_valid_json_whatever_the_detail_holds)
{
    const std::string json = to_json(invalid_field("na\"me\\\n\x01\xff", "wrong"));
    const auto parsed = nlohmann::json::parse(json);
    EXPECT_EQ(parsed["status"], 422);
    EXPECT_EQ(parsed["type"], "urn:mvm:problem:invalid_argument");
    EXPECT_EQ(parsed["detail"], "Invalid argument: na\"me\\\n\x01\xef\xbf\xbd: wrong");
}

} // namespace
} // namespace mvm::gateway
