#pragma once
#include <optional>
#include <string_view>

#include "common/http/request.hpp"

namespace r8r::api {

/// An output {"$status", "$headers", "$body"} as the HTTP answer that it describes; nullopt when the output is not of
/// that form. A status outside 100–599 becomes 500; headers of the connection are left out.
std::optional<http::Response> described_answer(std::string_view output);

}  // namespace r8r::api
