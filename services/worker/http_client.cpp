#include "services/worker/http_client.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "common/base/async.hpp"
#include "services/worker/curl_loop.hpp"

namespace r8r::worker {
namespace {

using asio::ip::address;

// Of one response, all lines together.
constexpr std::size_t kMaxHeaderBytes = 256 * 1024;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<address> address_of(const curl_sockaddr& target) {
  if (target.family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &target.addr, sizeof in);
    return asio::ip::address_v4(ntohl(in.sin_addr.s_addr));
  }
  if (target.family == AF_INET6) {
    // curl_sockaddr ends with a sockaddr, but has room for the longer one.
    sockaddr_in6 in6{};
    std::memcpy(&in6, static_cast<const void*>(&target.addr), sizeof in6);
    asio::ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &in6.sin6_addr, bytes.size());
    return asio::ip::address_v6(bytes);
  }
  return std::nullopt;
}

/// One request on its way. curl's callbacks write into it.
struct Transfer {
  Transfer(asio::io_context& io, std::shared_ptr<CurlLoop> shared_loop, const AddressGuard& allowed, HttpRequest&& what)
      : loop(std::move(shared_loop)), guard(allowed), request(std::move(what)), done(io), easy(curl_easy_init()) {
    R8R_ASSERT(easy != nullptr, "curl_easy_init failed");
  }
  ~Transfer() {
    loop->remove(easy);
    curl_easy_cleanup(easy);
    curl_slist_free_all(lines);
  }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  void prepare();
  void add_line(const std::string& line) { lines = curl_slist_append(lines, line.c_str()); }
  void take_header(std::string_view line);

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* context);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* context);
  static curl_socket_t on_open(void* context, curlsocktype, curl_sockaddr* target);

  std::shared_ptr<CurlLoop> loop;
  const AddressGuard& guard;
  HttpRequest request;
  Notifier done;
  CURL* easy;
  curl_slist* lines = nullptr;
  std::array<char, CURL_ERROR_SIZE> error_text{};
  bool ended = false;
  int code = CURLE_OK;

  HttpResponse response;
  std::size_t header_bytes = 0;
  bool body_began = false;
  std::optional<std::string> refusal;  // why we ended it ourselves
};

void Transfer::prepare() {
  const auto set = [this](CURLoption option, auto value) {
    const CURLcode result = curl_easy_setopt(easy, option, value);
    R8R_ASSERT(result == CURLE_OK,
               fmt::format("curl option {}: {}", static_cast<int>(option), curl_easy_strerror(result)));
  };
  set(CURLOPT_URL, request.url.text.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOPROXY, "*");
  set(CURLOPT_NOSIGNAL, 1L);
  // A name that is still being looked up when a transfer ends must not hold up the thread.
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_ACCEPT_ENCODING, "");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(CURLOPT_SSL_VERIFYPEER, request.verify_tls ? 1L : 0L);
  set(CURLOPT_SSL_VERIFYHOST, request.verify_tls ? 2L : 0L);
  const long timeout_ms = std::max<long>(1, static_cast<long>(request.timeout.count()));
  set(CURLOPT_TIMEOUT_MS, timeout_ms);
  set(CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
  set(CURLOPT_ERRORBUFFER, error_text.data());
  if (request.send_once) set(CURLOPT_FRESH_CONNECT, 1L);

  set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_open);
  set(CURLOPT_OPENSOCKETDATA, this);
  set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(CURLOPT_WRITEDATA, this);

  bool has_content_type = false;
  bool has_user_agent = false;
  for (const auto& [name, value] : request.headers) {
    has_content_type |= lower(name) == "content-type";
    has_user_agent |= lower(name) == "user-agent";
    // curl drops a header that is written with nothing after the colon; a semicolon means an empty one.
    add_line(value.empty() ? name + ";" : name + ": " + value);
  }
  if (!has_user_agent) add_line("User-Agent: r8r");

  const std::string& method = request.method;
  const bool wants_length = method == "POST" || method == "PUT" || method == "PATCH";
  if (method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (request.body || wants_length) {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body ? request.body->size() : 0));
    set(CURLOPT_POSTFIELDS, request.body ? request.body->c_str() : "");
    add_line("Expect:");
    if (!has_content_type) add_line("Content-Type:");
    set(CURLOPT_CUSTOMREQUEST, method.c_str());
  } else if (method != "GET") {
    set(CURLOPT_CUSTOMREQUEST, method.c_str());
  }
  set(CURLOPT_HTTPHEADER, lines);
}

// Each line with its end. Lines of an interim answer (100, 103) are forgotten when the next status line comes;
// trailers, after the body, do not count.
void Transfer::take_header(std::string_view line) {
  if (line.starts_with("HTTP/") && !body_began) {
    response.headers.clear();
    return;
  }
  if (body_began || trimmed(line).empty()) return;
  if ((line.front() == ' ' || line.front() == '\t') && !response.headers.empty()) {  // folded onto the next line
    std::string& value = response.headers.back().second;
    value += ' ';
    value += trimmed(line);
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  std::string name = lower(trimmed(line.substr(0, colon)));
  const std::string_view value = trimmed(line.substr(colon + 1));
  for (auto& [known, joined] : response.headers) {
    if (known != name) continue;
    joined += ", ";
    joined += value;
    return;
  }
  response.headers.emplace_back(std::move(name), std::string(value));
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* context) {
  auto& self = *static_cast<Transfer*>(context);
  const std::string_view line(data, size * count);
  self.header_bytes += line.size();
  if (self.header_bytes > kMaxHeaderBytes) {
    self.refusal = fmt::format("the response's headers are over the limit of {} bytes", kMaxHeaderBytes);
    return 0;
  }
  self.take_header(line);
  return line.size();
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* context) {
  auto& self = *static_cast<Transfer*>(context);
  const std::size_t bytes = size * count;
  self.body_began = true;
  if (self.response.body.size() + bytes > self.request.max_response_bytes) {
    self.refusal =
        fmt::format("the response is over the limit of {} bytes (max_response_bytes)", self.request.max_response_bytes);
    return bytes == 0 ? 1 : 0;
  }
  self.response.body.append(data, bytes);
  return bytes;
}

// The one place where a connection begins: what is not allowed here is never connected to, whatever name or redirect
// led to it.
curl_socket_t Transfer::on_open(void* context, curlsocktype, curl_sockaddr* target) {
  auto& self = *static_cast<Transfer*>(context);
  const std::optional<address> where = address_of(*target);
  if (!where) return CURL_SOCKET_BAD;
  if (!self.guard.allows(self.request.url.host, *where)) {
    self.refusal = internal_address_message(*where);
    return CURL_SOCKET_BAD;
  }
  self.refusal.reset();  // another address of the same name was refused, this one is fine
  return ::socket(target->family, target->socktype | SOCK_CLOEXEC, target->protocol);
}

HttpFailure failure_of(const Transfer& transfer) {
  if (transfer.refusal) return {HttpFailure::Kind::other, *transfer.refusal, true};
  const std::string detail = transfer.error_text[0] != '\0' ? transfer.error_text.data()
                                                            : curl_easy_strerror(static_cast<CURLcode>(transfer.code));
  switch (transfer.code) {
    case CURLE_OPERATION_TIMEDOUT:
      return {HttpFailure::Kind::timeout, "timed out", false};
    case CURLE_COULDNT_RESOLVE_HOST:
      return {HttpFailure::Kind::other, fmt::format("host name '{}' cannot be resolved", transfer.request.url.host),
              false};
    case CURLE_COULDNT_CONNECT:
      return {HttpFailure::Kind::other, fmt::format("no connection: {}", detail), false};
    case CURLE_GOT_NOTHING:
      return {HttpFailure::Kind::other, "the server closed the connection without an answer", false};
    case CURLE_PARTIAL_FILE:
      return {HttpFailure::Kind::other, fmt::format("the answer is cut short: {}", detail), false};
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return {HttpFailure::Kind::other, fmt::format("the answer is not valid HTTP: {}", detail), false};
    case CURLE_BAD_CONTENT_ENCODING:
      return {HttpFailure::Kind::other, fmt::format("the answer's encoding is broken: {}", detail), false};
    case CURLE_PEER_FAILED_VERIFICATION:
      return {HttpFailure::Kind::other, fmt::format("the server's certificate is not accepted: {}", detail), false};
    default:
      return {HttpFailure::Kind::other, detail, false};
  }
}

}  // namespace

const std::string* HttpResponse::header(std::string_view name) const {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [name](const auto& item) { return item.first == name; });
  return found == headers.end() ? nullptr : &found->second;
}

HttpClient::HttpClient(asio::io_context& io, AddressGuard guard)
    : io_(io), guard_(std::move(guard)), loop_(std::make_shared<CurlLoop>(io)) {}

HttpClient::~HttpClient() = default;

awaitable<tl::expected<HttpResponse, HttpFailure>> HttpClient::perform(HttpRequest request,
                                                                       Cancellation& cancellation) {
  using Failed = tl::unexpected<HttpFailure>;
  HttpFailure cancelled{HttpFailure::Kind::cancelled, "cancelled", false};
  if (cancellation.requested()) co_return Failed(std::move(cancelled));

  const auto transfer = std::make_unique<Transfer>(io_, loop_, guard_, std::move(request));
  Transfer* const running = transfer.get();
  running->prepare();
  loop_->add(running->easy, [running](int code) {
    running->code = code;
    running->ended = true;
    running->done.notify_all();
  });
  const Cancellation::Scope scope(cancellation, [running] { running->done.notify_all(); });
  while (!running->ended && !cancellation.requested()) co_await running->done.wait();

  if (cancellation.requested()) co_return Failed(std::move(cancelled));
  if (running->code != CURLE_OK) co_return Failed(failure_of(*running));
  long status = 0;
  curl_easy_getinfo(running->easy, CURLINFO_RESPONSE_CODE, &status);
  running->response.status = static_cast<int>(status);
  co_return std::move(running->response);
}

}  // namespace r8r::worker
