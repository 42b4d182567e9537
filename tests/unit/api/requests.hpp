#pragma once
#include <string>
#include <utility>

#include "common/http/request.hpp"

namespace r8r::api::test {

using Headers = http::NameValues;

/// A request as the server hands it over; header names in lower case.
inline http::Request make_request(const std::string& method, const std::string& path, Headers headers = {},
                                  std::string body = {}) {
  http::Request request;
  request.method = http::parse_method(method);
  request.method_name = method;
  request.target = path;
  request.path = path.substr(0, path.find('?'));
  request.headers = std::move(headers);
  request.body = std::move(body);
  request.remote_ip = "192.0.2.7";
  request.request_id = "req-1";
  request.received_at = from_unix_us(1'768'919'400'120'000);
  return request;
}

inline http::Request post_json(std::string body, Headers headers = {}) {
  headers.emplace_back("content-type", "application/json");
  return make_request("POST", "/api/workflows/hello/execute", std::move(headers), std::move(body));
}

inline std::string header_of(const http::Response& response, const std::string& name) {
  return std::string(response.header(name).value_or("(none)"));
}

}  // namespace r8r::api::test
