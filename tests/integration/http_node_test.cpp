#include <gmock/gmock.h>

#include <set>

#include "tests/integration/stack_fixture.hpp"
#include "tests/support/tcp.hpp"

namespace r8r::test {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class HttpNode : public StackTest {};

std::string header_of(const std::string& request, const std::string& name) {
  const std::size_t at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "";
  const std::size_t from = at + 4 + name.size();
  return request.substr(from, request.find("\r\n", from) - from);
}

constexpr const char* kPost = R"(
name: post-it
nodes:
  - id: call
    type: http
    config:
      url: '{{ input.url }}'
      method: POST
      headers: {X-Kind: test}
      body: {value: '{{ input.value }}'}
    retry: {max_attempts: 3, delay_seconds: 0.05}
  - {id: after, type: transform, depends_on: call, config: {expression: 'input.body.echo'}}
)";

TEST_F(HttpNode, SendsJsonAndGoesOnWithTheAnswer) {
  stack().create(kPost);
  RawServer server([](const std::string&, int) { return http_answer(200, R"({"echo":"yes"})"); });
  const Json answer = stack().execute("post-it", {{"url", server.url()}, {"value", 7}});
  EXPECT_EQ(answer["output"], "yes") << answer;
  ASSERT_THAT(server.requests(), SizeIs(1));
  EXPECT_THAT(server.requests()[0], HasSubstr("{\"value\":7}"));
  EXPECT_EQ(header_of(server.requests()[0], "X-Kind"), "test");
  EXPECT_FALSE(header_of(server.requests()[0], "Idempotency-Key").empty());
}

TEST_F(HttpNode, TriesAgainAfterAServerErrorWithANewKeyForEachAttempt) {
  stack().create(kPost);
  RawServer server([](const std::string&, int number) {
    return number < 2 ? http_answer(500, "{}") : http_answer(200, R"({"echo":1})");
  });
  const Json answer = stack().execute("post-it", {{"url", server.url()}, {"value", 1}});
  EXPECT_EQ(answer["output"], 1) << answer;
  const auto requests = server.requests();
  ASSERT_THAT(requests, SizeIs(3));
  std::set<std::string> keys;
  for (const std::string& request : requests) keys.insert(header_of(request, "Idempotency-Key"));
  EXPECT_THAT(keys, SizeIs(3));
  const Json trace = stack().get("/api/executions/" + answer.value("execution_id", "") + "/trace").json();
  EXPECT_EQ(trace["nodes"][0]["attempt"], 3) << trace;
}

TEST_F(HttpNode, GivesUpAfterItsAttemptsWithTheStatus) {
  stack().create(kPost);
  RawServer server([](const std::string&, int) { return http_answer(503, "busy", "text/plain"); });
  const Json answer = stack().execute("post-it", {{"url", server.url()}, {"value", 1}});
  EXPECT_EQ(answer["status"], "failed");
  EXPECT_EQ(answer["error"], "HTTP request failed with status 503");
  EXPECT_THAT(server.requests(), SizeIs(3));
}

TEST_F(HttpNode, ClientErrorsAreNotTriedAgain) {
  stack().create(kPost);
  RawServer server([](const std::string&, int) { return http_answer(404, "{}"); });
  EXPECT_EQ(stack().execute("post-it", {{"url", server.url()}, {"value", 1}})["status"], "failed");
  EXPECT_THAT(server.requests(), SizeIs(1));
}

TEST_F(HttpNode, AFallbackTakesThePlaceOfWhatFailed) {
  stack().create(R"(
name: with-fallback
nodes:
  - id: call
    type: http
    config: {url: '{{ input.url }}', timeout_seconds: 1}
    on_error: {action: fallback, fallback_value: {body: none, why: '{{ error.message }}'}}
  - {id: after, type: transform, depends_on: call, config: {expression: 'input.body'}}
)");
  RawServer silent([](const std::string&, int) { return ""; });
  RawServer garbage([](const std::string&, int) { return std::string("\x00\x01 this is not http\r\n\r\n", 22); });
  RawServer cut([](const std::string&, int) { return "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort"; });
  RawServer huge(
      [](const std::string&, int) { return http_answer(200, std::string(9 * 1024 * 1024, 'x'), "text/plain"); });
  for (RawServer* server : {&silent, &garbage, &cut, &huge}) {
    const Json answer = stack().execute("with-fallback", {{"url", server->url()}});
    EXPECT_EQ(answer["status"], "completed") << answer;
    EXPECT_EQ(answer["output"], "none") << answer;
    const Json trace = stack().get("/api/executions/" + answer.value("execution_id", "") + "/trace").json();
    EXPECT_EQ(trace["nodes"][0]["status"], "failed");
    EXPECT_FALSE(trace["nodes"][0].value("error", "").empty());
  }
}

TEST_F(HttpNode, NobodyAtTheAddressIsAClearError) {
  stack().create("name: nobody\nnodes:\n  - {id: call, type: http, config: {url: '{{ input.url }}'}}\n");
  const Json answer = stack().execute("nobody", {{"url", "http://127.0.0.1:" + std::to_string(free_port())}});
  EXPECT_EQ(answer["status"], "failed");
  EXPECT_FALSE(answer.value("error", "").empty());
}

TEST(HttpNodeGuard, InternalAddressesAreRefusedUnlessAllowed) {
  Stack stack({.apis = 1, .schedulers = 1, .workers = 1, .environment = {{"R8R_ALLOW_INTERNAL_URLS", "false"}}});
  stack.start();
  stack.create("name: inside\nnodes:\n  - {id: call, type: http, config: {url: '{{ input.url }}'}}\n");
  RawServer server([](const std::string&, int) { return http_answer(200, "{}"); });
  const Json answer = stack.execute("inside", {{"url", server.url()}});
  EXPECT_EQ(answer["status"], "failed");
  EXPECT_THAT(answer.value("error", ""), HasSubstr("R8R_ALLOW_INTERNAL_URLS"));
  EXPECT_THAT(server.requests(), SizeIs(0));
}

}  // namespace
}  // namespace r8r::test
