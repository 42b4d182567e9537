#include "common/http/request_parser.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <fmt/format.h>

#include "common/http/url_text.hpp"

namespace r8r::http {
namespace {

namespace beast = boost::beast;
using beast::error_code;

// Bytes that may wait for the end of a chunk's size line, or of the trailer.
constexpr std::size_t kMaxChunkOverhead = 16 * 1024;
// Memory taken for a body before its bytes are here: a declared length alone must cost little.
constexpr std::size_t kMaxReserve = 64 * 1024;
// Memory of a body that stays for the connection's next one.
constexpr std::size_t kKeptBody = 4 * 1024;

}  // namespace

class RequestParser::Grammar : public beast::http::basic_parser<true> {
 public:
  Grammar(RequestParser& owner, Request& request) : owner_(owner), request_(request) {
    header_limit(static_cast<std::uint32_t>(owner.limits_.max_header));
    body_limit(owner.limits_.max_body);
  }

  bool head_done() const { return head_done_; }

 private:
  using View = beast::string_view;

  void on_request_impl(beast::http::verb, View method, View target, int version, error_code& error) override {
    if (method.size() + target.size() + 10 > owner_.limits_.max_request_line) {
      owner_.fail(414, ErrorCode::invalid_request,
                  fmt::format("the request line is over {} bytes", owner_.limits_.max_request_line));
      error = beast::http::error::bad_target;
      return;
    }
    request_.method_name.assign(method);
    request_.method = http::parse_method(method);
    request_.target.assign(target);
    request_.version = version;
    const SplitTarget split = split_target(request_.target);
    request_.path.assign(split.path);
    request_.query = parse_query(split.query);
  }

  void on_field_impl(beast::http::field field, View name, View value, error_code& error) override {
    if (head_done_) return;  // a trailer: nothing there may pass for a header
    if (request_.headers.size() == owner_.limits_.max_header_fields) {
      owner_.fail(431, ErrorCode::invalid_request,
                  fmt::format("more than {} header fields", owner_.limits_.max_header_fields));
      error = beast::http::error::header_limit;
      return;
    }
    if (field == beast::http::field::host) ++hosts_;
    if (field == beast::http::field::transfer_encoding) has_transfer_encoding_ = true;
    NameValue& entry = request_.headers.emplace_back(std::string(name), std::string(value));
    to_lower(entry.first);
  }

  void on_header_impl(error_code& error) override {
    head_done_ = true;
    // RFC 9112: an encoding whose end we cannot know must not be guessed at; a request names exactly one host.
    if (has_transfer_encoding_ && (!chunked() || request_.version < 11)) {
      owner_.fail(400, ErrorCode::invalid_request, "the only Transfer-Encoding that is supported is 'chunked'");
      error = beast::http::error::bad_transfer_encoding;
    } else if (hosts_ > 1 || (hosts_ == 0 && request_.version >= 11)) {
      owner_.fail(400, ErrorCode::invalid_request, "the request needs exactly one Host header");
      error = beast::http::error::bad_field;
    }
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    request_.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(length.value_or(0), kMaxReserve)));
  }
  std::size_t on_body_impl(View bytes, error_code&) override {
    request_.body.append(bytes);
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, View, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View bytes, error_code&) override {
    request_.body.append(bytes);
    return bytes.size();
  }
  void on_finish_impl(error_code&) override {}
  void on_response_impl(int, View, int, error_code&) override {}

  RequestParser& owner_;
  Request& request_;
  int hosts_ = 0;
  bool has_transfer_encoding_ = false;
  bool head_done_ = false;
};

RequestParser::RequestParser(const ParserLimits& limits) : limits_(limits) {}
RequestParser::~RequestParser() = default;

void RequestParser::begin(Request& request) {
  request.method = Method::other;
  request.method_name.clear();
  request.target.clear();
  request.path.clear();
  request.query.clear();
  request.headers.clear();
  request.params.clear();
  request.request_id.clear();
  request.route = nullptr;
  // A large body's memory goes back; a small one's is used again.
  if (request.body.capacity() > kKeptBody) request.body = std::string();
  request.body.clear();
  grammar_ = std::make_unique<Grammar>(*this, request);
  failure_.reset();
  head_bytes_ = 0;
  begun_ = false;
}

std::size_t RequestParser::skip_blank_lines(std::string_view data) const {
  // RFC 9112 section 2.2: clients that send an extra CRLF after a body exist.
  std::size_t skipped = 0;
  while (data.substr(skipped).starts_with("\r\n")) skipped += 2;
  return skipped;
}

bool RequestParser::request_line_fits(std::string_view data) {
  if (data.size() <= limits_.max_request_line || head_bytes_ > 0) return true;
  if (data.substr(0, limits_.max_request_line).find('\n') != std::string_view::npos) return true;
  fail(414, ErrorCode::invalid_request, fmt::format("the request line is over {} bytes", limits_.max_request_line));
  return false;
}

std::size_t RequestParser::feed(std::string_view data) {
  const std::size_t skipped = begun_ ? 0 : skip_blank_lines(data);
  data.remove_prefix(skipped);
  // A lone CR may be half of such a blank line.
  if (data.empty() || (!begun_ && data == "\r")) return skipped;
  begun_ = true;
  if (!request_line_fits(data)) return skipped;

  const bool in_head = !grammar_->head_done();
  error_code error;
  const std::size_t taken = grammar_->put(boost::asio::const_buffer(data.data(), data.size()), error);
  const std::size_t left = data.size() - taken;
  const bool too_large = error == beast::http::error::body_limit;  // found at the end of the head, or later in a chunk
  if (in_head && !too_large) {
    head_bytes_ += taken;
    const std::size_t head = head_bytes_ + (grammar_->head_done() ? 0 : left);
    if (!failure_ && (head > limits_.max_header || error == beast::http::error::header_limit))
      fail(431, ErrorCode::invalid_request, fmt::format("the request's headers are over {} bytes", limits_.max_header));
  }
  if (failure_) return skipped + taken;
  if (error == beast::http::error::need_more) {
    if (!in_head && left > kMaxChunkOverhead)
      fail(400, ErrorCode::invalid_request, "a chunk's size line or the trailer is too long");
  } else if (too_large) {
    fail(413, ErrorCode::payload_too_large,
         fmt::format("the request body is over the limit of {} bytes", limits_.max_body));
  } else if (error) {
    fail(400, ErrorCode::invalid_request, "malformed HTTP request: " + error.message());
  }
  return skipped + taken;
}

bool RequestParser::head_complete() const {
  return grammar_ && grammar_->head_done();
}
bool RequestParser::complete() const {
  return grammar_ && grammar_->is_done();
}
bool RequestParser::keep_alive() const {
  return grammar_->keep_alive();
}

void RequestParser::fail(int status, ErrorCode code, std::string message) {
  if (!failure_) failure_ = ParserFailure{status, code, std::move(message)};
}

}  // namespace r8r::http
