#include "common/http/gzip.hpp"

#include <stdexcept>

#include <zlib.h>

#include "common/http/response_head.hpp"
#include "common/http/url_text.hpp"

namespace r8r::http {
namespace {

constexpr std::size_t kWorthIt = 1024;
// The fastest level: the event loop pays for it, and JSON shrinks to a fifth already.
constexpr int kLevel = 1;
constexpr int kWindowBitsGzip = 15 + 16;

bool is_text(std::string_view type) {
  for (const std::string_view prefix : {"application/json", "text/", "application/yaml", "application/javascript",
                                        "application/problem+json", "application/openmetrics-text", "image/svg+xml"})
    if (type.substr(0, prefix.size()) == prefix) return true;
  return type.find("+json") != std::string_view::npos || type.find("+yaml") != std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// "q=0", "q=0.0" and so on: the client refuses this coding.
bool is_refused(std::string_view parameters) {
  const std::string_view text = trimmed(parameters);
  if (!text.starts_with("q=") && !text.starts_with("Q=")) return false;
  const std::string_view quality = text.substr(2);
  return !quality.empty() && quality.find_first_not_of("0.") == std::string_view::npos;
}

bool accepts_gzip(std::string_view list) {
  bool any = false;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view item = list.substr(0, comma);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    const std::size_t semicolon = item.find(';');
    const std::string_view coding = trimmed(item.substr(0, semicolon));
    const bool refused = semicolon != std::string_view::npos && is_refused(item.substr(semicolon + 1));
    if (equal_ignoring_case(coding, "gzip")) return !refused;
    if (coding == "*") any = !refused;
  }
  return any;
}

}  // namespace

struct GzipCompressor::Stream {
  z_stream z{};
};

GzipCompressor::GzipCompressor() : stream_(std::make_unique<Stream>()) {
  if (::deflateInit2(&stream_->z, kLevel, Z_DEFLATED, kWindowBitsGzip, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
}

GzipCompressor::~GzipCompressor() {
  ::deflateEnd(&stream_->z);
}

void GzipCompressor::begin() {
  ::deflateReset(&stream_->z);
}

void GzipCompressor::add(std::string_view slice, bool last, std::string& out) {
  z_stream& z = stream_->z;
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(slice.data()));
  z.avail_in = static_cast<uInt>(slice.size());
  int result = Z_OK;
  do {
    const std::size_t used = out.size();
    const std::size_t room = std::max<std::size_t>(slice.size() / 4, 4096);
    out.resize(used + room);
    z.next_out = reinterpret_cast<Bytef*>(out.data() + used);
    z.avail_out = static_cast<uInt>(room);
    result = ::deflate(&z, last ? Z_FINISH : Z_NO_FLUSH);
    out.resize(used + (room - std::min<std::size_t>(room, z.avail_out)));
  } while (last ? result == Z_OK || result == Z_BUF_ERROR : z.avail_in > 0);
  if (last && result != Z_STREAM_END) throw std::runtime_error("zlib failed to end a stream");
}

bool wants_gzip(const Request& request, const Response& response) {
  if (response.body.size() <= kWorthIt || request.method == Method::head || !status_has_body(response.status))
    return false;
  const auto accepted = request.header("accept-encoding");
  return accepted && accepts_gzip(*accepted) && is_text(response.content_type) && !response.header("content-encoding");
}

}  // namespace r8r::http
