#include "common/http/server.hpp"

#include <gtest/gtest.h>

#include <zlib.h>

#include "common/base/uuid.hpp"
#include "tests/unit/http/raw_client.hpp"
#include "tests/unit/http/test_server.hpp"

namespace r8r::http {
namespace {

using namespace std::chrono_literals;

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() { add_common_routes(server); }
  TestServer server;
};

std::string gunzip(const std::string& packed) {
  z_stream z{};
  if (::inflateInit2(&z, 15 + 16) != Z_OK) return "inflateInit2 failed";
  std::string out;
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  z.avail_in = static_cast<uInt>(packed.size());
  int result = Z_OK;
  while (result == Z_OK) {
    char chunk[16384];
    z.next_out = reinterpret_cast<Bytef*>(chunk);
    z.avail_out = sizeof(chunk);
    result = ::inflate(&z, Z_NO_FLUSH);
    out.append(chunk, sizeof(chunk) - z.avail_out);
  }
  ::inflateEnd(&z);
  return result == Z_STREAM_END ? out : "broken gzip stream";
}

TEST_F(ServerTest, AnswersWithTheServersHeaders) {
  server.start();
  RawClient client(server.port());
  const auto response = client.ask(get("/hello"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "{\"hello\":\"world\"}");
  EXPECT_EQ(response->header("content-type"), "application/json");
  EXPECT_EQ(response->header("x-content-type-options"), "nosniff");
  EXPECT_TRUE(Uuid::parse(response->header("x-request-id")));
  EXPECT_EQ(response->header("date").size(), 29u);
  EXPECT_EQ(response->header("connection"), "");
}

TEST_F(ServerTest, KeepsTheConnectionForMoreRequests) {
  server.start();
  RawClient client(server.port());
  std::string last_id;
  for (int i = 0; i < 100; ++i) {
    const auto response = client.ask(post("/echo", "body " + std::to_string(i)));
    ASSERT_TRUE(response) << i;
    EXPECT_EQ(response->body, "body " + std::to_string(i));
    EXPECT_NE(response->header("x-request-id"), last_id);
    last_id = response->header("x-request-id");
  }
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  server.start();
  RawClient client(server.port());
  std::string all;
  for (int i = 0; i < 50; ++i)
    all +=
        i % 2 ? get("/items/" + std::to_string(i)) : post("/echo", std::string(static_cast<std::size_t>(i) * 40, 'e'));
  ASSERT_TRUE(client.send(all));
  for (int i = 0; i < 50; ++i) {
    const auto response = client.receive();
    ASSERT_TRUE(response) << i;
    EXPECT_EQ(response->body, i % 2 ? std::to_string(i) : std::string(static_cast<std::size_t>(i) * 40, 'e'));
  }
}

TEST_F(ServerTest, PipelinedRequestsWaitForTheOneBefore) {
  server.start();
  RawClient client(server.port());
  ASSERT_TRUE(client.send(get("/gate") + get("/hello")));
  ASSERT_TRUE(server.eventually([this] { return server.server->in_flight() == 1; }));
  open_gate(server);
  EXPECT_EQ(client.receive()->body, "through");
  EXPECT_EQ(client.receive()->body, "{\"hello\":\"world\"}");
}

TEST_F(ServerTest, TakesARequestByteByByte) {
  server.start();
  RawClient client(server.port());
  const std::string request = post("/echo", "slowly but surely", "X-Header: some value\r\n");
  for (const char byte : request) ASSERT_TRUE(client.send(std::string_view(&byte, 1)));
  EXPECT_EQ(client.receive()->body, "slowly but surely");
  const std::string chunked =
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;name=value\r\nhello\r\n6\r\n "
      "world\r\n0\r\n"
      "X-Trailer: t\r\n\r\n";
  for (const char byte : chunked) ASSERT_TRUE(client.send(std::string_view(&byte, 1)));
  EXPECT_EQ(client.receive()->body, "hello world");
}

TEST_F(ServerTest, LargeBodiesPassBothWays) {
  server.start();
  RawClient client(server.port());
  std::string body(1024 * 1024, 'x');
  for (std::size_t i = 0; i < body.size(); i += 997) body[i] = static_cast<char>('a' + i % 26);
  const auto plain = client.ask(post("/echo", body));
  ASSERT_TRUE(plain);
  EXPECT_TRUE(plain->body == body);
  std::string chunked = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t i = 0; i < body.size(); i += 4096) chunked += "1000\r\n" + body.substr(i, 4096) + "\r\n";
  const auto second = client.ask(chunked + "0\r\n\r\n");
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->body == body);
}

TEST_F(ServerTest, HeadHasTheHeadersAndNoBody) {
  server.start();
  RawClient client(server.port());
  ASSERT_TRUE(client.send("HEAD /big?size=5000 HTTP/1.1\r\nHost: x\r\n\r\n" + get("/hello")));
  const auto head = client.receive(true);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->header("content-length"), "5000");
  EXPECT_EQ(client.receive()->body, "{\"hello\":\"world\"}");
}

TEST_F(ServerTest, AnswersWithoutBodySayNoLength) {
  server.router.add(Method::del, "/thing", {}, [](Request&) -> awaitable<Response> { co_return Response::empty(204); });
  server.start();
  RawClient client(server.port());
  ASSERT_TRUE(client.send("DELETE /thing HTTP/1.1\r\nHost: x\r\n\r\n" + get("/hello")));
  const auto response = client.receive();
  EXPECT_EQ(response->status, 204);
  EXPECT_EQ(response->headers.count("content-length"), 0u);
  EXPECT_EQ(response->headers.count("content-type"), 0u);
  EXPECT_EQ(client.receive()->status, 200);
}

TEST_F(ServerTest, UnknownPathAndMethodGoToTheHooks) {
  server.router.on_not_found(
      [](Request& request) -> awaitable<Response> { co_return Response::text(404, "no " + request.path); });
  server.router.on_method_not_allowed([](Request&, const std::string& allow) -> awaitable<Response> {
    co_return Response::text(405, "only " + allow);
  });
  server.start();
  RawClient client(server.port());
  const auto unknown = client.ask(get("/a%20b?c"));
  EXPECT_EQ(unknown->status, 404);
  EXPECT_EQ(unknown->body, "no /a%20b");
  const auto wrong = client.ask(post("/hello", "ignored"));
  EXPECT_EQ(wrong->status, 405);
  EXPECT_EQ(wrong->body, "only GET, HEAD");
  EXPECT_EQ(wrong->header("allow"), "GET, HEAD");
  EXPECT_EQ(client.ask(get("/hello"))->status, 200);
}

TEST_F(ServerTest, WithoutHooksTheServerAnswersUnknownPaths) {
  server.start();
  RawClient client(server.port());
  EXPECT_EQ(client.ask(get("/nowhere"))->status, 404);
  const auto wrong = client.ask(post("/items/1", ""));
  EXPECT_EQ(wrong->status, 405);
  EXPECT_EQ(wrong->header("allow"), "GET, HEAD");
}

TEST_F(ServerTest, PathParametersAreDecoded) {
  server.start();
  RawClient client(server.port());
  EXPECT_EQ(client.ask(get("/items/a%2Fb%20c"))->body, "a/b c");
  EXPECT_EQ(client.ask(get("http://localhost/items/absolute?x=1"))->body, "absolute");
  EXPECT_EQ(client.ask(get("/items/"))->status, 404);
}

TEST_F(ServerTest, AFailingHandlerIsA500WithoutDetails) {
  server.start();
  RawClient client(server.port());
  const auto response = client.ask(get("/boom"));
  EXPECT_EQ(response->status, 500);
  EXPECT_EQ(response->body.find("secret"), std::string::npos);
  EXPECT_EQ(client.ask(get("/hello"))->status, 200);
}

TEST_F(ServerTest, Http10ClosesUnlessAskedToStay) {
  server.start();
  RawClient brief(server.port());
  const auto first = brief.ask("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_EQ(first->status, 200);
  EXPECT_EQ(first->header("connection"), "close");
  EXPECT_TRUE(brief.closed_by_server());
  RawClient staying(server.port());
  EXPECT_EQ(staying.ask("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")->header("connection"), "keep-alive");
  EXPECT_EQ(staying.ask("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")->status, 200);
}

TEST_F(ServerTest, ConnectionCloseIsHonoured) {
  server.start();
  RawClient client(server.port());
  EXPECT_EQ(client.ask(get("/hello", "Connection: close\r\n"))->header("connection"), "close");
  EXPECT_TRUE(client.closed_by_server());
}

TEST_F(ServerTest, AHalfClosedClientStillGetsItsAnswers) {
  server.start();
  RawClient client(server.port());
  ASSERT_TRUE(client.send(get("/items/1") + get("/items/2")));
  client.finish_sending();
  EXPECT_EQ(client.receive()->body, "1");
  EXPECT_EQ(client.receive()->body, "2");
  EXPECT_TRUE(client.closed_by_server());
}

TEST_F(ServerTest, AsksForTheBodyOfACarefulClient) {
  server.start();
  RawClient client(server.port());
  ASSERT_TRUE(client.send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"));
  EXPECT_EQ(client.receive(true)->status, 100);
  EXPECT_EQ(client.ask("body")->body, "body");
  // The refusal comes in place of the permission.
  ASSERT_TRUE(
      client.send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n"));
  EXPECT_EQ(client.receive()->status, 413);
}

TEST_F(ServerTest, OtherExpectationsAreRefused) {
  server.start();
  RawClient client(server.port());
  EXPECT_EQ(client.ask(get("/hello", "Expect: tea\r\n"))->status, 417);
}

TEST_F(ServerTest, RequestIdIsTheClientsOnlyWhenTrustedAndValid) {
  server.options.trust_request_id = true;
  server.start();
  RawClient client(server.port());
  EXPECT_EQ(client.ask(get("/hello", "X-Request-ID: abc-123\r\n"))->header("x-request-id"), "abc-123");
  EXPECT_TRUE(Uuid::parse(client.ask(get("/hello", "X-Request-ID: a b\r\n"))->header("x-request-id")));
  const std::string too_long = "X-Request-ID: " + std::string(129, 'x') + "\r\n";
  EXPECT_TRUE(Uuid::parse(client.ask(get("/hello", too_long))->header("x-request-id")));
  TestServer careful;
  add_common_routes(careful);
  careful.start();
  RawClient other(careful.port());
  EXPECT_TRUE(Uuid::parse(other.ask(get("/hello", "X-Request-ID: abc-123\r\n"))->header("x-request-id")));
}

TEST_F(ServerTest, CompressesLongTextForThoseWhoAsk) {
  server.start();
  RawClient client(server.port());
  const auto plain = client.ask(get("/big?size=700000"));
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->header("content-encoding"), "");
  ASSERT_EQ(plain->body.size(), 700000u);
  for (const char* accept : {"gzip", "br, gzip;q=0.8", "*"}) {
    const auto packed = client.ask(get("/big?size=700000", "Accept-Encoding: " + std::string(accept) + "\r\n"));
    ASSERT_TRUE(packed);
    EXPECT_EQ(packed->header("content-encoding"), "gzip");
    EXPECT_EQ(packed->header("vary"), "Accept-Encoding");
    EXPECT_LT(packed->body.size(), 400000u);
    EXPECT_TRUE(gunzip(packed->body) == plain->body);
  }
  const auto medium = client.ask(get("/big?size=2000", "Accept-Encoding: gzip\r\n"));
  EXPECT_EQ(gunzip(medium->body).size(), 2000u);
  EXPECT_EQ(client.ask(get("/big?size=1024", "Accept-Encoding: gzip\r\n"))->header("content-encoding"), "");
  EXPECT_EQ(client.ask(get("/big?size=5000", "Accept-Encoding: gzip;q=0\r\n"))->header("content-encoding"), "");
}

TEST_F(ServerTest, HeaderValuesCannotBreakTheResponse) {
  server.router.add(Method::get, "/inject", {}, [](Request& request) -> awaitable<Response> {
    Response response = Response::text(200, "ok");
    response.headers = {
        {"Location", std::string(*request.query_value("to"))}, {"Bad Name", "x"}, {"Content-Length", "999"}};
    co_return response;
  });
  server.start();
  RawClient client(server.port());
  const auto response = client.ask(get("/inject?to=/x%0d%0aSet-Cookie:%20evil=1"));
  EXPECT_EQ(response->header("location"), "/x  Set-Cookie: evil=1");
  EXPECT_EQ(response->header("set-cookie"), "");
  EXPECT_EQ(response->header("content-length"), "2");
  EXPECT_EQ(response->header("bad name"), "");
}

TEST_F(ServerTest, ScreenAnswersBeforeTheBodyIsRead) {
  server.options.screen = [](Request& request) -> std::optional<Response> {
    if (request.header("authorization")) return std::nullopt;
    return Response::text(401, request.route ? request.route->pattern : "unknown");
  };
  server.start();
  RawClient client(server.port());
  ASSERT_TRUE(client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\nonly the beginning"));
  const auto refused = client.receive();
  EXPECT_EQ(refused->status, 401);
  EXPECT_EQ(refused->body, "/echo");
  EXPECT_EQ(refused->header("connection"), "close");
  RawClient other(server.port());
  EXPECT_EQ(other.ask(post("/echo", "all here"))->status, 401);
  EXPECT_EQ(other.ask(post("/echo", "all here", "Authorization: x\r\n"))->body, "all here");
}

TEST_F(ServerTest, HooksSeeEveryAnswer) {
  std::vector<std::string> seen;  // touched by the server's thread only, until it is asked
  server.options.decorate = [](const Request&, Response& response) { response.headers.emplace_back("X-Extra", "1"); };
  server.options.on_response = [&seen](const Request& request, const Response& response, auto duration) {
    seen.push_back(request.method_name + " " + (request.route ? request.route->pattern : "-") + " " +
                   std::to_string(response.status) + " " + request.remote_ip +
                   (duration.count() > 0 ? "" : " no time"));
  };
  server.options.error_response = [](const Request&, int status, ErrorCode code, const std::string&) {
    return Response::text(status, std::string(error_code_name(code)));
  };
  server.start();
  RawClient client(server.port());
  EXPECT_EQ(client.ask(get("/items/5"))->header("x-extra"), "1");
  EXPECT_EQ(client.ask(get("/none"))->body, "NOT_FOUND");
  const auto bad = client.ask("nonsense\r\n\r\n");
  EXPECT_EQ(bad->status, 400);
  EXPECT_EQ(bad->body, "INVALID_REQUEST");
  EXPECT_EQ(bad->header("x-extra"), "1");
  ASSERT_TRUE(server.eventually([&seen] { return seen.size() == 3; }));
  EXPECT_EQ(seen[0], "GET /items/{id} 200 127.0.0.1");
  EXPECT_EQ(seen[1], "GET - 404 127.0.0.1");
  EXPECT_EQ(seen[2], " - 400 127.0.0.1");
}

TEST_F(ServerTest, APortInUseIsAClearError) {
  server.start();
  Router router;
  ServerOptions options;
  options.port = server.port();
  asio::io_context io;
  Server second(io, options, router);
  const Result<void> listening = second.listen();
  ASSERT_FALSE(listening);
  EXPECT_NE(listening.error().message.find("port " + std::to_string(server.port()) + " is in use"), std::string::npos);
  options.port = 0;
  options.host = "not an address";
  Server third(io, options, router);
  EXPECT_NE(third.listen().error().message.find("'not an address'"), std::string::npos);
}

TEST_F(ServerTest, DrainClosesIdleConnectionsAndLetsAnswersFinish) {
  server.start();
  RawClient idle(server.port());
  EXPECT_EQ(idle.ask(get("/hello"))->status, 200);
  RawClient busy(server.port());
  ASSERT_TRUE(busy.send(get("/gate")));
  ASSERT_TRUE(server.eventually([this] { return server.server->in_flight() == 1; }));
  std::thread opener([this, &idle] {
    EXPECT_TRUE(idle.closed_by_server());
    EXPECT_FALSE(RawClient(server.port()).connected());
    open_gate(server);
  });
  std::thread reader([&busy] {
    const auto response = busy.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, "through");
    EXPECT_EQ(response->header("connection"), "close");
    busy.close();
  });
  EXPECT_TRUE(server.drain(10s));
  opener.join();
  reader.join();
  EXPECT_EQ(server.connections(), 0u);
}

TEST_F(ServerTest, DrainGivesUpAtItsLimit) {
  server.start();
  RawClient busy(server.port());
  ASSERT_TRUE(busy.send(get("/gate")));
  ASSERT_TRUE(server.eventually([this] { return server.server->in_flight() == 1; }));
  EXPECT_FALSE(server.drain(20ms));
  EXPECT_TRUE(busy.closed_by_server());
  open_gate(server);
  EXPECT_TRUE(server.eventually([this] { return server.server->connections() == 0; }));
}

TEST_F(ServerTest, HandlersMayOutliveTheServer) {
  server.start();
  RawClient busy(server.port());
  ASSERT_TRUE(busy.send(get("/gate")));
  ASSERT_TRUE(server.eventually([this] { return server.server->in_flight() == 1; }));
  server.destroy_server();
  EXPECT_TRUE(busy.closed_by_server());
  open_gate(server);
  server.on_loop([] {});
}

}  // namespace
}  // namespace r8r::http
