#include "services/worker/http_output.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "common/base/json_text.hpp"
#include "common/expr/json.hpp"

namespace r8r::worker {
namespace {

using expr::Value;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kExcerptBytes = 2048;
constexpr seconds kLongestRetryAfter{86'400};

std::string base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t bits = 0;
    const std::size_t here = std::min<std::size_t>(3, bytes.size() - at);
    for (std::size_t i = 0; i < 3; ++i) bits = bits << 8 | (i < here ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    for (std::size_t i = 0; i < 4; ++i) out += i <= here ? kAlphabet[bits >> (18 - 6 * i) & 63] : '=';
  }
  return out;
}

// Header values are bytes; those that are no UTF-8 are read as ISO 8859-1.
std::string as_utf8(std::string_view text) {
  if (is_valid_utf8(text)) return std::string(text);
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xc0 | byte >> 6);
      out += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  return out;
}

// application/json, text/json, application/problem+json; charset=utf-8
bool is_json(const std::string* content_type) {
  if (content_type == nullptr) return false;
  std::string type = content_type->substr(0, content_type->find(';'));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  std::transform(type.begin(), type.end(), type.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return type == "application/json" || type == "text/json" || type.ends_with("+json");
}

bool is_text(std::string_view body) {
  return body.find('\0') == std::string_view::npos && is_valid_utf8(body);
}

}  // namespace

expr::Value http_output(HttpResponse response, bool raw, milliseconds duration) {
  expr::Map out;
  out.set("status", Value::integer(response.status));
  const bool json = !raw && is_json(response.header("content-type"));
  expr::Map headers;
  for (const auto& [name, value] : response.headers) headers.set(as_utf8(name), Value::string(as_utf8(value)));
  out.set("headers", Value::map(std::move(headers)));

  bool parsed = false;
  if (json) {
    if (response.body.empty()) {
      out.set("body", Value::null());
      parsed = true;
    } else if (Result<Value> body = expr::parse_json(response.body)) {
      out.set("body", std::move(*body));
      parsed = true;
    }
  }
  if (!parsed && is_text(response.body)) {
    out.set("body", Value::string(std::move(response.body)));
  } else if (!parsed) {
    out.set("body", Value::string(base64(response.body)));
    out.set("encoding", Value::string("base64"));
  }
  out.set("duration_ms", Value::integer(duration.count()));
  return Value::map(std::move(out));
}

std::string body_excerpt(const HttpResponse& response) {
  if (response.body.empty()) return {};
  if (!is_text(response.body)) return fmt::format("({} bytes that are no text)", response.body.size());
  std::string out = response.body.substr(0, kExcerptBytes);
  while (!out.empty() && !is_valid_utf8(out)) out.pop_back();  // a character cut in two
  if (out.size() < response.body.size()) out += "…";
  return out;
}

milliseconds retry_after(std::string_view value, Timestamp now) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
  if (error == std::errc() && end == value.data() + value.size())
    return std::clamp<seconds>(seconds(count), seconds(0), kLongestRetryAfter);
  if (error == std::errc::result_out_of_range) return kLongestRetryAfter;
  const time_t date = curl_getdate(std::string(value).c_str(), nullptr);
  if (date < 0) return milliseconds(0);
  const auto until = std::chrono::duration_cast<milliseconds>(std::chrono::sys_seconds(seconds(date)) - now);
  return std::clamp<milliseconds>(until, milliseconds(0), kLongestRetryAfter);
}

}  // namespace r8r::worker
