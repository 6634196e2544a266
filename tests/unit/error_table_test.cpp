// The one table of errors is complete and unambiguous.
#include "domain/error.hpp"
#include "domain/journal_kind.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

using namespace mvm::domain;

TEST(ErrorTable, every_code_has_exactly_one_row)
{
    for (int code = 1; code <= static_cast<int>(ErrorCode::idempotency_mismatch); ++code) {
        const ErrorInfo *info = find_error(static_cast<ErrorCode>(code));
        ASSERT_NE(info, nullptr) << "code " << code;
        EXPECT_EQ(find_error(std::string_view(info->sqlstate)), info);
    }
    EXPECT_EQ(std::size(error_table), static_cast<std::size_t>(ErrorCode::idempotency_mismatch));
    EXPECT_EQ(find_error(ErrorCode::ok), nullptr);
    EXPECT_EQ(find_error(std::string_view("23505")), nullptr);
}

TEST(ErrorTable, names_and_sqlstates_are_unique_and_well_formed)
{
    std::set<std::string> names;
    std::set<std::string> states;
    for (const ErrorInfo &info : error_table) {
        EXPECT_TRUE(names.insert(info.name).second) << info.name;
        EXPECT_TRUE(states.insert(info.sqlstate).second) << info.sqlstate;
        EXPECT_EQ(std::string(info.sqlstate).size(), 5U);
        EXPECT_EQ(std::string(info.sqlstate).substr(0, 2), "MV");
        EXPECT_GE(info.http_status, 400);
        EXPECT_LT(info.http_status, 500);
    }
}

TEST(JournalKind, every_kind_has_a_name_of_its_own)
{
    std::set<std::string> names;
    for (const JournalKind kind :
         {JournalKind::deposit, JournalKind::withdrawal, JournalKind::exchange,
          JournalKind::purchase, JournalKind::listing, JournalKind::restock, JournalKind::transfer,
          JournalKind::refund, JournalKind::hold, JournalKind::release,
          JournalKind::treasury_payout, JournalKind::fees_payout}) {
        EXPECT_TRUE(names.insert(name_of(kind)).second);
    }
    EXPECT_EQ(names.count("unknown"), 0U);
}
