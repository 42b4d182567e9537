#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "services/api/access_log.hpp"
#include "services/api/auth.hpp"
#include "services/api/cors.hpp"
#include "services/api/monitor_access.hpp"
#include "tests/unit/api/requests.hpp"

namespace r8r::api {
namespace {

using test::header_of;
using test::Headers;
using test::make_request;

TEST(Auth, WithoutAKeyEverybodyMayCall) {
  EXPECT_EQ(Authenticator("").check(make_request("GET", "/")), Access::granted);
  EXPECT_FALSE(Authenticator("").knows(""));
}

TEST(Auth, TheKeyMayComeInThreeForms) {
  const Authenticator keys("s3cret");
  const auto check = [&](Headers headers) { return keys.check(make_request("GET", "/", std::move(headers))); };
  EXPECT_EQ(check({{"authorization", "Bearer s3cret"}}), Access::granted);
  EXPECT_EQ(check({{"authorization", "bEARER  s3cret "}}), Access::granted);
  EXPECT_EQ(check({{"authorization", "ApiKey s3cret"}}), Access::granted);
  EXPECT_EQ(check({{"x-api-key", "s3cret"}}), Access::granted);
  EXPECT_EQ(check({}), Access::missing);
  EXPECT_EQ(check({{"authorization", "Basic s3cret"}}), Access::missing);
  EXPECT_EQ(check({{"x-api-key", "s3cre"}}), Access::wrong);
  EXPECT_EQ(check({{"x-api-key", ""}}), Access::wrong);
  EXPECT_EQ(check({{"authorization", "Bearer s3cret2"}}), Access::wrong);
}

TEST(Cors, ListedOriginsAreAllowed) {
  const Cors cors("https://a.example, nonsense ,http://localhost:5173", false);
  EXPECT_EQ(cors.origins(), (std::vector<std::string>{"https://a.example", "http://localhost:5173"}));
  const auto decorated = [&](const char* origin) {
    http::Response response;
    cors.decorate(make_request("GET", "/", {{"origin", origin}}), response);
    return header_of(response, "Access-Control-Allow-Origin");
  };
  EXPECT_EQ(decorated("https://a.example"), "https://a.example");
  EXPECT_EQ(decorated("https://b.example"), "(none)");
  http::Response plain;
  cors.decorate(make_request("GET", "/"), plain);
  EXPECT_TRUE(plain.headers.empty());
}

TEST(Cors, NothingUsableMeansTheDefault) {
  EXPECT_EQ(Cors("", false).origins(), (std::vector<std::string>{"http://localhost:3000"}));
  EXPECT_EQ(Cors("x, y", false).origins(), (std::vector<std::string>{"http://localhost:3000"}));
}

TEST(Cors, PreflightIsAnswered) {
  const Cors cors("https://a.example", false);
  const auto request = make_request("OPTIONS", "/api/workflows",
                                    {{"origin", "https://a.example"}, {"access-control-request-method", "POST"}});
  ASSERT_TRUE(Cors::is_preflight(request));
  const http::Response response = cors.preflight(request);
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.body.empty());
  EXPECT_EQ(header_of(response, "Vary"), "Origin");
  EXPECT_NE(header_of(response, "Access-Control-Allow-Methods").find("PATCH"), std::string::npos);
  EXPECT_NE(header_of(response, "Access-Control-Allow-Headers").find("Idempotency-Key"), std::string::npos);
  http::Response again = response;
  cors.decorate(request, again);
  EXPECT_EQ(again.headers, response.headers);
  EXPECT_FALSE(Cors::is_preflight(make_request("OPTIONS", "/", {{"origin", "https://a.example"}})));
}

TEST(Cors, AllowAllEchoesWhatIsAsked) {
  const Cors cors("", true);
  const http::Response response = cors.preflight(make_request("OPTIONS", "/",
                                                              {{"origin", "https://x.example"},
                                                               {"access-control-request-method", "PURGE"},
                                                               {"access-control-request-headers", "x-y"}}));
  EXPECT_EQ(header_of(response, "Access-Control-Allow-Origin"), "https://x.example");
  EXPECT_EQ(header_of(response, "Access-Control-Allow-Credentials"), "true");
  EXPECT_EQ(header_of(response, "Access-Control-Allow-Methods"), "PURGE");
  EXPECT_EQ(header_of(response, "Access-Control-Allow-Headers"), "x-y");
}

int monitor_status(const MonitorAccess::Rules& rules, const std::string& api_key, Headers headers,
                   std::string token = {}) {
  const Authenticator keys(api_key);
  const Cors cors("https://a.example", false);
  auto request = make_request("GET", "/api/monitor", std::move(headers));
  if (!token.empty()) request.query = {{"token", token}};
  const auto refusal = MonitorAccess(rules, keys, cors).check(request);
  return refusal ? refusal->status : 101;
}

TEST(MonitorAccess, NeedsATokenOrAKeyOrAPublicSwitch) {
  const MonitorAccess::Rules closed{.token = "t0k", .is_public = false, .loopback = true};
  EXPECT_EQ(monitor_status(closed, "", {}), 401);
  EXPECT_EQ(monitor_status(closed, "", {}, "wrong"), 401);
  EXPECT_EQ(monitor_status(closed, "", {}, "t0k"), 101);
  EXPECT_EQ(monitor_status(closed, "", {{"authorization", "Bearer t0k"}}), 101);
  EXPECT_EQ(monitor_status(closed, "", {{"sec-websocket-protocol", "x, r8r.token.t0k"}}), 101);
  EXPECT_EQ(monitor_status(closed, "key", {{"x-api-key", "key"}}), 101);
  EXPECT_EQ(monitor_status({.is_public = true, .loopback = false}, "key", {}), 101);
  EXPECT_EQ(monitor_status({.loopback = true}, "key", {}), 401);
}

TEST(MonitorAccess, NothingConfiguredIsOpenOnlyOnLoopback) {
  EXPECT_EQ(monitor_status({.loopback = true}, "", {}), 101);
  EXPECT_EQ(monitor_status({.loopback = true}, "", {}, "whatever"), 101);
  EXPECT_EQ(monitor_status({.loopback = false}, "", {}), 401);
  EXPECT_EQ(monitor_status({.loopback = false}, "", {}, "whatever"), 401);
}

TEST(MonitorAccess, PagesOfOtherOriginsNeedATokenOrAListing) {
  const MonitorAccess::Rules open{.is_public = true};
  EXPECT_EQ(monitor_status(open, "", {{"origin", "https://evil.example"}, {"host", "localhost:8080"}}), 403);
  EXPECT_EQ(monitor_status(open, "", {{"origin", "http://localhost:8080"}, {"host", "localhost:8080"}}), 101);
  EXPECT_EQ(monitor_status(open, "", {{"origin", "https://a.example"}, {"host", "localhost:8080"}}), 101);
  EXPECT_EQ(monitor_status({.token = "t"}, "", {{"origin", "https://evil.example"}}, "t"), 101);
}

TEST(MonitorAccess, TheTokenIsNotEchoedAsSubprotocol) {
  EXPECT_EQ(monitor_subprotocol(make_request("GET", "/", {{"sec-websocket-protocol", "r8r.token.abc"}})), "r8r");
  EXPECT_EQ(monitor_subprotocol(make_request("GET", "/", {{"sec-websocket-protocol", "chat"}})), "");
}

TEST(AccessLog, LinesOfOneTurnAreWrittenTogether) {
  boost::asio::io_context io;
  std::vector<std::string> writes;
  AccessLog log(io, [&](const std::string& lines) { writes.push_back(lines); });
  const auto request = make_request("GET", "/api/monitor?token=s3cret&x=1", {{"user-agent", "curl"}});
  for (int i = 0; i < 3; ++i) log.record(request, http::Response::json(200, "{}"), std::chrono::microseconds(1500));
  EXPECT_TRUE(writes.empty());
  io.run();
  ASSERT_EQ(writes.size(), 1u);
  EXPECT_EQ(std::count(writes[0].begin(), writes[0].end(), '\n'), 3);
  const auto line = nlohmann::json::parse(writes[0].substr(0, writes[0].find('\n')));
  EXPECT_EQ(line["method"], "GET");
  EXPECT_EQ(line["path"], "/api/monitor");
  EXPECT_EQ(line["query"], "token=***&x=1");
  EXPECT_EQ(line["status"], 200);
  EXPECT_DOUBLE_EQ(line["duration_ms"], 1.5);
  EXPECT_EQ(line["request_id"], "req-1");
  EXPECT_EQ(line["user_agent"], "curl");
  EXPECT_EQ(line["client_ip"], "192.0.2.7");
}

TEST(AccessLog, NothingIsLostAtTheEnd) {
  boost::asio::io_context io;
  std::string written;
  {
    AccessLog log(io, [&](const std::string& lines) { written += lines; });
    log.record(make_request("GET", "/x"), http::Response::json(200, "{}"), std::chrono::microseconds(1));
  }
  io.run();
  EXPECT_EQ(std::count(written.begin(), written.end(), '\n'), 1);
}

}  // namespace
}  // namespace r8r::api
