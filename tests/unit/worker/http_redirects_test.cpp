// Redirects, and where a request may go at all.
#include "tests/unit/worker/http_node_fixture.hpp"

namespace r8r::worker {
namespace {

using test::answer;
using test::header_in;
using test::Peer;
using test::ScriptedServer;
using testing::HasSubstr;
using testing::StartsWith;

class HttpRedirects : public HttpNodeFixture {};

std::string redirect(int status, const std::string& location) {
  return answer(status, "moved", "Location: " + location + "\r\n");
}

TEST_F(HttpRedirects, AreFollowedToTheEnd) {
  ScriptedServer server([](Peer& peer, const std::string&, int number) {
    peer.send(number < 5 ? redirect(302, "/step" + std::to_string(number)) : answer(200, "\"there\""));
  });
  const EffectOutcome outcome = run(R"({"url":")" + server.url() + "\"}");
  EXPECT_EQ(json(outcome, "body"), "\"there\"");
  EXPECT_THAT(server.requests().back(), StartsWith("GET /step4 HTTP/1.1\r\n"));
}

TEST_F(HttpRedirects, SixAreTooMany) {
  ScriptedServer server([](Peer& peer, const std::string&, int) { peer.send(redirect(302, "/again")); });
  const EffectOutcome outcome = run(R"({"url":")" + server.url() + "\"}");
  EXPECT_THAT(error(outcome), HasSubstr("more than 5 redirects"));
  EXPECT_TRUE(outcome.permanent);
  EXPECT_EQ(server.requests().size(), 6u);
}

TEST_F(HttpRedirects, AreAnAnswerWhenNotToBeFollowed) {
  ScriptedServer server([](Peer& peer, const std::string&, int) { peer.send(redirect(301, "/other")); });
  const EffectOutcome outcome = run(R"({"url":")" + server.url() + R"(","follow_redirects":false})");
  EXPECT_EQ(json(outcome, "status"), "301");
  EXPECT_THAT(json(outcome, "headers"), HasSubstr(R"("location":"/other")"));
}

TEST_F(HttpRedirects, PostBecomesGetAfter302And303ButNotAfter307) {
  for (const int status : {301, 302, 303, 307, 308}) {
    ScriptedServer server([status](Peer& peer, const std::string&, int number) {
      peer.send(number == 0 ? redirect(status, "/next") : answer(200, "{}"));
    });
    run(R"({"url":")" + server.url() + R"(","method":"POST","body":{"a":1}})");
    const auto requests = server.requests();
    ASSERT_EQ(requests.size(), 2u) << status;
    if (status < 307) {
      EXPECT_THAT(requests[1], StartsWith("GET /next HTTP/1.1\r\n")) << status;
      EXPECT_EQ(header_in(requests[1], "Content-Type"), "(none)");
    } else {
      EXPECT_THAT(requests[1], StartsWith("POST /next HTTP/1.1\r\n")) << status;
      EXPECT_THAT(requests[1], HasSubstr("{\"a\":1}"));
      EXPECT_EQ(header_in(requests[1], "Idempotency-Key"), header_in(requests[0], "Idempotency-Key"));
    }
  }
}

TEST_F(HttpRedirects, CredentialsStayWithTheirServer) {
  ScriptedServer other([](Peer& peer, const std::string&, int) { peer.send(answer(200, "{}")); });
  ScriptedServer server([&other](Peer& peer, const std::string&, int number) {
    peer.send(number == 0 ? redirect(302, "/here") : redirect(302, other.url("/there")));
  });
  const EffectOutcome outcome = run(R"({"url":")" + server.url() +
                                    R"(","headers":{"authorization":"Bearer s","Cookie":"c=1","X-Other":"kept"}})");
  EXPECT_EQ(json(outcome, "status"), "200");
  ASSERT_EQ(server.requests().size(), 2u);
  EXPECT_EQ(header_in(server.requests()[1], "Authorization"), "Bearer s");
  ASSERT_EQ(other.requests().size(), 1u);
  EXPECT_EQ(header_in(other.requests()[0], "Authorization"), "(none)");
  EXPECT_EQ(header_in(other.requests()[0], "Cookie"), "(none)");
  EXPECT_EQ(header_in(other.requests()[0], "X-Other"), "kept");
}

TEST_F(HttpRedirects, ToAnInternalAddressAreRefused) {
  for (const std::string target :
       {"http://127.0.0.2:80/", "http://169.254.169.254/latest/meta-data", "http://[::1]/", "http://0.0.0.0/",
        "http://2130706434/", "http://0x7f.2/", "http://[::ffff:127.0.0.2]/"}) {
    ScriptedServer server([&target](Peer& peer, const std::string&, int) { peer.send(redirect(302, target)); });
    const EffectOutcome outcome = run(R"({"url":")" + server.url() + "\"}");
    EXPECT_THAT(error(outcome),
                HasSubstr("is internal; set R8R_ALLOW_INTERNAL_URLS=true or R8R_ALLOWED_INTERNAL to allow it"))
        << target;
    EXPECT_TRUE(outcome.permanent) << target;
  }
}

TEST_F(HttpRedirects, ToOtherSchemesAreRefused) {
  for (const char* target :
       {"file:///etc/passwd", "ftp://example.com/", "gopher://127.0.0.1/", "http://user:pw@127.0.0.1/"}) {
    ScriptedServer server([target](Peer& peer, const std::string&, int) { peer.send(redirect(302, target)); });
    const EffectOutcome outcome = run(R"({"url":")" + server.url() + "\"}");
    EXPECT_THAT(error(outcome), HasSubstr("failed: redirected to a url: ")) << target;
    EXPECT_TRUE(outcome.permanent) << target;
  }
}

TEST_F(HttpRedirects, TimeoutCoversAllOfThem) {
  ScriptedServer server([](Peer& peer, const std::string&, int number) {
    if (number < 2) {
      peer.send(redirect(302, "/on"));
    } else {
      peer.hold();
    }
  });
  EXPECT_THAT(error(run(R"({"url":")" + server.url() + R"(","timeout_seconds":0.3})")),
              HasSubstr("timed out after 0.3 seconds"));
}

class Ssrf : public HttpNodeFixture {};

TEST_F(Ssrf, InternalAddressesAreRefusedUnlessOpened) {
  HttpNode closed(io_, AddressGuard());
  ScriptedServer server([](Peer& peer, const std::string&, int) { peer.send(answer(200, "{}")); });
  const EffectOutcome refused = run_on(closed, R"({"url":")" + server.url() + "\"}");
  EXPECT_THAT(
      error(refused),
      HasSubstr("address 127.0.0.1 is internal; set R8R_ALLOW_INTERNAL_URLS=true or R8R_ALLOWED_INTERNAL to allow it"));
  EXPECT_TRUE(refused.permanent);
  EXPECT_EQ(server.connections(), 0);

  HttpNode open(io_, AddressGuard::open());
  EXPECT_EQ(json(run_on(open, R"({"url":")" + server.url() + "\"}"), "status"), "200");
}

TEST_F(Ssrf, NamesAreJudgedByTheAddressBehindThem) {
  HttpNode closed(io_, AddressGuard());
  ScriptedServer server([](Peer& peer, const std::string&, int) { peer.send(answer(200, "{}")); });
  const std::string port = std::to_string(server.port());
  const EffectOutcome refused = run_on(closed, R"({"url":"http://localhost:)" + port + "/\"}");
  EXPECT_THAT(error(refused), HasSubstr("is internal"));
  EXPECT_TRUE(refused.permanent);
  EXPECT_EQ(server.connections(), 0);

  HttpNode by_name(io_, *AddressGuard::with_exceptions("localhost"));
  EXPECT_EQ(json(run_on(by_name, R"({"url":"http://LOCALHOST:)" + port + "/\"}"), "status"), "200");
  EXPECT_THAT(error(run_on(by_name, R"({"url":")" + server.url() + "\"}")), HasSubstr("is internal"));
}

}  // namespace
}  // namespace r8r::worker
