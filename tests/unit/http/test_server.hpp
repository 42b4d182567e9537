#pragma once
#include <functional>
#include <future>
#include <memory>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "common/http/router.hpp"
#include "common/http/server.hpp"

namespace r8r::http {

/// A server on a free loopback port, run by a thread of its own. Routes are added before start().
class TestServer {
 public:
  TestServer();
  ~TestServer();

  void start();
  unsigned short port() const { return port_; }

  /// Runs `what` on the server's thread and returns what it returns.
  template <class F>
  auto on_loop(F what) -> decltype(what()) {
    std::packaged_task<decltype(what())()> task(std::move(what));
    auto result = task.get_future();
    asio::post(io, [&task] { task(); });
    return result.get();
  }
  /// Runs a coroutine on the server's thread to its end.
  bool drain(SteadyClock::duration limit);
  /// Ends the server, as its owner would; connections may still run.
  void destroy_server();
  /// Whether `condition`, asked on the server's thread, becomes true within five seconds.
  bool eventually(std::function<bool()> condition);
  std::size_t connections() {
    return on_loop([this] { return server->connections(); });
  }

  asio::io_context io{1};
  Router router;
  ServerOptions options;
  std::unique_ptr<Server> server;
  // What GET /gate waits for.
  Notifier gate_changed{io};
  bool gate_is_open = false;

 private:
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
  unsigned short port_ = 0;
};

/// Routes that most tests want: GET /hello, GET /big, POST /echo, GET /items/{id}, GET /boom, GET /gate (answers once
/// open_gate() was called).
void add_common_routes(TestServer& server);
void open_gate(TestServer& server);

}  // namespace r8r::http
