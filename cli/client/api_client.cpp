#include "cli/client/api_client.hpp"

#include <curl/curl.h>

namespace r8r::cli {
namespace {

constexpr std::chrono::milliseconds kConnectLimit{5'000};

std::size_t append(char* data, std::size_t size, std::size_t count, void* to) {
  static_cast<std::string*>(to)->append(data, size * count);
  return size * count;
}

bool is_loopback(std::string_view url) {
  const auto begin = url.find("://");
  const std::string_view host = begin == std::string_view::npos ? url : url.substr(begin + 3);
  return host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]");
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

struct ApiClient::Transfer {
  CURL* curl = nullptr;
  std::string body;
  char reason[CURL_ERROR_SIZE] = {};

  Transfer() {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    R8R_ASSERT(ready == CURLE_OK, "libcurl could not be initialised");
    curl = curl_easy_init();
    R8R_ASSERT(curl != nullptr, "libcurl gave no handle");
  }
  ~Transfer() { curl_easy_cleanup(curl); }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// Prepares a request; what stays open from the last one is used again.
  void begin(const std::string& url, std::chrono::milliseconds limit) {
    body.clear();
    reason[0] = '\0';
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(limit, kConnectLimit).count()));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "r8r-cli");
    // A proxy from the environment would only be in the way of this machine's own server.
    if (is_loopback(url)) curl_easy_setopt(curl, CURLOPT_PROXY, "");
  }

  int status() const {
    long value = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &value);
    return static_cast<int>(value);
  }
};

ApiClient::ApiClient(std::string url, std::string api_key)
    : url_(std::move(url)), api_key_(std::move(api_key)), transfer_(std::make_unique<Transfer>()) {}
ApiClient::~ApiClient() = default;
ApiClient::ApiClient(ApiClient&&) noexcept = default;

Outcome<Reply> ApiClient::get(const std::string& path, std::chrono::milliseconds limit) {
  return send("GET", path, nullptr, limit);
}

Outcome<Reply> ApiClient::post(const std::string& path, const std::string& body, std::chrono::milliseconds limit) {
  return send("POST", path, &body, limit);
}

Outcome<Reply> ApiClient::remove(const std::string& path, std::chrono::milliseconds limit) {
  return send("DELETE", path, nullptr, limit);
}

Reply ApiClient::probe(const std::string& path, std::chrono::milliseconds limit) {
  transfer_->begin(url_ + path, limit);
  if (curl_easy_perform(transfer_->curl) != CURLE_OK) return {};
  return {transfer_->status(), transfer_->body, Json::parse(transfer_->body, nullptr, false)};
}

Outcome<Reply> ApiClient::send(const char* method, const std::string& path, const std::string* body,
                               std::chrono::milliseconds limit) {
  CURL* curl = transfer_->curl;
  transfer_->begin(url_ + path, limit);
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
  std::vector<std::string> lines{"Accept: application/json", "Expect:"};
  if (body != nullptr) {
    lines.push_back("Content-Type: application/json");
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body->size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body->c_str());
  }
  if (!api_key_.empty()) lines.push_back("Authorization: Bearer " + api_key_);
  curl_slist* headers = nullptr;
  for (const std::string& line : lines) headers = curl_slist_append(headers, line.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  const CURLcode code = curl_easy_perform(curl);
  curl_slist_free_all(headers);

  if (code != CURLE_OK) {
    const std::string reason = transfer_->reason[0] != '\0' ? transfer_->reason : curl_easy_strerror(code);
    Failure failure{"HTTP_ERROR",
                    fmt::format("cannot reach the r8r server at {}: {}", url_, reason),
                    exit_code::kUnreachable,
                    {},
                    {},
                    {},
                    {},
                    {}};
    if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST) {
      failure.hints.push_back("start one with: r8r server");
      failure.hints.push_back("or say where it is with --url or R8R_URL");
    }
    return failed(std::move(failure));
  }
  const int status = transfer_->status();
  if (status < 200 || status > 299) return failed(failure_of_reply(status, transfer_->body, url_));
  Reply reply{status, transfer_->body, Json::parse(transfer_->body, nullptr, false)};
  if (reply.json.is_discarded() && status != 204)
    return failed("HTTP_ERROR", fmt::format("what answers at {} is not an r8r server: it sent no JSON", url_));
  return reply;
}

std::string path_segment(std::string_view text) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~";
  // "." and ".." alone would be taken for a step in the path by every URL library on the way.
  const bool dots_are_plain = text.find_first_not_of('.') != std::string_view::npos;
  std::string out;
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos || (c == '.' && dots_are_plain)) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

Outcome<std::string> checked_url(std::string url) {
  if (!url.starts_with("http://") && !url.starts_with("https://"))
    return failed("USAGE_ERROR",
                  fmt::format("'{}' is not the address of a server; give it as http://127.0.0.1:8080", url),
                  exit_code::kUsage);
  while (url.ends_with('/')) url.pop_back();
  return url;
}

Failure failure_of_reply(int status, const std::string& body, const std::string& url) {
  const Json answer = Json::parse(body, nullptr, false);
  const auto envelope = answer.is_object() ? answer.find("error") : answer.end();
  if (!answer.is_object() || envelope == answer.end() || !envelope->is_object()) {
    return {"HTTP_ERROR",
            fmt::format("what answers at {} is not an r8r server: status {} without an error of r8r", url, status),
            exit_code::kError,
            {},
            {},
            {},
            {},
            {}};
  }
  Failure failure;
  failure.code = text_of(*envelope, "code");
  failure.message = text_of(*envelope, "message");
  failure.exit = exit_code::of_api_error(status, failure.code);
  failure.request_id = text_of(*envelope, "request_id");
  failure.execution_id = text_of(*envelope, "execution_id");
  if (const auto details = envelope->find("details"); details != envelope->end()) failure.details = *details;
  if (failure.code.empty()) failure.code = "HTTP_ERROR";
  if (failure.exit == exit_code::kUnauthorized)
    failure.hints.push_back("give the server's key with --api-key or R8R_API_KEY");
  if (!failure.execution_id.empty())
    failure.hints.push_back(fmt::format("see it with: r8r executions show {}", failure.execution_id));
  return failure;
}

}  // namespace r8r::cli
