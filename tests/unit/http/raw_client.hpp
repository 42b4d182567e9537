#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace r8r::http {

/// One answer as it came over the wire; header names in lower case.
struct RawResponse {
  int status = 0;
  std::map<std::string, std::string> headers;
  std::string body;

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

/// A blocking client that sends exactly the bytes that it is told to. Every wait ends after five seconds.
class RawClient {
 public:
  /// `receive_buffer`: bytes of the kernel's receive buffer, 0 for the usual.
  explicit RawClient(unsigned short port, int receive_buffer = 0);
  ~RawClient();
  RawClient(RawClient&& other) noexcept;
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return socket_ >= 0; }
  /// False when the server does not take it any more.
  bool send(std::string_view bytes);
  /// The next answer; nullopt when none comes. `head_only`: it answers a HEAD, or has no body.
  std::optional<RawResponse> receive(bool head_only = false);
  std::optional<RawResponse> ask(std::string_view bytes) { return send(bytes) ? receive() : std::nullopt; }
  /// Whether the server closes (or resets) the connection, without another byte.
  bool closed_by_server();
  /// Everything until the server closes.
  std::string read_to_end();
  /// Whether something came that was not received yet; does not wait.
  bool has_input();
  /// Up to `size` raw bytes.
  std::string read_some(std::size_t size);
  void finish_sending();
  void close();
  /// Closes with a reset instead of an orderly end.
  void reset();

 private:
  bool fill();

  int socket_ = -1;
  std::string buffer_;
  bool ended_ = false;
};

/// A GET of `target` with a Host header and, if given, more header lines (each with its CRLF).
std::string get(std::string_view target, std::string_view more = {});
std::string post(std::string_view target, std::string_view body, std::string_view more = {});

}  // namespace r8r::http
