// What an http node makes of the answers of good, slow and broken servers.
#include <zlib.h>

#include "tests/unit/worker/http_node_fixture.hpp"

namespace r8r::worker {
namespace {

using test::answer;
using test::Peer;
using test::ScriptedServer;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

class HttpAnswers : public HttpNodeFixture {
 protected:
  EffectOutcome get(ScriptedServer& server, const std::string& more = "") {
    return run(R"({"url":")" + server.url() + "\"" + (more.empty() ? "" : "," + more) + "}");
  }
  static ScriptedServer::Script always(std::string bytes) {
    return [bytes = std::move(bytes)](Peer& peer, const std::string&, int) { peer.send(bytes); };
  }
};

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST_F(HttpAnswers, JsonBodyIsParsedAndHeadersAreLowerCaseAndJoined) {
  ScriptedServer server(
      always(answer(200, R"({"a":[1,2.5,null]})", "Content-Type: application/json\r\nX-Tag: one\r\nx-tag: two\r\n")));
  const EffectOutcome outcome = get(server);
  EXPECT_EQ(json(outcome, "status"), "200");
  EXPECT_EQ(json(outcome, "body"), R"({"a":[1,2.5,null]})");
  EXPECT_THAT(json(outcome, "headers"), HasSubstr(R"("x-tag":"one, two")"));
  EXPECT_THAT(json(outcome, "headers"), HasSubstr(R"("content-type":"application/json")"));
  ASSERT_TRUE(outcome.output);
  EXPECT_GE(outcome.output->as_map().find("duration_ms")->as_int(), 0);
  EXPECT_EQ(json(outcome, "encoding"), "(none)");
}

TEST_F(HttpAnswers, RawResponseAndOtherTypesStayText) {
  ScriptedServer server(always(answer(200, R"({"a":1})")));
  EXPECT_EQ(json(get(server, R"("raw_response":true)"), "body"), R"("{\"a\":1}")");
  ScriptedServer plain(always(answer(200, "3", "Content-Type: text/plain\r\n")));
  EXPECT_EQ(json(get(plain), "body"), R"("3")");
}

TEST_F(HttpAnswers, JsonThatIsNoneStaysText) {
  ScriptedServer server(always(answer(200, "{oops", "Content-Type: application/problem+json; charset=utf-8\r\n")));
  EXPECT_EQ(json(get(server), "body"), R"("{oops")");
}

TEST_F(HttpAnswers, BinaryBodyIsBase64) {
  ScriptedServer server(always(answer(200, std::string("\x89PNG\0\xff", 6), "Content-Type: image/png\r\n")));
  const EffectOutcome outcome = get(server);
  EXPECT_EQ(json(outcome, "body"), "\"iVBORwD/\"");
  EXPECT_EQ(json(outcome, "encoding"), "\"base64\"");
}

TEST_F(HttpAnswers, EmptyBody) {
  ScriptedServer server(always("HTTP/1.1 204 No Content\r\n\r\n"));
  const EffectOutcome outcome = get(server);
  EXPECT_EQ(json(outcome, "status"), "204");
  EXPECT_EQ(json(outcome, "body"), "\"\"");
}

TEST_F(HttpAnswers, ChunkedBodyWithTrailers) {
  ScriptedServer server(
      always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n5\r\nhello\r\n6\r\n "
             "world\r\n0\r\nX-Late: "
             "1\r\n\r\n"));
  const EffectOutcome outcome = get(server);
  EXPECT_EQ(json(outcome, "body"), "\"hello world\"");
  EXPECT_THAT(json(outcome, "headers"), Not(HasSubstr("x-late")));
}

TEST_F(HttpAnswers, InterimAnswersAreSkipped) {
  ScriptedServer server(always("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" + answer(200, "{}")));
  const EffectOutcome outcome = get(server);
  EXPECT_EQ(json(outcome, "status"), "200");
  EXPECT_THAT(json(outcome, "headers"), Not(HasSubstr("x-early")));
}

TEST_F(HttpAnswers, GzipIsAskedForAndDecoded) {
  ScriptedServer server(
      always(answer(200, gzip(R"({"packed":true})"), "Content-Type: application/json\r\nContent-Encoding: gzip\r\n")));
  const EffectOutcome outcome = get(server);
  EXPECT_EQ(json(outcome, "body"), R"({"packed":true})");
  EXPECT_THAT(test::header_in(server.requests().at(0), "Accept-Encoding"), HasSubstr("gzip"));
}

TEST_F(HttpAnswers, BrokenGzipFails) {
  ScriptedServer server(always(answer(200, "not gzip at all", "Content-Encoding: gzip\r\n")));
  const EffectOutcome outcome = get(server);
  EXPECT_THAT(error(outcome), HasSubstr("the answer's encoding is broken"));
  EXPECT_FALSE(outcome.permanent);
}

TEST_F(HttpAnswers, BodyThatGrowsOverTheLimitWhenUnpackedIsRefused) {
  ScriptedServer server(always(answer(200, gzip(std::string(20 << 20, 'a')), "Content-Encoding: gzip\r\n")));
  const EffectOutcome outcome = get(server);
  EXPECT_THAT(error(outcome), HasSubstr("over the limit of 8388608 bytes"));
  EXPECT_TRUE(outcome.permanent);
}

TEST_F(HttpAnswers, HugeBodyEndsAtTheLimit) {
  ScriptedServer server([](Peer& peer, const std::string&, int) {
    peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n");
    while (peer.send(std::string(65'536, 'x'))) {
    }
  });
  const EffectOutcome outcome = get(server, R"("max_response_bytes":100000)");
  EXPECT_THAT(error(outcome), HasSubstr("the response is over the limit of 100000 bytes"));
  EXPECT_TRUE(outcome.permanent);
}

TEST_F(HttpAnswers, BodyOfExactlyTheLimitIsFine) {
  ScriptedServer server(always(answer(200, "12345", "Content-Type: text/plain\r\n")));
  EXPECT_EQ(json(get(server, R"("max_response_bytes":5)"), "body"), "\"12345\"");
  EXPECT_THAT(error(get(server, R"("max_response_bytes":4)")), HasSubstr("over the limit of 4 bytes"));
}

TEST_F(HttpAnswers, ServerErrorFailsAndMayBeTriedAgain) {
  ScriptedServer server(always(answer(500, R"({"why":"broken"})")));
  const EffectOutcome outcome = get(server);
  EXPECT_EQ(error(outcome), "HTTP request failed with status 500");
  EXPECT_FALSE(outcome.permanent);
  EXPECT_THAT(outcome.logs, HasSubstr(R"({"why":"broken"})"));
  EXPECT_EQ(outcome.retry_after, 0ms);
}

TEST_F(HttpAnswers, ExcerptOfALongErrorPageIsShortAndWholeCharacters) {
  std::string page;
  while (page.size() < 10'000) page += "ü€";
  ScriptedServer server(always(answer(500, "x" + page)));
  const EffectOutcome outcome = get(server);
  EXPECT_LT(outcome.logs.size(), 2'100u);
  EXPECT_TRUE(outcome.logs.ends_with("…"));
  EXPECT_THAT(outcome.logs, HasSubstr("xü€"));
}

struct StatusCase {
  int status;
  bool permanent;
};
class HttpStatus : public HttpNodeFixture, public testing::WithParamInterface<StatusCase> {};
TEST_P(HttpStatus, SaysWhetherTryingAgainCanHelp) {
  ScriptedServer server([](Peer& peer, const std::string&, int) { peer.send(answer(GetParam().status, "no")); });
  const EffectOutcome outcome = run(R"({"url":")" + server.url() + "\"}");
  EXPECT_EQ(error(outcome), "HTTP request failed with status " + std::to_string(GetParam().status));
  EXPECT_EQ(outcome.permanent, GetParam().permanent);
}
INSTANTIATE_TEST_SUITE_P(All, HttpStatus,
                         testing::Values(StatusCase{400, true}, StatusCase{401, true}, StatusCase{404, true},
                                         StatusCase{408, false}, StatusCase{409, true}, StatusCase{425, false},
                                         StatusCase{429, false}, StatusCase{500, false}, StatusCase{503, false},
                                         StatusCase{599, false}),
                         [](const auto& info) { return std::to_string(info.param.status); });

TEST_F(HttpAnswers, RetryAfterInSecondsAndAsDate) {
  ScriptedServer seconds(always(answer(429, "", "Retry-After: 7\r\n")));
  EXPECT_EQ(get(seconds).retry_after, 7s);
  ScriptedServer past(always(answer(503, "", "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n")));
  EXPECT_EQ(get(past).retry_after, 0ms);
  ScriptedServer far(always(answer(503, "", "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n")));
  EXPECT_EQ(get(far).retry_after, 24h);
  ScriptedServer nonsense(always(answer(503, "", "Retry-After: soon\r\n")));
  EXPECT_EQ(get(nonsense).retry_after, 0ms);
  ScriptedServer other(always(answer(500, "", "Retry-After: 7\r\n")));
  EXPECT_EQ(get(other).retry_after, 0ms);
}

TEST_F(HttpAnswers, ExpectedStatusDecidesWhatIsASuccess) {
  ScriptedServer server(always(answer(404, "{}")));
  EXPECT_EQ(json(get(server, R"("expected_status":[200,404])"), "status"), "404");
  EXPECT_EQ(json(get(server, R"("expected_status":"4xx")"), "status"), "404");
  EXPECT_EQ(json(get(server, R"("expected_status":"400-410")"), "status"), "404");
  EXPECT_EQ(error(get(server, R"("expected_status":200)")), "HTTP request failed with status 404");
  const EffectOutcome bad = get(server, R"("expected_status":"fine")");
  EXPECT_THAT(error(bad), HasSubstr("expected_status: \"fine\" is not a status"));
  EXPECT_TRUE(bad.permanent);
}

TEST_F(HttpAnswers, ServerThatNeverAnswersTimesOut) {
  ScriptedServer server([](Peer& peer, const std::string&, int) { peer.hold(); });
  const EffectOutcome outcome = get(server, R"("timeout_seconds":0.2)");
  EXPECT_EQ(error(outcome),
            "HTTP request to 127.0.0.1:" + std::to_string(server.port()) + " timed out after 0.2 seconds");
  EXPECT_EQ(outcome.output.error().code, ErrorCode::timeout);
  EXPECT_FALSE(outcome.permanent);
}

TEST_F(HttpAnswers, HalfABodyAndSilenceTimesOut) {
  ScriptedServer server([](Peer& peer, const std::string&, int) {
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    peer.hold();
  });
  EXPECT_THAT(error(get(server, R"("timeout_seconds":0.2)")), HasSubstr("timed out after 0.2 seconds"));
}

TEST_F(HttpAnswers, EndlessTrickleTimesOutToo) {
  ScriptedServer server([](Peer& peer, const std::string&, int) {
    peer.send("HTTP/1.1 200 OK\r\n\r\n");
    while (peer.send("x")) std::this_thread::yield();
  });
  EXPECT_THAT(error(get(server, R"("timeout_seconds":0.3,"max_response_bytes":8000000)")),
              testing::AnyOf(HasSubstr("timed out after 0.3 seconds"), HasSubstr("over the limit")));
}

TEST_F(HttpAnswers, NodeTimeoutCutsShorterThanItsOwn) {
  ScriptedServer server([](Peer& peer, const std::string&, int) { peer.hold(); });
  const EffectOutcome outcome = run(R"({"url":")" + server.url() + R"(","timeout_seconds":30})", 150ms);
  EXPECT_THAT(error(outcome), HasSubstr("timed out after 0.15 seconds"));
  EXPECT_EQ(outcome.output.error().code, ErrorCode::timeout);
}

TEST_F(HttpAnswers, ByteByByteIsAsGoodAsAtOnce) {
  ScriptedServer server(
      [](Peer& peer, const std::string&, int) { peer.send_bytewise(answer(200, R"({"slow":true})")); });
  EXPECT_EQ(json(get(server), "body"), R"({"slow":true})");
}

TEST_F(HttpAnswers, GarbageInPlaceOfAStatusLine) {
  ScriptedServer server(always("I am not a web server\r\n\r\n"));
  const EffectOutcome outcome = get(server);
  EXPECT_THAT(error(outcome), HasSubstr("the answer is not valid HTTP"));
  EXPECT_FALSE(outcome.permanent);
}

TEST_F(HttpAnswers, BodyCutShort) {
  ScriptedServer server(always("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"));
  const EffectOutcome outcome = get(server);
  EXPECT_THAT(error(outcome), HasSubstr("the answer is cut short"));
  EXPECT_FALSE(outcome.permanent);
}

TEST_F(HttpAnswers, BrokenChunks) {
  ScriptedServer server(always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nwhat"));
  const EffectOutcome outcome = get(server);
  EXPECT_THAT(error(outcome), HasSubstr("failed: "));
  EXPECT_FALSE(outcome.permanent);
}

TEST_F(HttpAnswers, ClosedWithoutAWord) {
  ScriptedServer server([](Peer&, const std::string&, int) {});
  const EffectOutcome outcome = get(server);
  EXPECT_THAT(error(outcome), HasSubstr("closed the connection without an answer"));
  EXPECT_FALSE(outcome.permanent);
}

TEST_F(HttpAnswers, EndlessHeadersAreCut) {
  ScriptedServer server([](Peer& peer, const std::string&, int) {
    peer.send("HTTP/1.1 200 OK\r\n");
    int number = 0;
    while (peer.send("X-Header-" + std::to_string(number++) + ": " + std::string(1000, 'v') + "\r\n")) {
    }
  });
  EXPECT_THAT(error(get(server)), HasSubstr("headers"));
}

TEST_F(HttpAnswers, OneEndlessHeaderLineIsCut) {
  ScriptedServer server([](Peer& peer, const std::string&, int) {
    peer.send("HTTP/1.1 200 OK\r\nX-Long: ");
    while (peer.send(std::string(10'000, 'v'))) {
    }
  });
  EXPECT_THAT(error(get(server)), HasSubstr("failed: "));
}

TEST_F(HttpAnswers, NobodyListens) {
  const EffectOutcome outcome = run(R"({"url":"http://127.0.0.1:)" + std::to_string(test::closed_port()) + "/\"}");
  EXPECT_THAT(error(outcome), HasSubstr("no connection"));
  EXPECT_FALSE(outcome.permanent);
}

TEST_F(HttpAnswers, UnknownHostName) {
  const EffectOutcome outcome = run(R"({"url":"http://no-such-host.invalid/","timeout_seconds":10})");
  EXPECT_THAT(error(outcome), HasSubstr("no-such-host.invalid"));
  EXPECT_FALSE(outcome.permanent);
}

TEST_F(HttpAnswers, HeaderBytesThatAreNoUtf8AreReadAsLatin1) {
  ScriptedServer server(always(answer(200, "{}", "X-Name: caf\xe9\r\n")));
  EXPECT_THAT(json(get(server), "headers"), HasSubstr("café"));
}

TEST_F(HttpAnswers, ConnectionsAreKeptAndUsedAgain) {
  ScriptedServer server([](Peer& peer, const std::string&, int) { peer.send(answer(200, "{}")); }, false);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(json(get(server), "status"), "200");
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(server.requests().size(), 5u);
}

TEST_F(HttpAnswers, ManyAtOnce) {
  ScriptedServer server(
      [](Peer& peer, const std::string&, int number) { peer.send(answer(200, std::to_string(number))); });
  int finished = 0;
  for (int i = 0; i < 50; ++i) {
    Result<expr::Value> config = expr::parse_json(R"({"url":")" + server.url() + "\"}");
    asio::co_spawn(io_, node_.run({}, std::move(*config), cancellation_),
                   [&finished](std::exception_ptr, EffectOutcome outcome) {
                     EXPECT_TRUE(outcome.output);
                     ++finished;
                   });
  }
  EXPECT_TRUE(run_until([&] { return finished == 50; }));
  EXPECT_EQ(server.requests().size(), 50u);
}

TEST_F(HttpAnswers, CancellingEndsTheRequestAtOnce) {
  std::atomic<bool> client_gone = false;
  ScriptedServer server([&client_gone](Peer& peer, const std::string&, int) {
    peer.hold();
    client_gone = true;
  });
  std::optional<EffectOutcome> outcome;
  Result<expr::Value> config = expr::parse_json(R"({"url":")" + server.url() + "\"}");
  asio::co_spawn(io_, node_.run({}, std::move(*config), cancellation_),
                 [&outcome](std::exception_ptr, EffectOutcome result) { outcome = std::move(result); });
  ASSERT_TRUE(run_until([&] { return server.requests().size() == 1; }));
  EXPECT_FALSE(outcome.has_value());
  cancellation_.request();
  ASSERT_TRUE(run_until([&] { return outcome.has_value(); }, 2s));
  EXPECT_EQ(outcome->output.error().code, ErrorCode::cancelled);
  EXPECT_TRUE(run_until([&] { return client_gone.load(); }, 5s)) << "the connection stayed open";
}

}  // namespace
}  // namespace r8r::worker
