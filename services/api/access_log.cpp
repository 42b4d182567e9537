#include "services/api/access_log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <iterator>

#include "common/base/json_text.hpp"
#include "common/base/time.hpp"

namespace r8r::api {
namespace {

constexpr std::size_t kWriteAtOnce = 64 * 1024;

void write_to_stderr(const std::string& lines) {
  const char* at = lines.data();
  std::size_t left = lines.size();
  while (left > 0) {
    const ssize_t done = ::write(STDERR_FILENO, at, left);
    if (done <= 0) return;
    at += done;
    left -= static_cast<std::size_t>(done);
  }
}

void append_text(std::string& out, std::string_view key, std::string_view value) {
  out += ",\"";
  out += key;
  out += "\":";
  append_json_string(out, value);
}

bool is_secret(std::string_view name) {
  return name == "token" || name == "key" || name == "api_key" || name == "apikey" || name == "access_token" ||
         name == "secret" || name == "password";
}

}  // namespace

std::string masked_query(std::string_view target) {
  const auto mark = target.find('?');
  if (mark == std::string_view::npos) return {};
  std::string_view rest = target.substr(mark + 1);
  std::string out;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!out.empty()) out += '&';
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && is_secret(pair.substr(0, equals))) {
      out += pair.substr(0, equals + 1);
      out += "***";
    } else {
      out += pair;
    }
  }
  return out;
}

AccessLog::AccessLog(boost::asio::io_context& io, Writer writer)
    : io_(io),
      writer_(writer ? std::move(writer) : Writer(write_to_stderr)),
      self_(std::make_shared<AccessLog*>(this)) {}

AccessLog::~AccessLog() {
  *self_ = nullptr;
  flush();
}

void AccessLog::record(const http::Request& request, const http::Response& response, std::chrono::microseconds took) {
  lines_ += "{\"time\":\"";
  lines_ += to_rfc3339(wall_now());
  lines_ += "\",\"level\":\"info\",\"service\":\"api\",\"message\":\"request\"";
  append_text(lines_, "method", request.method_name);
  append_text(lines_, "path", request.path);
  if (request.target.size() > request.path.size()) append_text(lines_, "query", masked_query(request.target));
  fmt::format_to(std::back_inserter(lines_), ",\"status\":{},\"duration_ms\":{:.3f}", response.status,
                 static_cast<double>(took.count()) / 1000);
  append_text(lines_, "request_id", request.request_id);
  append_text(lines_, "user_agent", request.header("user-agent").value_or(""));
  append_text(lines_, "client_ip", request.remote_ip);
  lines_ += "}\n";
  if (lines_.size() >= kWriteAtOnce) {
    flush();
  } else if (!scheduled_) {
    scheduled_ = true;
    boost::asio::post(io_, [self = self_] {
      if (AccessLog* log = *self) log->flush();
    });
  }
}

void AccessLog::flush() {
  scheduled_ = false;
  if (lines_.empty()) return;
  writer_(lines_);
  lines_.clear();
}

}  // namespace r8r::api
