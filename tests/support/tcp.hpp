#pragma once
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace r8r::test {

/// A plain TCP connection to loopback: sends exactly what it is told, reads what comes.
class TcpClient {
 public:
  explicit TcpClient(int port);
  ~TcpClient();
  TcpClient(const TcpClient&) = delete;
  TcpClient& operator=(const TcpClient&) = delete;

  bool connected() const { return fd_ >= 0; }
  void send(const std::string& bytes);
  /// Until the other side closes, `enough` is in what came, or time is up.
  std::string read(std::chrono::milliseconds limit, const std::string& enough = "");
  /// Whether the other side has closed, waiting at most `limit`.
  bool closed_within(std::chrono::milliseconds limit);

 private:
  int fd_ = -1;
};

/// A server that answers each request (headers and body, read whole) with the bytes that `answer` gives, then closes.
/// One thread per connection. Records the whole requests.
class RawServer {
 public:
  /// `answer` gets the request's text and how many came before it; an empty answer keeps the connection open without a
  /// word.
  using Answer = std::function<std::string(const std::string& request, int number)>;

  explicit RawServer(Answer answer);
  ~RawServer();
  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<std::string> requests();

 private:
  void serve();
  void answer_one(int fd);
  std::optional<std::string> read_request(int fd);
  void answer(int fd, const std::string& request);

  Answer answer_;
  int listener_ = -1;
  int wake_[2] = {-1, -1};
  int port_ = 0;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<std::thread> connections_;
  std::vector<int> open_;
  std::thread thread_;
};

/// An HTTP/1.1 answer with its length.
std::string http_answer(int status, const std::string& body, const std::string& type = "application/json",
                        const std::string& headers = "");

}  // namespace r8r::test
