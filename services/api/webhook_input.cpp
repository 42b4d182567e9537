#include "services/api/webhook_input.hpp"

#include <algorithm>
#include <array>

#include "common/base/json_text.hpp"
#include "common/base/time.hpp"
#include "services/api/json_scanner.hpp"
#include "services/api/request_body.hpp"

namespace r8r::api {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::array<std::string_view, 3> kSecretHeaders = {"authorization", "cookie", "x-api-key"};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string base64(std::string_view bytes) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto at = [&](std::size_t k) {
      return k < bytes.size() ? static_cast<unsigned>(static_cast<unsigned char>(bytes[k])) : 0u;
    };
    const unsigned group = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    out += kAlphabet[group >> 18];
    out += kAlphabet[group >> 12 & 63];
    out += i + 1 < bytes.size() ? kAlphabet[group >> 6 & 63] : '=';
    out += i + 2 < bytes.size() ? kAlphabet[group & 63] : '=';
  }
  return out;
}

// Header values joined by ", " when a name comes several times, as HTTP defines it.
std::string headers_json(const http::Request& request) {
  Pairs joined;
  for (const auto& [name, value] : request.headers) {
    if (std::find(kSecretHeaders.begin(), kSecretHeaders.end(), name) != kSecretHeaders.end()) continue;
    const auto same = std::find_if(joined.begin(), joined.end(), [&](const auto& pair) { return pair.first == name; });
    if (same == joined.end()) {
      joined.emplace_back(name, value);
    } else {
      same->second += ", " + value;
    }
  }
  return pairs_json(joined);
}

}  // namespace

std::string percent_decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

Pairs parse_form(std::string_view body) {
  Pairs fields;
  while (!body.empty()) {
    const auto end = std::min(body.find('&'), body.size());
    const std::string_view pair = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    const std::string_view value = equals < pair.size() ? pair.substr(equals + 1) : std::string_view();
    fields.emplace_back(percent_decoded(pair.substr(0, equals), true), percent_decoded(value, true));
  }
  return fields;
}

std::string pairs_json(const Pairs& pairs) {
  // In the order of the first appearance; few names, so a plain search does.
  std::vector<std::pair<std::string_view, std::vector<std::string_view>>> grouped;
  for (const auto& [name, value] : pairs) {
    const auto same =
        std::find_if(grouped.begin(), grouped.end(), [&](const auto& group) { return group.first == name; });
    if (same == grouped.end()) {
      grouped.push_back({name, {value}});
    } else {
      same->second.push_back(value);
    }
  }
  std::string out = "{";
  for (const auto& [name, values] : grouped) {
    if (out.size() > 1) out += ',';
    append_json_string(out, name);
    out += ':';
    if (values.size() > 1) out += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) out += ',';
      append_json_string(out, values[i]);
    }
    if (values.size() > 1) out += ']';
  }
  out += '}';
  return out;
}

std::string webhook_body_json(const http::Request& request) {
  if (request.body.empty()) return request.query.empty() ? std::string("null") : pairs_json(request.query);
  const MediaType type = media_type_of(request);
  if (type == MediaType::json || type == MediaType::none) {
    const JsonScan scan = scan_json(request.body);
    if (!scan.fault) return std::string(scan.value);
  }
  if (type == MediaType::form && is_valid_utf8(request.body)) return pairs_json(parse_form(request.body));
  if (is_valid_utf8(request.body)) return json_string(request.body);
  return "{\"base64\":\"" + base64(request.body) + "\"}";
}

std::string webhook_envelope_json(const http::Request& request, std::string_view path) {
  std::string out = "{\"method\":";
  append_json_string(out, request.method_name);
  out += ",\"headers\":" + headers_json(request);
  out += ",\"body\":" + (request.body.empty() ? std::string("null") : webhook_body_json(request));
  out += ",\"path\":";
  append_json_string(out, path);
  out += ",\"query\":" + pairs_json(request.query) + '}';
  return out;
}

std::string webhook_facts_json(const http::Request& request, std::string_view path, const PathParams& params) {
  std::string out = "{\"method\":";
  append_json_string(out, request.method_name);
  out += ",\"path\":";
  append_json_string(out, path);
  out += ",\"params\":" + pairs_json(params);
  out += ",\"query\":" + pairs_json(request.query);
  out += ",\"headers\":" + headers_json(request);
  out += ",\"remote_ip\":";
  append_json_string(out, request.remote_ip);
  out += ",\"received_at\":\"" + to_rfc3339(request.received_at) + "\"}";
  return out;
}

}  // namespace r8r::api
