// The library has Beast's code compiled already; this file only declares it.
#define BOOST_BEAST_SEPARATE_COMPILATION
#include "common/http/websocket.hpp"

#include <boost/asio/connect.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>

#include <gtest/gtest.h>

#include <sys/socket.h>

#include "tests/unit/http/raw_client.hpp"
#include "tests/unit/http/test_server.hpp"

namespace r8r::http {
namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using namespace std::chrono_literals;

/// A blocking client whose every wait ends after five seconds.
class SocketClient {
 public:
  explicit SocketClient(unsigned short port, bool deflate = false) : stream_(io_) {
    stream_.next_layer().connect({asio::ip::address_v4::loopback(), port});
    const timeval patience{5, 0};
    ::setsockopt(stream_.next_layer().native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (deflate) {
      websocket::permessage_deflate options;
      options.client_enable = true;
      stream_.set_option(options);
    }
    stream_.control_callback([this](websocket::frame_type kind, beast::string_view payload) {
      if (kind == websocket::frame_type::pong) pong = payload;
      if (kind == websocket::frame_type::ping) ++pings;
    });
  }
  beast::error_code connect(const std::string& target, std::vector<std::pair<std::string, std::string>> headers = {}) {
    stream_.set_option(websocket::stream_base::decorator([headers](websocket::request_type& request) {
      for (const auto& [name, value] : headers) request.set(name, value);
    }));
    beast::error_code error;
    stream_.handshake(response, "localhost", target, error);
    return error;
  }
  std::string read(beast::error_code& error) {
    beast::flat_buffer buffer;
    stream_.read(buffer, error);
    return beast::buffers_to_string(buffer.data());
  }
  std::string read() {
    beast::error_code error;
    std::string text = read(error);
    return error ? "error: " + error.message() : text;
  }
  /// The code that the server closes with, or 0.
  int close_code() {
    beast::error_code error;
    while (!error) read(error);
    return error == websocket::error::closed ? stream_.reason().code : 0;
  }
  void write(const std::string& text, bool binary = false) {
    stream_.binary(binary);
    beast::error_code error;
    stream_.write(asio::buffer(text), error);
  }
  websocket::stream<asio::ip::tcp::socket>& stream() { return stream_; }

  websocket::response_type response;
  std::string pong;
  int pings = 0;

 private:
  asio::io_context io_;
  websocket::stream<asio::ip::tcp::socket> stream_;
};

class WebSocketTest : public ::testing::Test {
 protected:
  WebSocketTest() {
    add_common_routes(server);
    server.router.add_socket(
        "/echo", {}, [](const Request&) { return std::nullopt; },
        [this](Request&, WebSocket& socket) -> awaitable<void> {
          while (true) {
            Result<std::string> text = co_await socket.read();
            if (!text) {
              last_error = text.error().message;
              break;
            }
            if (*text == "close") socket.close(4001, "as you wish");
            if (*text == "throw") throw std::runtime_error("oops");
            if (*text == "leave") break;
            auto answer = std::make_shared<const std::string>(std::move(*text));
            (void)co_await socket.send(answer);
          }
          ++ended;
        },
        [](const Request& request) -> std::string {
          return request.header_has_token("sec-websocket-protocol", "r8r") ? "r8r" : "";
        });
    server.router.add_socket(
        "/private/{room}", {},
        [](const Request& request) -> std::optional<Response> {
          if (request.query_value("token") == "good") return std::nullopt;
          return Response::json(401, "{\"no\":true}");
        },
        [](Request& request, WebSocket& socket) -> awaitable<void> {
          (void)co_await socket.send(std::make_shared<const std::string>("room " + request.param("room")));
        });
  }
  bool all_gone() {
    return server.eventually([this] { return server.server->connections() == 0 && server.server->websockets() == 0; });
  }
  // Written by the server's thread, so they outlive it.
  std::string last_error;
  int ended = 0;
  TestServer server;
};

TEST_F(WebSocketTest, EchoesText) {
  server.start();
  for (const bool deflate : {false, true}) {
    SocketClient client(server.port(), deflate);
    ASSERT_FALSE(client.connect("/echo"));
    EXPECT_EQ(client.response[beast::http::field::sec_websocket_extensions].empty(), !deflate);
    EXPECT_FALSE(client.response["X-Request-ID"].empty());
    for (const std::string& text : {std::string("hello"), std::string(), std::string(60000, 'x'), std::string("ünï")}) {
      client.write(text);
      EXPECT_EQ(client.read(), text) << (deflate ? "deflate" : "plain");
    }
  }
  EXPECT_TRUE(all_gone());
}

TEST_F(WebSocketTest, AnswersPingWithTheSameBytes) {
  server.start();
  SocketClient client(server.port());
  ASSERT_FALSE(client.connect("/echo"));
  client.stream().ping("payload");
  client.write("x");
  EXPECT_EQ(client.read(), "x");
  EXPECT_EQ(client.pong, "payload");
}

TEST_F(WebSocketTest, BinaryFramesCloseWith1003) {
  server.start();
  SocketClient client(server.port());
  ASSERT_FALSE(client.connect("/echo"));
  client.write("bytes", true);
  EXPECT_EQ(client.close_code(), 1003);
  EXPECT_TRUE(all_gone());
}

TEST_F(WebSocketTest, LargeFramesCloseWith1009) {
  server.start();
  SocketClient client(server.port());
  ASSERT_FALSE(client.connect("/echo"));
  client.write(std::string(64 * 1024, 'x'));
  EXPECT_EQ(client.read().size(), 64u * 1024);
  client.write(std::string(64 * 1024 + 1, 'x'));
  EXPECT_EQ(client.close_code(), 1009);
  EXPECT_TRUE(all_gone());
}

TEST_F(WebSocketTest, InvalidUtf8ClosesWith1007) {
  server.start();
  SocketClient client(server.port());
  ASSERT_FALSE(client.connect("/echo"));
  client.write("\xff\xfe");
  EXPECT_EQ(client.close_code(), 1007);
}

TEST_F(WebSocketTest, TheClientsCloseIsAnswered) {
  server.start();
  SocketClient client(server.port());
  ASSERT_FALSE(client.connect("/echo"));
  beast::error_code error;
  client.stream().close({websocket::close_code::normal, "bye"}, error);
  EXPECT_FALSE(error) << error.message();
  EXPECT_TRUE(all_gone());
  EXPECT_EQ(server.on_loop([this] { return last_error; }), "the client closed the WebSocket (1000)");
}

TEST_F(WebSocketTest, TheServersCloseReachesTheClient) {
  server.start();
  SocketClient client(server.port());
  ASSERT_FALSE(client.connect("/echo"));
  client.write("close");
  EXPECT_EQ(client.close_code(), 4001);
  EXPECT_EQ(std::string(client.stream().reason().reason.c_str()), "as you wish");
  EXPECT_TRUE(all_gone());
}

TEST_F(WebSocketTest, AnEndedSessionCloses) {
  server.start();
  SocketClient normal(server.port());
  ASSERT_FALSE(normal.connect("/echo"));
  normal.write("leave");
  EXPECT_EQ(normal.close_code(), 1000);
  SocketClient failing(server.port());
  ASSERT_FALSE(failing.connect("/echo"));
  failing.write("throw");
  EXPECT_EQ(failing.close_code(), 1011);
  EXPECT_TRUE(all_gone());
}

TEST_F(WebSocketTest, AuthorizeDecidesBeforeTheUpgrade) {
  server.start();
  SocketClient refused(server.port());
  EXPECT_EQ(refused.connect("/private/a?token=bad"), websocket::error::upgrade_declined);
  EXPECT_EQ(refused.response.result_int(), 401u);
  EXPECT_EQ(refused.response.body(), "{\"no\":true}");
  SocketClient welcome(server.port());
  ASSERT_FALSE(welcome.connect("/private/a%2Fb?token=good"));
  EXPECT_EQ(welcome.read(), "room a/b");
  EXPECT_EQ(welcome.close_code(), 1000);
}

TEST_F(WebSocketTest, RequestsThatAreNoUpgradeAreRefused) {
  server.start();
  EXPECT_EQ(RawClient(server.port()).ask(get("/private/a"))->status, 400);
  const std::string upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
  const auto old = RawClient(server.port())
                       .ask(get("/private/a", upgrade + "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: "
                                                        "dGhlIHNhbXBsZSBub25jZQ==\r\n"));
  EXPECT_EQ(old->status, 426);
  EXPECT_EQ(old->header("sec-websocket-version"), "13");
  EXPECT_EQ(RawClient(server.port()).ask(get("/echo", upgrade + "Sec-WebSocket-Version: 13\r\n"))->status, 400);
  EXPECT_EQ(RawClient(server.port()).ask(post("/private/a", ""))->status, 405);
}

TEST_F(WebSocketTest, TheSubprotocolIsTheOneThatIsChosen) {
  server.start();
  SocketClient client(server.port());
  ASSERT_FALSE(client.connect("/echo", {{"Sec-WebSocket-Protocol", "r8r, r8r.token.abc"}}));
  EXPECT_EQ(std::string(client.response[beast::http::field::sec_websocket_protocol]), "r8r");
}

TEST_F(WebSocketTest, FramesBehindTheUpgradeAreNotLost) {
  server.start();
  RawClient client(server.port());
  // A masked text frame "hi" (mask 0) in the same packet as the request.
  const std::string frame("\x81\x82\x00\x00\x00\x00hi", 8);
  ASSERT_TRUE(client.send(get("/echo",
                              "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n") +
                          frame));
  const auto response = client.receive(true);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 101);
  EXPECT_EQ(response->header("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(client.read_some(4), std::string("\x81\x02hi", 4));
}

TEST_F(WebSocketTest, SilentClientsArePingedAndThenClosed) {
  server.options.websocket_timeout = 200ms;
  server.start();
  // This one reads, so it answers pings and stays.
  SocketClient reading(server.port());
  ASSERT_FALSE(reading.connect("/echo"));
  // This one never answers anything.
  SocketClient silent(server.port());
  ASSERT_FALSE(silent.connect("/echo"));
  std::thread reader([&reading] {
    beast::error_code error;
    reading.read(error);
  });
  EXPECT_TRUE(server.eventually([this] { return server.server->websockets() == 1; }));
  EXPECT_EQ(server.on_loop([this] { return ended; }), 1);
  server.on_loop([this] { server.server->stop_accepting(); });
  EXPECT_FALSE(server.drain(0ms));
  reader.join();
  EXPECT_GE(reading.pings, 1);
}

TEST_F(WebSocketTest, ClientsOverTheLimitAreRefused) {
  server.options.max_websockets = 2;
  server.start();
  SocketClient first(server.port()), second(server.port()), third(server.port());
  ASSERT_FALSE(first.connect("/echo"));
  ASSERT_FALSE(second.connect("/echo"));
  EXPECT_TRUE(third.connect("/echo"));
  EXPECT_EQ(third.response.result_int(), 503u);
  EXPECT_EQ(std::string(third.response["Retry-After"]), "1");
}

TEST_F(WebSocketTest, DrainClosesWith1001) {
  server.start();
  SocketClient client(server.port());
  ASSERT_FALSE(client.connect("/echo"));
  int code = 0;
  std::thread reader([&] { code = client.close_code(); });
  EXPECT_TRUE(server.drain(5s));
  reader.join();
  EXPECT_EQ(code, 1001);
}

TEST_F(WebSocketTest, AClientThatVanishesEndsTheSession) {
  server.start();
  {
    SocketClient client(server.port());
    ASSERT_FALSE(client.connect("/echo"));
    client.write(std::string(1000, 'x'));
  }
  EXPECT_TRUE(all_gone());
  EXPECT_EQ(server.on_loop([this] { return ended; }), 1);
}

TEST_F(WebSocketTest, TheServerMayEndUnderItsSockets) {
  server.start();
  SocketClient client(server.port());
  ASSERT_FALSE(client.connect("/echo"));
  client.write("x");
  EXPECT_EQ(client.read(), "x");
  server.destroy_server();
  beast::error_code error;
  client.read(error);
  EXPECT_TRUE(error);
  EXPECT_TRUE(server.eventually([this] { return ended == 1; }));
}

awaitable<void> count_messages(WebSocket& socket, int& count) {
  while (true) {
    const Result<std::string> text = co_await socket.read();
    if (!text) co_return;
    ++count;
  }
}

awaitable<void> send_many(WebSocket& socket, int messages) {
  const auto text = std::make_shared<const std::string>(std::string(20'000, 'f'));
  for (int i = 0; i < messages; ++i) {
    const Result<void> sent = co_await socket.send(text);
    if (!sent) co_return;
  }
  socket.close(1000, {});
}

TEST_F(WebSocketTest, ReadingAndWritingGoOnTogether) {
  int count = 0;  // written by the server's thread
  server.router.add_socket("/flood", {}, {}, [&count](Request&, WebSocket& socket) -> awaitable<void> {
    using namespace asio::experimental::awaitable_operators;
    co_await (count_messages(socket, count) && send_many(socket, 500));
  });
  server.start();
  SocketClient client(server.port());
  ASSERT_FALSE(client.connect("/flood"));
  for (int i = 0; i < 500; ++i) {
    client.write("hello");
    ASSERT_EQ(client.read().size(), 20'000u) << i;
  }
  EXPECT_EQ(client.close_code(), 1000);
  EXPECT_TRUE(all_gone());
  EXPECT_GE(server.on_loop([&count] { return count; }), 1);
}

TEST_F(WebSocketTest, AClientThatReadsNothingHoldsUpOnlyItself) {
  int sent = 0;
  server.router.add_socket("/flood", {}, {}, [&sent](Request&, WebSocket& socket) -> awaitable<void> {
    const auto text = std::make_shared<const std::string>(std::string(100'000, 'f'));
    while (true) {
      const Result<void> one = co_await socket.send(text);
      if (!one) co_return;
      ++sent;
    }
  });
  server.start();
  {
    SocketClient stuck(server.port());
    ASSERT_FALSE(stuck.connect("/flood"));
    RawClient other(server.port());
    for (int i = 0; i < 100; ++i) ASSERT_EQ(other.ask(get("/hello"))->status, 200);
  }
  EXPECT_TRUE(all_gone());
  EXPECT_GE(server.on_loop([&sent] { return sent; }), 1);
}

}  // namespace
}  // namespace r8r::http
