#pragma once
#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace r8r::test {

/// One connection of a ScriptedServer, as the script sees it.
class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {}
  /// One request, headers and declared body; empty when the client has closed.
  std::string read_request();
  /// False when the client has gone.
  bool send(const std::string& bytes);
  /// One byte per segment.
  bool send_bytewise(const std::string& bytes);
  /// Until the client closes or the server is stopped.
  void hold();

 private:
  int fd_;
  std::string unread_;
};

/// A TCP server on a free port of 127.0.0.1 that behaves as badly as its script says: one thread per connection runs
/// the script, then closes. Records every request.
class ScriptedServer {
 public:
  using Script = std::function<void(Peer& peer, const std::string& request, int number)>;

  /// `script` is called for each request; a connection goes on with the next request until the client closes or
  /// `one_request` is set.
  explicit ScriptedServer(Script script, bool one_request = true);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  int port() const { return port_; }
  std::string url(const std::string& path = "/") const { return "http://127.0.0.1:" + std::to_string(port_) + path; }
  std::vector<std::string> requests();
  int connections() const { return connections_; }

 private:
  void accept_all();
  void serve(int fd);

  Script script_;
  bool one_request_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  bool stopping_ = false;
  std::vector<int> open_;
  std::vector<std::string> requests_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// A whole HTTP/1.1 answer with its length.
std::string answer(int status, const std::string& body,
                   const std::string& headers = "Content-Type: application/json\r\n");

/// The value of a header in a request's text, or "(none)".
std::string header_in(const std::string& request, const std::string& name);

/// A loopback port on which nobody listens.
int closed_port();

}  // namespace r8r::test
