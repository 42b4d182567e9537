#include <gmock/gmock.h>

#include "tests/integration/stack_fixture.hpp"
#include "tests/support/tcp.hpp"

namespace r8r::test {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class LargePayloads : public StackTest {
 protected:
  // What of an execution the scheduler wrote down: payloads by reference take no place in it.
  static long longest_journal_row(const std::string& id) {
    return std::stol(
        stack().query("select coalesce(max(length(entries)), 0) from journal where execution_id = '" + id + "'"));
  }
  static std::string id_of(const Json& answer) { return answer.value("execution_id", ""); }
};

TEST_F(LargePayloads, FiveMegabytesGoThroughThreePureNodes) {
  stack().create(R"(
name: five-megabytes
nodes:
  - {id: a, type: transform, config: {expression: 'repeat("x", input.n)'}}
  - {id: b, type: transform, depends_on: a, config: {expression: '#{text: input, from: "b"}'}}
  - {id: c, type: transform, depends_on: b, config: {expression: '#{text: input.text, from: "c"}'}}
)");
  const Json answer = stack().execute("five-megabytes", {{"n", 5'000'000}});
  const std::string text(5'000'000, 'x');
  ASSERT_EQ(answer["status"], "completed") << answer["error"];
  EXPECT_TRUE(answer["output"]["text"] == text);
  EXPECT_EQ(answer["output"]["from"], "c");
  const Json execution = stack().get("/api/executions/" + id_of(answer)).json();
  EXPECT_TRUE(execution["output"] == answer["output"]);
  const Json trace = stack().get("/api/executions/" + id_of(answer) + "/trace").json();
  ASSERT_THAT(trace["nodes"], SizeIs(3));
  EXPECT_TRUE(trace["nodes"][0]["output"] == text);
  EXPECT_TRUE(trace["nodes"][1]["output"]["text"] == text);
  EXPECT_TRUE(trace["nodes"][2]["output"] == answer["output"]);
}

TEST_F(LargePayloads, FiveMegabytesGoThroughThreeHttpNodes) {
  stack().create(R"(
name: five-megabytes-http
nodes:
  - {id: a, type: http, config: {url: '{{ input.url }}/first'}}
  - {id: b, type: http, depends_on: a, config: {url: '{{ nodes.a.output.body.next }}', method: POST, body: '{{ nodes.a.output.body }}'}}
  - {id: c, type: http, depends_on: b, config: {url: '{{ nodes.b.output.body.next }}', method: POST, body: '{{ nodes.b.output.body }}'}}
)");
  std::string url;
  RawServer server([&url](const std::string& request, int) {
    if (request.starts_with("GET"))
      return http_answer(200, R"({"next":")" + url + R"(/more","text":")" + std::string(5'000'000, 'y') + R"("})");
    return http_answer(200, request.substr(request.find("\r\n\r\n") + 4));
  });
  url = server.url();
  const Json answer = stack().execute("five-megabytes-http", {{"url", url}});
  ASSERT_EQ(answer["status"], "completed") << answer["error"];
  EXPECT_TRUE(answer["output"]["body"]["text"] == std::string(5'000'000, 'y'));
  EXPECT_THAT(server.requests(), SizeIs(3));
  EXPECT_LT(longest_journal_row(id_of(answer)), 10'000);
  const Json trace = stack().get("/api/executions/" + id_of(answer) + "/trace").json();
  ASSERT_THAT(trace["nodes"], SizeIs(3));
  for (const Json& node : trace["nodes"])
    EXPECT_TRUE(node["output"]["body"]["text"] == std::string(5'000'000, 'y')) << node["node_id"];
}

TEST_F(LargePayloads, ThreeParallelNodesMayEachMakeAlmostTheLimit) {
  stack().create(R"(
name: three-large
nodes:
  - {id: a, type: transform, config: {expression: 'repeat("a", 8283000)'}}
  - {id: b, type: transform, config: {expression: 'repeat("b", 8283000)'}}
  - {id: c, type: transform, config: {expression: 'repeat("c", 8283000)'}}
  - {id: base, type: debug}
  - {id: call, type: http, depends_on: [a, b, c, base], config: {url: '{{ nodes.base.url }}'}}
  - id: sum
    type: transform
    depends_on: call
    config: {expression: '[nodes.a.output.len(), nodes.b.output.len(), nodes.c.output.len(), nodes.c.output.sub_string(0, 3)]'}
)");
  RawServer server([](const std::string&, int) { return http_answer(200, "{}"); });
  for (int round = 0; round < 3; ++round) {
    const Json answer = stack().execute("three-large", {{"url", server.url()}}, round % 2);
    EXPECT_EQ(answer["output"], Json({8'283'000, 8'283'000, 8'283'000, "ccc"})) << answer["error"];
    EXPECT_LT(longest_journal_row(id_of(answer)), 10'000);
    EXPECT_EQ(
        stack().query("select count(*), sum(length(data)) from payloads where execution_id = '" + id_of(answer) + "'"),
        "3|24849006");
  }
}

TEST_F(LargePayloads, ItemsOfAnEffectMayBeLarge) {
  stack().create(R"(
name: large-items
nodes:
  - {id: list, type: transform, config: {expression: '["a", "b", "c"].map(|c| repeat(c, 1500000))'}}
  - {id: base, type: debug}
  - {id: call, type: http, depends_on: [list, base], for_each: 'nodes.list.output', config: {url: '{{ nodes.base.url }}', method: POST, body: {text: '{{ item }}'}}}
  - {id: end, type: transform, depends_on: call, config: {expression: 'input.map(|answer| answer.body.text.sub_string(0, 2))'}}
)");
  RawServer server(
      [](const std::string& request, int) { return http_answer(200, request.substr(request.find("\r\n\r\n") + 4)); });
  const std::string id = stack().submit("large-items", {{"url", server.url()}});
  const Json execution = stack().wait_end(id);
  EXPECT_EQ(execution["error"], nullptr);
  EXPECT_EQ(execution["output"], Json({"aa", "bb", "cc"}));
}

TEST_F(LargePayloads, AnOutputOverTheLimitFailsItsNodeAndSaysWhy) {
  stack().create(R"(
name: nine-megabytes
nodes:
  - {id: a, type: transform, config: {expression: 'let s = repeat("x", 4718592); [s, s]'}}
  - {id: b, type: transform, depends_on: a, config: {expression: 'input.len()'}}
)");
  const Json answer = stack().execute("nine-megabytes", Json::object());
  EXPECT_EQ(answer["status"], "failed");
  EXPECT_THAT(answer.value("error", ""), HasSubstr("the output is over the limit of 8 MiB"));
  const Json execution = stack().get("/api/executions/" + id_of(answer)).json();
  EXPECT_EQ(execution["error_node"], "a");
}

TEST(LargePayloadLimit, IsWhatTheConfigurationSays) {
  Stack stack({.apis = 1, .schedulers = 1, .workers = 1, .environment = {{"R8R_MAX_OUTPUT_BYTES", "4096"}}});
  stack.start();
  stack.create("name: small\nnodes: [{id: a, type: transform, config: {expression: 'repeat(\"x\", input.n)'}}]\n");
  EXPECT_EQ(stack.execute("small", {{"n", 4'000}})["status"], "completed");
  const Json answer = stack.execute("small", {{"n", 4'095}});
  EXPECT_EQ(answer["status"], "failed");
  EXPECT_THAT(answer.value("error", ""), HasSubstr("the output is over the limit of 4096 bytes"));
}

}  // namespace
}  // namespace r8r::test
