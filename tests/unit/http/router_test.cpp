#include "common/http/router.hpp"

#include <gtest/gtest.h>

#include "common/http/url_text.hpp"
#include "common/http/websocket.hpp"

namespace r8r::http {
namespace {

awaitable<Response> nothing(Request&) {
  co_return Response::empty(204);
}

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    router.add(Method::get, "/", {}, nothing);
    router.add(Method::get, "/api/workflows", {}, nothing);
    router.add(Method::post, "/api/workflows", {}, nothing);
    router.add(Method::get, "/api/workflows/{name}", {}, nothing);
    router.add(Method::put, "/api/workflows/{name}", {}, nothing);
    router.add(Method::post, "/api/workflows/validate", {}, nothing);
    router.add(Method::post, "/api/workflows/{name}/execute", {}, nothing);
    router.add(Method::get, "/api/workflows/{name}/versions/{number}", {}, nothing);
    router.add_any("/webhooks/{rest...}", {}, nothing);
  }
  std::string pattern(Method method, std::string_view path) {
    const Match match = router.match(method, path);
    return match.route ? match.route->pattern : "-" + match.allow;
  }
  Router router;
};

TEST_F(RouterTest, LiteralPathsMatchExactly) {
  EXPECT_EQ(pattern(Method::get, "/"), "/");
  EXPECT_EQ(pattern(Method::get, "/api/workflows"), "/api/workflows");
  EXPECT_EQ(pattern(Method::get, "/api/workflows/"), "-");
  EXPECT_EQ(pattern(Method::get, "/api"), "-");
  EXPECT_EQ(pattern(Method::get, "//api/workflows"), "-");
  EXPECT_EQ(pattern(Method::get, "/API/workflows"), "-");
  EXPECT_EQ(pattern(Method::get, "*"), "-");
  EXPECT_EQ(pattern(Method::get, ""), "-");
}

TEST_F(RouterTest, ParametersAreOneSegmentDecodedOnce) {
  const Match match = router.match(Method::get, "/api/workflows/a%2Fb%20%25c/versions/7");
  ASSERT_TRUE(match.route);
  EXPECT_EQ(match.params, (NameValues{{"name", "a/b %c"}, {"number", "7"}}));
  EXPECT_EQ(router.match(Method::get, "/api/workflows/%252F").params.at(0).second, "%2F");
  EXPECT_EQ(router.match(Method::get, "/api/workflows/a+b").params.at(0).second, "a+b");
  EXPECT_EQ(router.match(Method::get, "/api/workflows/..").params.at(0).second, "..");
}

TEST_F(RouterTest, HeadGoesWhereGetGoes) {
  EXPECT_EQ(pattern(Method::head, "/api/workflows"), "/api/workflows");
  EXPECT_EQ(router.match(Method::head, "/api/workflows").route->method, Method::get);
  EXPECT_EQ(pattern(Method::head, "/api/workflows/x/execute"), "-POST");
}

TEST_F(RouterTest, AnotherMethodSaysWhichAreAllowed) {
  EXPECT_EQ(pattern(Method::del, "/api/workflows"), "-GET, HEAD, POST");
  EXPECT_EQ(pattern(Method::options, "/api/workflows/x/execute"), "-POST");
  EXPECT_EQ(pattern(Method::other, "/"), "-GET, HEAD");
}

TEST_F(RouterTest, LiteralWinsUnlessOnlyTheParameterTakesTheMethod) {
  EXPECT_EQ(pattern(Method::post, "/api/workflows/validate"), "/api/workflows/validate");
  EXPECT_EQ(pattern(Method::get, "/api/workflows/validate"), "/api/workflows/{name}");
  EXPECT_EQ(pattern(Method::post, "/api/workflows/validate/execute"), "/api/workflows/{name}/execute");
  EXPECT_EQ(pattern(Method::del, "/api/workflows/validate"), "-GET, HEAD, POST, PUT");
}

TEST_F(RouterTest, RestTakesWhateverIsLeftWithAnyMethod) {
  EXPECT_EQ(router.match(Method::patch, "/webhooks/a/b%2Fc/").params, (NameValues{{"rest", "a/b/c/"}}));
  EXPECT_EQ(pattern(Method::other, "/webhooks/x"), "/webhooks/{rest...}");
  EXPECT_EQ(pattern(Method::get, "/webhooks/"), "-");
  EXPECT_EQ(pattern(Method::get, "/webhooks"), "-");
}

TEST(PercentDecode, LeavesWhatIsNotAnEscape) {
  EXPECT_EQ(percent_decode("100%"), "100%");
  EXPECT_EQ(percent_decode("%zz%4"), "%zz%4");
  EXPECT_EQ(percent_decode("%41%e2%82%ac"), "A€");
  EXPECT_EQ(percent_decode("a+b", true), "a b");
  EXPECT_EQ(percent_decode("a%2Bb", true), "a+b");
}

TEST(PercentDecode, YieldsUtf8WithoutNul) {
  EXPECT_EQ(percent_decode("a%00b"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(percent_decode("%ff€%c3"), "\xEF\xBF\xBD€\xEF\xBF\xBD");
}

TEST(ParseQuery, KeepsOrderAndEmptyValues) {
  EXPECT_EQ(parse_query("a=1&b&&a=%26x=y&c="), (NameValues{{"a", "1"}, {"b", ""}, {"a", "&x=y"}, {"c", ""}}));
  EXPECT_TRUE(parse_query("").empty());
}

TEST(SplitTarget, TakesOriginAndAbsoluteForm) {
  EXPECT_EQ(split_target("/a/b?c=d?e").path, "/a/b");
  EXPECT_EQ(split_target("/a/b?c=d?e").query, "c=d?e");
  EXPECT_EQ(split_target("http://host:1/x?y").path, "/x");
  EXPECT_EQ(split_target("http://host?y").path, "/");
  EXPECT_EQ(split_target("http://host?y").query, "y");
  EXPECT_EQ(split_target("http://host").path, "/");
  EXPECT_EQ(split_target("/x?u=http://h/").path, "/x");
  EXPECT_EQ(split_target("*").path, "*");
}

TEST(RequestTest, FindsTokensInHeaderLists) {
  Request request;
  request.headers = {{"connection", "keep-alive, Upgrade"}, {"connection", "x"}};
  EXPECT_TRUE(request.header_has_token("connection", "upgrade"));
  EXPECT_TRUE(request.header_has_token("connection", "X"));
  EXPECT_FALSE(request.header_has_token("connection", "keep"));
  EXPECT_THROW(request.param("nope"), std::out_of_range);
}

TEST(OpenApi, DocumentsTheTable) {
  Router router;
  Operation execute;
  execute.id = "executeWorkflow";
  execute.summary = "Runs a workflow";
  execute.tags = {"Workflows"};
  execute.request_schema = "ExecuteRequest";
  execute.responses = {{200, "ExecuteResponse"}, {202, "ExecuteResponse"}, {404, "ErrorResponse"}};
  execute.parameters = {{.name = "verbose", .type = "boolean"}};
  execute.example = {{"input", {{"x", 1}}}};
  router.add(Method::post, "/api/workflows/{name}/execute", execute, nothing);
  Operation health;
  health.id = "healthCheck";
  health.tags = {"System"};
  health.open = true;
  health.responses = {{200, ""}};
  router.add(Method::get, "/api/health", health, nothing);
  Operation secret;
  secret.hidden = true;
  router.add(Method::get, "/internal", secret, nothing);
  router.add_any("/webhooks/{rest...}", {.id = "webhook"}, nothing);
  router.add_socket("/api/monitor", {.id = "monitor"}, {}, [](Request&, WebSocket&) -> awaitable<void> { co_return; });
  router.add_schema("ExecuteRequest", {{"type", "object"}});
  router.add_schema("ExecuteResponse", {{"type", "object"}});
  router.add_schema("ErrorResponse", {{"type", "object"}});
  router.add_tag("System", "Health and metrics");

  const auto document = nlohmann::json::parse(router.openapi_json("r8r", "1.2.3"));
  EXPECT_EQ(document["openapi"], "3.1.0");
  EXPECT_EQ(document["info"]["title"], "r8r");
  EXPECT_EQ(document["info"]["version"], "1.2.3");
  EXPECT_EQ(document["servers"], nlohmann::json::parse(R"([{"url": "/"}])"));
  EXPECT_EQ(document["security"], nlohmann::json::parse(R"([{"bearer": []}, {"apiKey": []}, {}])"));
  EXPECT_EQ(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
  EXPECT_EQ(document["components"]["securitySchemes"]["apiKey"]["name"], "X-API-Key");
  EXPECT_EQ(document["components"]["schemas"].size(), 3u);
  EXPECT_EQ(
      document["tags"],
      nlohmann::json::parse(R"([{"name": "System", "description": "Health and metrics"}, {"name": "Workflows"}])"));
  ASSERT_EQ(document["paths"].size(), 4u);

  const auto& post = document["paths"]["/api/workflows/{name}/execute"]["post"];
  EXPECT_EQ(post["operationId"], "executeWorkflow");
  EXPECT_EQ(post["requestBody"]["content"]["application/json"]["schema"]["$ref"],
            "#/components/schemas/ExecuteRequest");
  EXPECT_EQ(post["requestBody"]["content"]["application/json"]["example"]["input"]["x"], 1);
  EXPECT_EQ(post["responses"]["404"]["content"]["application/json"]["schema"]["$ref"],
            "#/components/schemas/ErrorResponse");
  ASSERT_EQ(post["parameters"].size(), 2u);
  EXPECT_EQ(post["parameters"][0]["schema"]["type"], "boolean");
  EXPECT_EQ(post["parameters"][1],
            nlohmann::json::parse(R"({"name": "name", "in": "path", "required": true, "schema": {"type": "string"}})"));
  EXPECT_EQ(document["paths"]["/api/health"]["get"]["security"], nlohmann::json::array());
  EXPECT_FALSE(document["paths"]["/api/health"]["get"]["responses"]["200"].contains("content"));
  EXPECT_EQ(document["paths"]["/webhooks/{rest}"]["post"]["operationId"], "webhook");
  EXPECT_TRUE(document["paths"]["/api/monitor"]["get"]["responses"].contains("101"));
  for (const auto& [path, item] : document["paths"].items())
    for (const auto& [method, operation] : item.items()) EXPECT_FALSE(operation["responses"].empty()) << path << method;
}

TEST(OpenApi, YamlHasTheSameStructure) {
  Router router;
  router.add(Method::get, "/a", {.id = "first", .tags = {"T"}, .responses = {{200, ""}}}, nothing);
  const std::string yaml = router.openapi_yaml("r8r", "1");
  EXPECT_NE(yaml.find("\"openapi\": \"3.1.0\"\n"), std::string::npos);
  EXPECT_NE(yaml.find("\"paths\":\n  \"/a\":\n    \"get\":\n      \"operationId\": \"first\"\n"), std::string::npos)
      << yaml;
  EXPECT_NE(yaml.find("\"servers\":\n  -\n    \"url\": \"/\"\n"), std::string::npos);
}

}  // namespace
}  // namespace r8r::http
