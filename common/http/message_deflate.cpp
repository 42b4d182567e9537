#include "common/http/message_deflate.hpp"

#include <array>
#include <new>

#include <zlib.h>

#include "common/http/url_text.hpp"

namespace r8r::http {
namespace {

constexpr int kRawWindow = -15;
constexpr int kLevel = 1;
constexpr std::size_t kWorthIt = 1024;
// Every sync flush ends with these; they do not travel.
constexpr std::string_view kTail("\x00\x00\xff\xff", 4);

// One of each per thread: a message is done in one call and leaves nothing behind.
struct InflateStream {
  InflateStream() {
    if (::inflateInit2(&z, kRawWindow) != Z_OK) throw std::bad_alloc();
  }
  ~InflateStream() { ::inflateEnd(&z); }
  z_stream z{};
};
struct DeflateStream {
  DeflateStream() {
    if (::deflateInit2(&z, kLevel, Z_DEFLATED, kRawWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  }
  ~DeflateStream() { ::deflateEnd(&z); }
  z_stream z{};
};

Bytef* bytes_of(std::string_view text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view next_part(std::string_view& list, char separator) {
  const std::size_t end = list.find(separator);
  const std::string_view part = trimmed(list.substr(0, end));
  list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
  return part;
}

bool can_meet(std::string_view offer) {
  if (!equal_ignoring_case(next_part(offer, ';'), "permessage-deflate")) return false;
  while (!offer.empty()) {
    const std::string_view parameter = next_part(offer, ';');
    const std::string_view name = trimmed(parameter.substr(0, parameter.find('=')));
    // Our compressor always uses the whole window; a client that cannot take that gets no compression. What the client
    // says about its own window is only a favour to us.
    if (equal_ignoring_case(name, "server_max_window_bits")) {
      const std::string_view value = parameter.substr(std::min(parameter.find('='), parameter.size()));
      if (trimmed(value.substr(std::min<std::size_t>(1, value.size()))) != "15") return false;
    } else if (!equal_ignoring_case(name, "client_max_window_bits") &&
               !equal_ignoring_case(name, "server_no_context_takeover") &&
               !equal_ignoring_case(name, "client_no_context_takeover")) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::optional<std::string> agree_on_deflate(std::string_view offers) {
  while (!offers.empty()) {
    if (can_meet(next_part(offers, ',')))
      return "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
  }
  return std::nullopt;
}

InflateOutcome inflate_message(std::string_view compressed, std::size_t max, std::string& out) {
  thread_local InflateStream stream;
  z_stream& z = stream.z;
  ::inflateReset(&z);
  const std::size_t start = out.size();
  const std::array<std::string_view, 2> parts = {compressed, kTail};
  std::array<char, 16 * 1024> chunk;
  for (const std::string_view part : parts) {
    z.next_in = bytes_of(part);
    z.avail_in = static_cast<uInt>(part.size());
    do {
      z.next_out = reinterpret_cast<Bytef*>(chunk.data());
      z.avail_out = static_cast<uInt>(chunk.size());
      const int result = ::inflate(&z, Z_SYNC_FLUSH);
      const std::size_t made = chunk.size() - z.avail_out;
      if (out.size() - start + made > max) return InflateOutcome::too_large;
      out.append(chunk.data(), made);
      // A block marked as the last one is allowed; the empty one that must follow may have left a zero byte (section
      // 7.2.3.4).
      if (result == Z_STREAM_END)
        return z.avail_in == 0 || (z.avail_in == 1 && *z.next_in == 0) ? InflateOutcome::done : InflateOutcome::broken;
      if (result != Z_OK && result != Z_BUF_ERROR) return InflateOutcome::broken;
    } while (z.avail_in > 0 || z.avail_out == 0);
  }
  return InflateOutcome::done;
}

std::string deflate_message(std::string_view text) {
  thread_local DeflateStream stream;
  z_stream& z = stream.z;
  ::deflateReset(&z);
  z.next_in = bytes_of(text);
  z.avail_in = static_cast<uInt>(text.size());
  std::string out;
  do {
    const std::size_t used = out.size();
    const std::size_t room = std::max<std::size_t>(text.size() / 2, 1024);
    out.resize(used + room);
    z.next_out = reinterpret_cast<Bytef*>(out.data() + used);
    z.avail_out = static_cast<uInt>(room);
    ::deflate(&z, Z_SYNC_FLUSH);
    out.resize(used + (room - std::min<std::size_t>(room, z.avail_out)));
  } while (z.avail_out == 0);
  if (std::string_view(out).ends_with(kTail)) out.resize(out.size() - kTail.size());
  return out;
}

std::shared_ptr<const std::string> DeflatedMessages::of(const std::shared_ptr<const std::string>& text) {
  if (text->size() <= kWorthIt) return nullptr;
  for (const Entry& entry : entries_)
    if (entry.text == text) return entry.deflated;
  std::string deflated = deflate_message(*text);
  Entry& entry = entries_[next_];
  next_ = (next_ + 1) % kEntries;
  entry.text = text;
  entry.deflated = deflated.size() < text->size() ? std::make_shared<const std::string>(std::move(deflated)) : nullptr;
  return entry.deflated;
}

}  // namespace r8r::http
