#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cli/client/failure.hpp"

namespace r8r::cli {

/// An answer with a status of 200 to 299.
struct Reply {
  int status = 0;
  std::string text;
  Json json;
};

/// The HTTP API as a program sees it: one connection, one request at a time, blocking.
class ApiClient {
 public:
  /// `url`: where the server is, as http://host:port without a path. `api_key` may be empty.
  ApiClient(std::string url, std::string api_key);
  ~ApiClient();
  ApiClient(ApiClient&&) noexcept;

  /// Errors: the API's own, with its code and exit code; HTTP_ERROR with exit code 4 when no answer came, with exit
  /// code 1 when what answered is not r8r.
  Outcome<Reply> get(const std::string& path, std::chrono::milliseconds limit = kUsualLimit);
  Outcome<Reply> post(const std::string& path, const std::string& body, std::chrono::milliseconds limit = kUsualLimit);
  /// DELETE; the answer has no body.
  Outcome<Reply> remove(const std::string& path, std::chrono::milliseconds limit = kUsualLimit);

  /// The status of a bare GET and what came with it; 0 when nothing answered. For probes.
  Reply probe(const std::string& path, std::chrono::milliseconds limit);

  const std::string& url() const { return url_; }

  static constexpr std::chrono::milliseconds kUsualLimit{60'000};

 private:
  struct Transfer;
  Outcome<Reply> send(const char* method, const std::string& path, const std::string* body,
                      std::chrono::milliseconds limit);

  std::string url_;
  std::string api_key_;
  std::unique_ptr<Transfer> transfer_;
};

/// `text` as one segment of a path.
std::string path_segment(std::string_view text);

/// The address without what may follow the port. Errors: wrong usage for what is not http:// or https://.
Outcome<std::string> checked_url(std::string url);

/// The Failure in an answer with this status and body.
Failure failure_of_reply(int status, const std::string& body, const std::string& url);

}  // namespace r8r::cli
