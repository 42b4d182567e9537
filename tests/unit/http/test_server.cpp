#include "tests/unit/http/test_server.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

namespace r8r::http {
TestServer::TestServer() : work_(asio::make_work_guard(io)) {
  options.host = "127.0.0.1";
}

TestServer::~TestServer() {
  if (thread_.joinable()) {
    on_loop([this] { server.reset(); });
    work_.reset();
    io.stop();
    thread_.join();
  }
}

void TestServer::start() {
  server = std::make_unique<Server>(io, options, router);
  const Result<void> listening = server->listen();
  ASSERT_TRUE(listening) << listening.error().message;
  port_ = server->port();
  thread_ = std::thread([this] { io.run(); });
}

bool TestServer::drain(SteadyClock::duration limit) {
  std::promise<bool> done;
  asio::co_spawn(io, server->drain(limit), [&done](std::exception_ptr, bool all) { done.set_value(all); });
  return done.get_future().get();
}

void TestServer::destroy_server() {
  on_loop([this] { server.reset(); });
}

bool TestServer::eventually(std::function<bool()> condition) {
  const auto deadline = SteadyClock::now() + std::chrono::seconds(5);
  while (SteadyClock::now() < deadline) {
    if (on_loop(condition)) return true;
    std::this_thread::yield();
  }
  return false;
}

void add_common_routes(TestServer& server) {
  Router& router = server.router;
  router.add(Method::get, "/hello", {},
             [](Request&) -> awaitable<Response> { co_return Response::json(200, "{\"hello\":\"world\"}"); });
  router.add(Method::get, "/big", {}, [](Request& request) -> awaitable<Response> {
    const std::size_t size = std::stoul(std::string(request.query_value("size").value_or("100000")));
    std::string body(size, 'x');
    for (std::size_t i = 0; i < size; i += 7) body[i] = static_cast<char>('a' + i % 26);
    co_return Response::text(200, std::move(body));
  });
  router.add(Method::post, "/echo", {},
             [](Request& request) -> awaitable<Response> { co_return Response::text(200, request.body); });
  router.add(Method::get, "/items/{id}", {},
             [](Request& request) -> awaitable<Response> { co_return Response::text(200, request.param("id")); });
  router.add(Method::get, "/boom", {}, [](Request&) -> awaitable<Response> {
    throw std::runtime_error("secret detail");
    co_return Response();
  });
  router.add(Method::get, "/gate", {}, [&server](Request&) -> awaitable<Response> {
    while (!server.gate_is_open) co_await server.gate_changed.wait_for(std::chrono::seconds(30));
    co_return Response::text(200, "through");
  });
}

void open_gate(TestServer& server) {
  server.on_loop([&server] {
    server.gate_is_open = true;
    server.gate_changed.notify_all();
  });
}

}  // namespace r8r::http
