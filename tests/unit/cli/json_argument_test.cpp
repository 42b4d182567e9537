#include "cli/client/json_argument.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace r8r::cli {
namespace {

std::string value_of(std::string_view argument) {
  const auto parameter = parse_parameter(argument);
  return parameter ? parameter->key + " -> " + parameter->value : "failed: " + parameter.error().message;
}

TEST(Parameter, ValueIsJsonWhenItParsesAsSuch) {
  EXPECT_EQ(value_of("n=42"), "n -> 42");
  EXPECT_EQ(value_of("on=true"), "on -> true");
  EXPECT_EQ(value_of("o={\"a\": [1]}"), "o -> {\"a\": [1]}");
  EXPECT_EQ(value_of("quoted=\"42\""), "quoted -> \"42\"");
  EXPECT_EQ(value_of("big=12345678901234567890123"), "big -> 12345678901234567890123");
}

TEST(Parameter, AnythingElseIsText) {
  EXPECT_EQ(value_of("name=Ada Lovelace"), "name -> \"Ada Lovelace\"");
  EXPECT_EQ(value_of("url=http://x/?a=b"), "url -> \"http://x/?a=b\"");
  EXPECT_EQ(value_of("empty="), "empty -> \"\"");
  EXPECT_EQ(value_of("broken={"), "broken -> \"{\"");
}

TEST(Parameter, WithoutKeyIsWrongUsage) {
  for (const char* argument : {"name", "=x", ""}) {
    const auto parameter = parse_parameter(argument);
    ASSERT_FALSE(parameter) << argument;
    EXPECT_EQ(parameter.error().exit, exit_code::kUsage) << argument;
  }
}

TEST(Input, WithoutParametersStaysAsItWasWritten) {
  const auto merged = merge_input("{\"n\": 1.10, \"big\": 12345678901234567890123}", {});
  ASSERT_TRUE(merged);
  EXPECT_EQ(*merged, "{\"n\": 1.10, \"big\": 12345678901234567890123}");
  EXPECT_EQ(*merge_input(std::nullopt, {}), "{}");
}

TEST(Input, ParametersWinAndTheLastOneOfAKeyWins) {
  const auto merged = merge_input("{\"a\":1,\"b\":2}", {{"b", "3"}, {"c", "\"x\""}, {"c", "4"}});
  ASSERT_TRUE(merged);
  EXPECT_EQ(*merged, "{\"a\":1,\"b\":3,\"c\":4}");
}

TEST(Input, ParametersNeedAnObject) {
  EXPECT_EQ(*merge_input("null", {{"a", "1"}}), "{\"a\":1}");
  const auto refused = merge_input("[1]", {{"a", "1"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().exit, exit_code::kUsage);
  EXPECT_NE(refused.error().message.find("an array"), std::string::npos);
}

TEST(JsonArgument, IsTextAFileOrStandardInput) {
  std::istringstream input("[3]");
  EXPECT_EQ(*read_json_argument("{\"a\":1}", input), "{\"a\":1}");
  EXPECT_EQ(*read_json_argument("-", input), "[3]");

  const auto file = std::filesystem::temp_directory_path() / ("r8r-json-argument-" + std::to_string(::getpid()));
  std::ofstream(file) << "[2]";
  EXPECT_EQ(*read_json_argument("@" + file.string(), input), "[2]");
  std::filesystem::remove(file);
}

TEST(JsonArgument, SaysWhatIsWrong) {
  std::istringstream input;
  const auto broken = read_json_argument("{oops", input);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, "JSON_ERROR");
  EXPECT_EQ(broken.error().message.find("json.exception"), std::string::npos) << broken.error().message;
  EXPECT_NE(broken.error().message.find("line 1, column 2"), std::string::npos) << broken.error().message;

  const auto missing = read_json_argument("@/no/such/file", input);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, "IO_ERROR");
  EXPECT_NE(missing.error().message.find("/no/such/file"), std::string::npos);

  const auto folder = read_json_argument("@/tmp", input);
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, "IO_ERROR");
}

}  // namespace
}  // namespace r8r::cli
