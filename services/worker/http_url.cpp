#include "services/worker/http_url.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace r8r::worker {
namespace {

using Handle = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

std::string part(CURLU* url, CURLUPart what, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, what, &text, flags) != CURLUE_OK) return {};
  std::string out(text);
  curl_free(text);
  return out;
}

// Without query and fragment, and short.
std::string shown(std::string_view text) {
  text = text.substr(0, text.find_first_of("?#"));
  std::string out;
  for (const char c : text.substr(0, 200)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return out;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// `url` holds what was written; takes it apart and checks it.
Result<Url> checked(CURLU* url, std::string_view written) {
  Url out;
  out.scheme = lower(part(url, CURLUPART_SCHEME));
  if (out.scheme != "http" && out.scheme != "https")
    return fail(ErrorCode::invalid_input,
                fmt::format("url: scheme '{}' is not allowed; use http or https", out.scheme));
  if (!part(url, CURLUPART_USER).empty() || !part(url, CURLUPART_PASSWORD).empty())
    return fail(ErrorCode::invalid_input, "url: user and password are not allowed in it; use an Authorization header");
  out.host = lower(part(url, CURLUPART_HOST));
  out.port = part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if (out.host.empty()) return fail(ErrorCode::invalid_input, fmt::format("url: '{}' names no host", shown(written)));
  curl_url_set(url, CURLUPART_FRAGMENT, nullptr, 0);
  out.text = part(url, CURLUPART_URL);
  return out;
}

void append_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~')) {
      out += c;
    } else {
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
}

Result<Url> parse_into(CURLU* url, const std::string& text) {
  if (has_control_characters(text)) return fail(ErrorCode::invalid_input, "url: it has control characters in it");
  constexpr unsigned kFlags = CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME;
  const CURLUcode code = curl_url_set(url, CURLUPART_URL, text.c_str(), kFlags);
  if (code == CURLUE_BAD_SCHEME || (code != CURLUE_OK && text.find("://") == std::string::npos))
    return fail(ErrorCode::invalid_input,
                fmt::format("url: '{}' does not begin with http:// or https://", shown(text)));
  if (code != CURLUE_OK)
    return fail(ErrorCode::invalid_input,
                fmt::format("url: '{}' is not a URL: {}", shown(text), curl_url_strerror(code)));
  return checked(url, text);
}

}  // namespace

Result<Url> parse_url(const std::string& text) {
  const Handle url(curl_url(), &curl_url_cleanup);
  return parse_into(url.get(), text);
}

Result<Url> resolve_url(const Url& base, const std::string& location) {
  const Handle url(curl_url(), &curl_url_cleanup);
  curl_url_set(url.get(), CURLUPART_URL, base.text.c_str(), 0);
  return parse_into(url.get(), location);
}

std::string form_encoded(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!out.empty()) out += '&';
    append_encoded(out, name);
    out += '=';
    append_encoded(out, value);
  }
  return out;
}

std::string with_query(std::string url, const std::vector<std::pair<std::string, std::string>>& query) {
  if (query.empty()) return url;
  url.resize(std::min(url.find('#'), url.size()));
  const std::size_t mark = url.find('?');
  if (mark == std::string::npos) {
    url += '?';
  } else if (mark + 1 != url.size() && url.back() != '&') {
    url += '&';
  }
  return url + form_encoded(query);
}

}  // namespace r8r::worker
