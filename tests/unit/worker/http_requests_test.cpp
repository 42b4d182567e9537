// What an http node sends, and what it refuses to send.
#include "services/worker/http_config.hpp"
#include "tests/unit/worker/http_node_fixture.hpp"

namespace r8r::worker {
namespace {

using test::answer;
using test::header_in;
using test::Peer;
using test::ScriptedServer;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class HttpRequests : public HttpNodeFixture {
 protected:
  HttpRequests() : server_([](Peer& peer, const std::string&, int) { peer.send(answer(200, "{}")); }, false) {}

  /// The text of the request that this config sends.
  std::string sent(const std::string& fields, const std::string& path = "/") {
    const std::size_t before = server_.requests().size();
    const EffectOutcome outcome =
        run(R"({"url":")" + server_.url(path) + "\"" + (fields.empty() ? "" : "," + fields) + "}");
    EXPECT_TRUE(outcome.output) << error(outcome);
    const auto requests = server_.requests();
    return requests.size() == before + 1 ? requests.back() : "(nothing sent)";
  }
  /// The message with which this config is refused; nothing may be sent.
  std::string refused(const std::string& config) {
    const std::size_t before = server_.requests().size();
    const EffectOutcome outcome = run(config);
    EXPECT_FALSE(outcome.output) << config;
    EXPECT_TRUE(outcome.permanent) << config;
    EXPECT_EQ(server_.requests().size(), before) << config;
    return error(outcome);
  }
  std::string refused_fields(const std::string& fields) {
    return refused(R"({"url":")" + server_.url() + "\"," + fields + "}");
  }

  ScriptedServer server_;
};

std::string body_of(const std::string& request) {
  return request.substr(request.find("\r\n\r\n") + 4);
}

TEST_F(HttpRequests, GetByDefault) {
  const std::string request = sent("");
  EXPECT_THAT(request, StartsWith("GET / HTTP/1.1\r\n"));
  EXPECT_EQ(header_in(request, "User-Agent"), "r8r");
  EXPECT_EQ(header_in(request, "Idempotency-Key"), "(none)");
  EXPECT_EQ(body_of(request), "");
}

TEST_F(HttpRequests, EveryMethodInAnyCase) {
  for (const std::string method : {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}) {
    std::string lower = method;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    EXPECT_THAT(sent("\"method\":\"" + lower + "\""), StartsWith(method + " / HTTP/1.1\r\n"));
  }
  EXPECT_THAT(refused_fields(R"("method":"TRACE")"), HasSubstr("'TRACE' is not one of GET, POST"));
}

TEST_F(HttpRequests, BodylessPostSaysSo) {
  const std::string request = sent(R"("method":"POST")");
  EXPECT_EQ(header_in(request, "Content-Length"), "0");
  EXPECT_EQ(header_in(request, "Content-Type"), "(none)");
}

TEST_F(HttpRequests, JsonBody) {
  const std::string request = sent(R"("method":"POST","body":{"b":[1,"ü"]})");
  EXPECT_EQ(body_of(request), R"({"b":[1,"ü"]})");
  EXPECT_EQ(header_in(request, "Content-Type"), "application/json");
  EXPECT_EQ(header_in(request, "Expect"), "(none)");
}

TEST_F(HttpRequests, StringBodyGoesAsItIs) {
  EXPECT_EQ(body_of(sent(R"("method":"POST","body":"{\"a\": 1}")")), R"({"a": 1})");
  const std::string text = sent(R"("method":"POST","body_type":"text","body":"hello")");
  EXPECT_EQ(body_of(text), "hello");
  EXPECT_EQ(header_in(text, "Content-Type"), "text/plain; charset=utf-8");
}

TEST_F(HttpRequests, BodyWithZeroBytesIsSentWhole) {
  EXPECT_EQ(body_of(sent(R"("method":"POST","body_type":"text","body":"a\u0000b")")), std::string("a\0b", 3));
}

TEST_F(HttpRequests, FormBody) {
  const std::string request =
      sent(R"("method":"POST","body_type":"form","body":{"a b":"c&d","list":[1,2],"none":null})");
  EXPECT_EQ(body_of(request), "a%20b=c%26d&list=1&list=2");
  EXPECT_EQ(header_in(request, "Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_THAT(refused_fields(R"("method":"POST","body_type":"form","body":{"a":{"b":1}})"),
              HasSubstr("body: 'a' must be text"));
  EXPECT_THAT(refused_fields(R"("method":"POST","body_type":"form","body":[1])"),
              HasSubstr("body: must be a map or a string"));
}

TEST_F(HttpRequests, OwnContentTypeWins) {
  const std::string request =
      sent(R"("method":"POST","body":{},"headers":{"content-type":"application/vnd.api+json"})");
  EXPECT_EQ(header_in(request, "Content-Type"), "application/vnd.api+json");
}

TEST_F(HttpRequests, LargeBodyIsSentWithoutAsking) {
  const std::string request = sent(R"("method":"PUT","body_type":"text","body":")" + std::string(2 << 20, 'x') + "\"");
  EXPECT_EQ(body_of(request).size(), 2u << 20);
}

TEST_F(HttpRequests, QueryIsEncodedAndAppended) {
  EXPECT_THAT(sent(R"("query":{"q":"a b&c","n":1,"list":["x","y"],"no":null})", "/path?old=1"),
              StartsWith("GET /path?old=1&q=a%20b%26c&n=1&list=x&list=y HTTP/1.1\r\n"));
  EXPECT_THAT(sent(R"("query":{"q":"1"})", "/p#fragment"), StartsWith("GET /p?q=1 HTTP/1.1\r\n"));
}

TEST_F(HttpRequests, UrlWithSpacesAndUmlautsIsEncoded) {
  EXPECT_THAT(sent("", "/a b/ü"), StartsWith("GET /a%20b/%c3%bc HTTP/1.1\r\n"));
}

TEST_F(HttpRequests, HeadersAreSentAndEmptyOnesToo) {
  const std::string request =
      sent(R"("headers":{"X-Text":"hello","X-Number":7,"X-Empty":"","X-Null":null,"X-Many":["a","b"]})");
  EXPECT_EQ(header_in(request, "X-Text"), "hello");
  EXPECT_EQ(header_in(request, "X-Number"), "7");
  EXPECT_EQ(header_in(request, "X-Empty"), "");
  EXPECT_EQ(header_in(request, "X-Null"), "(none)");
  EXPECT_THAT(request, HasSubstr("X-Many: a\r\nX-Many: b\r\n"));
}

TEST_F(HttpRequests, HeaderInjectionIsRefused) {
  EXPECT_EQ(refused_fields(R"("headers":{"X-A":"one\r\nX-Evil: 1"})"),
            "headers: the value of 'X-A' has control characters in it");
  EXPECT_THAT(refused_fields(R"("headers":{"X-A\r\nX-Evil":"1"})"), HasSubstr("is not a header name"));
  EXPECT_THAT(refused_fields(R"("headers":{"X-A":"zero\u0000"})"), HasSubstr("control characters"));
  EXPECT_THAT(refused_fields(R"("headers":{"X A":"1"})"), HasSubstr("'X A' is not a header name"));
  EXPECT_THAT(refused_fields(R"("headers":{"":"1"})"), HasSubstr("is not a header name"));
  EXPECT_THAT(refused_fields(R"("headers":{"Transfer-Encoding":"chunked"})"), HasSubstr("is set by r8r itself"));
  EXPECT_THAT(refused_fields(R"("headers":{"content-length":"3"})"), HasSubstr("is set by r8r itself"));
}

TEST_F(HttpRequests, ControlCharactersInTheUrlAreRefused) {
  EXPECT_THAT(refused(R"({"url":"http://127.0.0.1/a\r\nHost: evil"})"), HasSubstr("control characters"));
  EXPECT_THAT(refused(R"({"url":"http://127.0.0.1/\u0000"})"), HasSubstr("control characters"));
}

TEST_F(HttpRequests, UrlsThatAreNotAllowed) {
  EXPECT_THAT(refused(R"({"url":"ftp://example.com/"})"), HasSubstr("scheme 'ftp' is not allowed"));
  EXPECT_THAT(refused(R"({"url":"file:///etc/passwd"})"), HasSubstr("url: "));
  EXPECT_THAT(refused(R"({"url":"gopher://127.0.0.1/"})"), HasSubstr("scheme 'gopher' is not allowed"));
  EXPECT_THAT(refused(R"({"url":"http://me:secret@127.0.0.1/"})"), HasSubstr("user and password are not allowed"));
  EXPECT_THAT(refused(R"({"url":"http://me@127.0.0.1/"})"), HasSubstr("user and password are not allowed"));
  EXPECT_THAT(refused(R"({"url":"example.com/path"})"), HasSubstr("does not begin with http:// or https://"));
  EXPECT_THAT(refused(R"({"url":"http://"})"), HasSubstr("url: "));
  EXPECT_THAT(refused(R"({"url":"http://127.0.0.1:99999/"})"), HasSubstr("is not a URL"));
  EXPECT_THAT(refused(R"({"url":""})"), HasSubstr("url: must be a string that is not empty"));
  EXPECT_THAT(refused(R"({"url":null})"), HasSubstr("url: is missing"));
  EXPECT_THAT(refused(R"({"url":7})"), HasSubstr("url: must be a string"));
  EXPECT_THAT(refused(R"({})"), HasSubstr("url: is missing"));
}

TEST_F(HttpRequests, MessagesNeverShowTheQuery) {
  EXPECT_THAT(refused(R"({"url":"http://127.0.0.1:99999/?token=secret"})"), Not(HasSubstr("secret")));
}

TEST_F(HttpRequests, WrongTypesAreRefused) {
  EXPECT_THAT(refused_fields(R"("headers":[1])"), HasSubstr("headers: must be a map"));
  EXPECT_THAT(refused_fields(R"("query":"a=b")"), HasSubstr("query: must be a map"));
  EXPECT_THAT(refused_fields(R"("timeout_seconds":"soon")"), HasSubstr("timeout_seconds: must be a number"));
  EXPECT_THAT(refused_fields(R"("timeout_seconds":0)"), HasSubstr("timeout_seconds: must be a number"));
  EXPECT_THAT(refused_fields(R"("raw_response":"yes")"), HasSubstr("raw_response: must be true or false"));
  EXPECT_THAT(refused_fields(R"("body_type":"xml","body":"x")"), HasSubstr("'xml' is not one of json, text, form"));
  EXPECT_THAT(refused_fields(R"("method":"HEAD","body":"x")"), HasSubstr("a HEAD request has none"));
}

TEST_F(HttpRequests, IdempotencyKeyGoesWithWhatChangesSomething) {
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE"})
    EXPECT_EQ(header_in(sent(std::string(R"("method":")") + method + "\""), "Idempotency-Key"), "e-1:call:2") << method;
  for (const char* method : {"GET", "HEAD", "OPTIONS"})
    EXPECT_EQ(header_in(sent(std::string(R"("method":")") + method + "\""), "Idempotency-Key"), "(none)") << method;
  EXPECT_EQ(header_in(sent(R"("method":"POST","idempotency":false)"), "Idempotency-Key"), "(none)");
  EXPECT_EQ(header_in(sent(R"("method":"POST","headers":{"idempotency-key":"mine"})"), "Idempotency-Key"), "mine");
}

TEST_F(HttpRequests, WhatMustNotBeRepeatedGetsAConnectionOfItsOwn) {
  sent("");
  sent("");
  EXPECT_EQ(server_.connections(), 1);
  sent(R"("method":"POST")");  // has a key
  EXPECT_EQ(server_.connections(), 1);
  sent(R"("method":"POST","idempotency":false)");
  EXPECT_EQ(server_.connections(), 2);
}

TEST_F(HttpRequests, ProxiesOfTheEnvironmentAreIgnored) {
  ::setenv("http_proxy", "http://127.0.0.1:1/", 1);
  ::setenv("all_proxy", "http://127.0.0.1:1/", 1);
  EXPECT_THAT(sent(""), StartsWith("GET / HTTP/1.1\r\n"));
  ::unsetenv("http_proxy");
  ::unsetenv("all_proxy");
}

}  // namespace
}  // namespace r8r::worker
