#include <gmock/gmock.h>

#include "tests/integration/stack_fixture.hpp"
#include "tests/support/tcp.hpp"

namespace r8r::test {
namespace {

using testing::HasSubstr;

class BadInput : public StackTest {
 protected:
  static constexpr const char* kOk = "name: fine\nnodes:\n  - {id: a, type: transform, config: {expression: '1'}}\n";
  static int port() {
    const std::string url = stack().url();
    return std::stoi(url.substr(url.rfind(':') + 1));
  }
  void SetUp() override {
    StackTest::SetUp();
    stack().create(kOk);
  }
  // Whatever a test sent, the service goes on.
  void TearDown() override { EXPECT_EQ(stack().execute("fine", 1)["status"], "completed"); }

  static void expect_error(const HttpAnswer& answer, int status, const std::string& code) {
    EXPECT_EQ(answer.status, status) << answer.body;
    const Json error = answer.json()["error"];
    ASSERT_TRUE(error.is_object()) << answer.body;
    EXPECT_EQ(error["code"], code) << answer.body;
    for (const char* key :
         {"message", "category", "correlation_id", "execution_id", "request_id", "retry_after_ms", "details"})
      EXPECT_TRUE(error.contains(key)) << key;
  }
  static HttpAnswer execute_raw(const std::string& body, const std::string& type = "application/json") {
    return call({.method = "POST",
                 .url = stack().url() + "/api/workflows/fine/execute",
                 .body = body,
                 .headers = {"Content-Type: " + type}});
  }
};

TEST_F(BadInput, MalformedJsonSaysWhere) {
  for (const char* body :
       {"{", "{\"input\":}", "[1,2", "nul", "{\"input\":1}x", "{'input':1}", "{\"input\":\"\\ud800\"", "\xff\xfe"}) {
    const HttpAnswer answer = execute_raw(body);
    expect_error(answer, 400, "INVALID_REQUEST");
    EXPECT_TRUE(answer.json()["error"]["details"].contains("line")) << body << answer.body;
  }
}

TEST_F(BadInput, WrongTypesNameTheirField) {
  const std::map<std::string, std::string> bodies = {{"wait", R"({"wait":"yes"})"},
                                                     {"timeout_seconds", R"({"timeout_seconds":-1})"},
                                                     {"correlation_id", R"({"correlation_id":7})"}};
  for (const auto& [field, body] : bodies) {
    const HttpAnswer answer = execute_raw(body);
    expect_error(answer, 400, "INVALID_FIELD");
    EXPECT_EQ(answer.json()["error"]["details"]["field"], field);
  }
}

TEST_F(BadInput, OtherContentTypesAreRefused) {
  expect_error(execute_raw("<x/>", "text/xml"), 415, "UNSUPPORTED_MEDIA_TYPE");
}

TEST_F(BadInput, DeepNestingIsRefused) {
  expect_error(execute_raw("{\"input\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}"), 400,
               "INVALID_REQUEST");
}

TEST_F(BadInput, ABodyOfTwoMegabytesIsTooLarge) {
  expect_error(execute_raw("{\"input\":\"" + std::string(2'000'000, 'x') + "\"}"), 413, "PAYLOAD_TOO_LARGE");
}

TEST_F(BadInput, UnknownPathsAndMethodsHaveTheEnvelope) {
  expect_error(stack().get("/api/nothing"), 404, "NOT_FOUND");
  const HttpAnswer wrong = call({.method = "DELETE", .url = stack().url() + "/api/health"});
  expect_error(wrong, 405, "METHOD_NOT_ALLOWED");
  EXPECT_THAT(wrong.headers.at("allow"), HasSubstr("GET"));
}

TEST_F(BadInput, BrokenWorkflowsListEveryProblemWithItsPlace) {
  const HttpAnswer answer =
      call({.method = "POST",
            .url = stack().url() + "/api/workflows",
            .body = "name: bad\nnodes:\n  - {id: a, type: transfrom}\n  - {id: a, type: transform, depends_on: ghost, "
                    "config: {expression: '1 +'}}\n",
            .headers = {"Content-Type: application/yaml"}});
  expect_error(answer, 422, "INVALID_WORKFLOW_DEFINITION");
  const Json details = answer.json()["error"]["details"];
  ASSERT_TRUE(details.is_array());
  EXPECT_GE(details.size(), 3u) << details;
  for (const Json& problem : details) {
    EXPECT_GT(problem.value("line", 0), 0) << problem;
    EXPECT_FALSE(problem.value("message", "").empty());
  }
  EXPECT_EQ(stack().get("/api/workflows/bad").status, 404);
}

TEST_F(BadInput, YamlBombsAreRefusedQuickly) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int k = 0; k < 8; ++k) bomb += ", " + last;
    bomb += "]\n";
  }
  const auto begun = std::chrono::steady_clock::now();
  const HttpAnswer answer = call({.method = "POST",
                                  .url = stack().url() + "/api/workflows",
                                  .body = bomb,
                                  .headers = {"Content-Type: application/yaml"}});
  expect_error(answer, 422, "INVALID_WORKFLOW_DEFINITION");
  const HttpAnswer deep = call({.method = "POST",
                                .url = stack().url() + "/api/workflows",
                                .body = std::string(200'000, '['),
                                .headers = {"Content-Type: application/yaml"}});
  expect_error(deep, 422, "INVALID_WORKFLOW_DEFINITION");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10));
}

TEST_F(BadInput, HalfARequestAndSilenceHoldsNobodyUp) {
  std::vector<std::unique_ptr<TcpClient>> silent;
  for (int i = 0; i < 50; ++i) {
    silent.push_back(std::make_unique<TcpClient>(port()));
    silent.back()->send("POST /api/workflows/fine/execute HTTP/1.1\r\nContent-Le");
  }
  EXPECT_EQ(stack().execute("fine", 1)["status"], "completed");
  EXPECT_TRUE(silent.front()->closed_within(std::chrono::seconds(20))) << "cut off after the header timeout";
}

TEST_F(BadInput, GarbageInsteadOfHttpIsAnsweredAndClosed) {
  TcpClient client(port());
  client.send("\x16\x03\x01\x02\x00 nonsense\r\n\r\n");
  EXPECT_THAT(client.read(std::chrono::seconds(5)), HasSubstr("HTTP/1.1 400"));
}

TEST_F(BadInput, ManyThousandConnectionsLeaveItAlive) {
  std::vector<std::unique_ptr<TcpClient>> clients;
  int connected = 0;
  for (int i = 0; i < 10'000; ++i) {
    clients.push_back(std::make_unique<TcpClient>(port()));
    if (clients.back()->connected()) ++connected;
    if (!clients.back()->connected()) break;  // this process may open no more
  }
  // Room for the calls that follow, where ten thousand were more than this process may open.
  if (connected < 10'000) clients.resize(clients.size() - 20);
  EXPECT_GT(connected, 900);
  EXPECT_EQ(stack().execute("fine", 1, 1)["status"], "completed") << "the other instance is not touched";
  clients.clear();
  EXPECT_TRUE(eventually(std::chrono::seconds(10),
                         [&] { return stack().execute("fine", 1).value("status", "") == "completed"; }));
}

TEST_F(BadInput, TheOpenApiDocumentListsTheGuidesPaths) {
  const Json document = stack().get("/api/openapi.json").json();
  EXPECT_THAT(document.value("openapi", ""), HasSubstr("3.1"));
  for (const char* path : {"/api/health", "/api/metrics", "/api/workflows", "/api/workflows/{name}",
                           "/api/workflows/{name}/execute", "/api/executions/{id}", "/api/executions/{id}/trace"})
    EXPECT_TRUE(document["paths"].contains(path)) << path;
  EXPECT_EQ(document["paths"]["/api/workflows/{name}/execute"]["post"]["operationId"], "executeWorkflow");
}

TEST_F(BadInput, MetricsAreServed) {
  const HttpAnswer answer = stack().get("/api/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("r8r_api_requests_total"));
}

}  // namespace
}  // namespace r8r::test
