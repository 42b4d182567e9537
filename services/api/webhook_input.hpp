#pragma once
#include <string>
#include <string_view>

#include "common/http/request.hpp"
#include "services/api/webhook_table.hpp"

/// What a webhook call becomes inside: the workflow's input and `execution.webhook`.
namespace r8r::api {

/// The body as raw JSON: JSON as it is; a form as an object; other text as a string; bytes that are no text as
/// {"base64": …}; without a body the query as an object, or null.
std::string webhook_body_json(const http::Request& request);
/// {method, headers, body, path, query}: the input with input_mode: envelope.
std::string webhook_envelope_json(const http::Request& request, std::string_view path);
/// {method, path, params, query, headers, remote_ip, received_at}, without headers that carry secrets.
std::string webhook_facts_json(const http::Request& request, std::string_view path, const PathParams& params);

/// Names and values as a JSON object; a repeated name becomes an array.
std::string pairs_json(const std::vector<std::pair<std::string, std::string>>& pairs);
/// The fields of an application/x-www-form-urlencoded body.
std::vector<std::pair<std::string, std::string>> parse_form(std::string_view body);
std::string percent_decoded(std::string_view text, bool plus_is_space);

}  // namespace r8r::api
