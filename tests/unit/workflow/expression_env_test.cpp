#include "common/workflow/expression_env.hpp"

#include <gtest/gtest.h>

#include "common/expr/json.hpp"

namespace r8r::workflow {
namespace {

TEST(ExpressionEnv, ExpressionsSeeOnlyWhatIsMeantForThem) {
  const std::map<std::string, std::string> variables = {{"R8R_REGION", "eu"},
                                                        {"HOME", "/root"},
                                                        {"AWS_SECRET", "s"},
                                                        {"R8R_DATABASE_URL", "postgres://u:p@h/d"},
                                                        {"R8R_API_KEY_FILE", "/key"}};
  EXPECT_EQ(expr::to_json(expression_env(variables, {})), R"({"R8R_REGION":"eu"})");
  EXPECT_EQ(expr::to_json(expression_env(variables, {"HOME", "R8R_DATABASE_URL"})),
            R"({"HOME":"/root","R8R_DATABASE_URL":"postgres://u:p@h/d","R8R_REGION":"eu"})");
}

TEST(ExpressionEnv, NamesAreReadFromTheirVariable) {
  ::setenv("R8R_TEST_PLANET", "earth", 1);
  ::setenv("TEST_PLANET", "mars", 1);
  Environment env(std::map<std::string, std::string>{{"R8R_ALLOWED_ENV_VARS", "OTHER, TEST_PLANET"}});
  const expr::Value seen = read_expression_env(env);
  EXPECT_EQ(expr::to_json(*seen.as_map().find("R8R_TEST_PLANET")), "\"earth\"");
  EXPECT_EQ(expr::to_json(*seen.as_map().find("TEST_PLANET")), "\"mars\"");
  EXPECT_EQ(seen.as_map().find("PATH"), nullptr);
}

}  // namespace
}  // namespace r8r::workflow
