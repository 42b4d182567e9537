#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <tl/expected.hpp>

#include "services/worker/address_guard.hpp"
#include "services/worker/cancellation.hpp"
#include "services/worker/http_url.hpp"

namespace r8r::worker {

class CurlLoop;

struct HttpRequest {
  std::string method;
  Url url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<std::string> body;
  std::chrono::milliseconds timeout{30'000};
  std::size_t max_response_bytes = 8u << 20;  ///< of the decoded body
  bool verify_tls = true;
  /// Never sent again by itself, which a kept connection that turns out to be closed would need.
  bool send_once = false;
};

struct HttpResponse {
  int status = 0;
  /// Names in lower case, each once, repeated ones joined by ", "; in the order in which they came.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  ///< decoded

  const std::string* header(std::string_view name) const;
};

/// Why there is no response.
struct HttpFailure {
  enum class Kind { timeout, cancelled, other };
  Kind kind = Kind::other;
  std::string message;     ///< for a person
  bool permanent = false;  ///< trying again cannot help
};

/// Sends one request at a time per call, any number of calls at once, over shared kept connections. Redirects are not
/// followed. No proxy is used, whatever the environment says.
class HttpClient {
 public:
  HttpClient(asio::io_context& io, AddressGuard guard);
  ~HttpClient();

  /// `cancellation` outlives the call.
  awaitable<tl::expected<HttpResponse, HttpFailure>> perform(HttpRequest request, Cancellation& cancellation);

 private:
  asio::io_context& io_;
  AddressGuard guard_;
  std::shared_ptr<CurlLoop> loop_;
};

}  // namespace r8r::worker
