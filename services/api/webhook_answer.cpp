#include "services/api/webhook_answer.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace r8r::api {
namespace {

constexpr std::array<std::string_view, 10> kConnectionHeaders = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te",
    "trailer",    "upgrade",    "transfer-encoding",  "content-length",      "content-type"};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_header_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

}  // namespace

std::optional<http::Response> described_answer(std::string_view output) {
  if (output.empty() || output.front() != '{' || output.find("\"$") == std::string_view::npos) return std::nullopt;
  const auto document = nlohmann::ordered_json::parse(output, nullptr, false);
  if (!document.is_object()) return std::nullopt;
  const bool described = document.contains("$status") || document.contains("$headers") || document.contains("$body");
  if (!described) return std::nullopt;

  http::Response response;
  if (const auto status = document.find("$status"); status != document.end()) {
    const bool valid = status->is_number_integer() && *status >= 100 && *status <= 599;
    response.status = valid ? status->get<int>() : 500;
  }
  if (const auto body = document.find("$body"); body != document.end()) {
    if (body->is_string()) {
      response.content_type = "text/plain; charset=utf-8";
      response.body = body->get<std::string>();
    } else {
      response.body = body->dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    }
  }
  const auto headers = document.find("$headers");
  if (headers == document.end() || !headers->is_object()) return response;
  for (const auto& [name, value] : headers->items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (!is_token(name) || !is_header_value(text)) continue;
    const std::string key = lower(name);
    if (key == "content-type") response.content_type = text;
    if (std::find(kConnectionHeaders.begin(), kConnectionHeaders.end(), key) != kConnectionHeaders.end()) continue;
    response.headers.emplace_back(name, text);
  }
  return response;
}

}  // namespace r8r::api
