#include "common/http/response_head.hpp"

#include <ctime>

#include <boost/beast/http/status.hpp>

#include <fmt/format.h>

#include "common/http/url_text.hpp"

namespace r8r::http {
namespace {

constexpr std::string_view kOwn[] = {"content-length", "connection",   "transfer-encoding",
                                     "date",           "x-request-id", "x-content-type-options"};

bool is_own(std::string_view name) {
  for (const std::string_view own : kOwn)
    if (equal_ignoring_case(name, own)) return true;
  return false;
}

void append_value(std::string& out, std::string_view value) {
  for (const char c : value) out.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c);
}

bool is_token(std::string_view name) {
  if (name.empty()) return false;
  for (const char c : name)
    if (static_cast<unsigned char>(c) <= 0x20 || c == ':' || c == 0x7F) return false;
  return true;
}

}  // namespace

bool status_has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

void append_response_head(std::string& out, const Response& response, const HeadFacts& facts) {
  const int status = response.status;
  if (status == 200) {
    out += "HTTP/1.1 200 OK\r\n";
  } else {
    const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
    fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", status,
                   std::string_view(reason.data(), reason.size()));
  }
  if (status_has_body(status)) {
    if (!response.content_type.empty()) {
      out += "Content-Type: ";
      append_value(out, response.content_type);
      out += "\r\n";
    }
    out += "Content-Length: ";
    const fmt::format_int length(facts.body_size);
    out.append(length.data(), length.size());
    out += "\r\n";
    if (facts.gzipped) out += "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n";
  }
  if (!facts.request_id.empty()) {
    out += "X-Request-ID: ";
    append_value(out, facts.request_id);
    out += "\r\n";
  }
  out += "X-Content-Type-Options: nosniff\r\nDate: ";
  out += facts.date;
  out += "\r\n";
  for (const auto& [name, value] : response.headers) {
    if (!is_token(name) || is_own(name)) continue;
    out += name;
    out += ": ";
    append_value(out, value);
    out += "\r\n";
  }
  if (facts.close) {
    out += "Connection: close\r\n\r\n";
  } else if (facts.say_keep_alive) {
    out += "Connection: keep-alive\r\n\r\n";
  } else {
    out += "\r\n";
  }
}

std::string_view DateText::at(Timestamp now) {
  const std::int64_t second = to_unix_us(now) / 1'000'000;
  if (second == second_) return text_;
  second_ = second;
  const std::time_t time = static_cast<std::time_t>(second);
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  text_ = fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[parts.tm_wday], parts.tm_mday,
                      kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
  return text_;
}

}  // namespace r8r::http
