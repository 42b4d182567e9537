#include "common/store/sqlstate.hpp"

#include <gtest/gtest.h>

namespace r8r::store {
namespace {

TEST(SqlState, TellsWhatToDo) {
  for (const char* state : {"", "08006", "57P01", "57P03", "53300", "53100", "58030", "25006", "25P03"}) {
    EXPECT_EQ(kind_of_sqlstate(state), FailureKind::link) << state;
  }
  for (const char* state : {"57014", "40001", "40P01", "55P03", "53200"}) {
    EXPECT_EQ(kind_of_sqlstate(state), FailureKind::crowded) << state;
  }
  for (const char* state : {"22021", "23505", "42P01", "XX000", "54000", "R8R02"}) {
    EXPECT_EQ(kind_of_sqlstate(state), FailureKind::refused) << state;
  }
  EXPECT_EQ(kind_of_sqlstate("R8R01"), FailureKind::fenced);
}

TEST(SqlState, ErrorsCarryTheirCodeAndState) {
  EXPECT_EQ(database_error("57P01").code, ErrorCode::service_unavailable);
  EXPECT_EQ(database_error("R8R01").code, ErrorCode::fenced);
  EXPECT_EQ(database_error("R8R02").code, ErrorCode::conflict_error);
  const Error refused = database_error("23505");
  EXPECT_EQ(refused.code, ErrorCode::storage_error);
  EXPECT_EQ(refused.details, R"({"sqlstate":"23505"})");
  EXPECT_EQ(sqlstate_of(refused), "23505");
  EXPECT_EQ(sqlstate_of(database_error("")), "");
}

TEST(SqlState, TheKindSurvivesTheError) {
  for (const char* state : {"", "57P01", "57014", "23505", "R8R01", "R8R02"}) {
    EXPECT_EQ(kind_of(database_error(state)), kind_of_sqlstate(state)) << state;
  }
}

}  // namespace
}  // namespace r8r::store
