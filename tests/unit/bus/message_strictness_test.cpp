// What decode() must refuse, and what it must leave alone: the other side of messages_test.cpp.
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "common/bus/messages.hpp"

namespace r8r::bus {
namespace {

using nlohmann::json;

Task some_task() {
  Task task;
  task.execution_id = Uuid::v7();
  task.workflow_id = Uuid::v7();
  task.workflow_name = "order-flow";
  task.node_ids = {"first", "second"};
  task.input = R"({"v": 1, "nested": [1, {"a": null}]})";
  task.outputs = {{"a", R"({"x":[1,2,3]})"}, {"key \"b\"", "null"}, {"c", "-1.5e3"}, {"d", R"("text")"}};
  task.outputs_by_reference = {"huge"};
  task.seed = std::numeric_limits<std::uint64_t>::max();
  return task;
}

Completion with_output(std::string raw) {
  return {Uuid::v7(), "completed", std::move(raw), "", 1};
}

std::string output_after_round_trip(const std::string& raw) {
  const auto got = decode<Completion>(encode(with_output(raw)));
  return got ? got->front().output : "error: " + got.error().message;
}

TEST(MessageStrictness, EverythingWrittenIsJson) {
  EXPECT_TRUE(json::accept(encode(some_task())));
  EXPECT_TRUE(json::accept(Batch<Task>().take()));
}

TEST(MessageStrictness, InvalidUtf8InTextBecomesAReplacementCharacterAndNotABrokenMessage) {
  Completion completion = with_output("1");
  completion.error = "half a character: \xc3";
  const auto got = decode<Completion>(encode(completion));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->front().error, "half a character: \xef\xbf\xbd");
}

TEST(MessageStrictness, SortedKeysAndUnknownFieldsAreRead) {
  // nlohmann sorts keys, which is not the order of our writer.
  json message = json::parse(encode(some_task()));
  message["items"][0]["aaa_unknown"] = {{"deep", {1, 2, {{"x", "}]"}}}}};
  message["items"][0]["zzz_unknown"] = "text";
  message["added_later"] = json::array({1});
  const auto got = decode<Task>(message.dump());
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->front().workflow_name, "order-flow");
  EXPECT_EQ(got->front().outputs.size(), 4U);
  EXPECT_EQ(got->front().seed, std::numeric_limits<std::uint64_t>::max());
}

TEST(MessageStrictness, PayloadTextIsCutOutUnchanged) {
  const std::string raw = "{ \"a\" : [ 1.0, 2e5 ] ,\n \"b\\u0041\":\"\\ud83d\\ude00 \\\\ \\\"\" }";
  EXPECT_EQ(output_after_round_trip(raw), raw);
  for (const char* scalar : {"0", "-12.5e-3", "true", "false", "null", "\"\"", "\"a,b]}\"", "[]", "{}"})
    EXPECT_EQ(output_after_round_trip(scalar), scalar);
}

TEST(MessageStrictness, LargeAndDeepPayloadsPass) {
  const std::string large = "[" + std::string(5'000'000, ' ') + "1]";
  EXPECT_EQ(output_after_round_trip(large).size(), large.size());
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_EQ(output_after_round_trip(deep), deep);
  EXPECT_EQ(output_after_round_trip("1"), "1") << "a small one after large ones";
}

TEST(MessageStrictness, WrongTypesAreErrors) {
  const json good = json::parse(encode(some_task()));
  ASSERT_TRUE(decode<Task>(good.dump()));
  const std::pair<const char*, json> changes[] = {
      {"id", "not-a-uuid"},
      {"id", 5},
      {"run", "1"},
      {"run", 3'000'000'000LL},
      {"run", 1.5},
      {"epoch", true},
      {"nodes", "a"},
      {"nodes", {1, 2}},
      {"effect", 1},
      {"seed", -1},
      {"outputs", {1}},
      {"workflow", 7},
      {"name", json::array()},
      {"now", "today"},
  };
  for (const auto& [field, value] : changes) {
    json changed = good;
    changed["items"][0][field] = value;
    EXPECT_FALSE(decode<Task>(changed.dump())) << field << " = " << value.dump();
  }
}

TEST(MessageStrictness, EveryTruncationIsAnError) {
  const std::string whole = encode(some_task());
  for (std::size_t length = 0; length < whole.size(); ++length)
    ASSERT_FALSE(decode<Task>(std::string_view(whole).substr(0, length))) << "first " << length << " bytes";
}

TEST(MessageStrictness, PayloadThatIsNotCompleteJsonIsAnError) {
  std::string message = encode(with_output("\"@\""));
  const std::size_t at = message.find("\"@\"");
  ASSERT_NE(at, std::string::npos);
  const auto with_raw = [&](const char* raw) { return std::string(message).replace(at, 3, raw); };
  ASSERT_TRUE(decode<Completion>(with_raw("[1]")));
  for (const char* raw : {"[1}", "{\"a\":[}", "{1:2}", "[1 2]", "[1,]", "{\"a\" 1}", "tru", "nulll", "01", "1.", "--1",
                          "[\"\\q\"]", "{\"a\":}"})
    EXPECT_FALSE(decode<Completion>(with_raw(raw))) << raw;
}

TEST(MessageStrictness, TextBehindTheMessageIsAnError) {
  const std::string whole = encode(CancelNotice{Uuid::v7()});
  EXPECT_FALSE(decode<CancelNotice>(whole + "}"));
  EXPECT_FALSE(decode<CancelNotice>(whole + whole));
  EXPECT_TRUE(decode<CancelNotice>(whole + " \n"));
}

TEST(MessageStrictness, ItemWithoutItsIdIsAnError) {
  EXPECT_FALSE(decode<CancelNotice>(R"({"v":1,"items":[{}]})"));
  EXPECT_FALSE(decode<Task>(R"({"v":1,"items":[{"run":1}]})"));
}

}  // namespace
}  // namespace r8r::bus
