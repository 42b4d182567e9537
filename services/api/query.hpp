#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/http/request.hpp"

namespace r8r::api {

/// Refuses query names that an endpoint does not know, naming those that it does. Names that begin with `_`, and
/// `token`, are always let through.
Result<void> check_query_names(const http::Request& request, std::initializer_list<std::string_view> known);

// One value of the query; errors: invalid_field with what is allowed.
Result<std::optional<std::int64_t>> query_integer(const http::Request& request, std::string_view name, std::int64_t low,
                                                  std::int64_t high);
Result<std::optional<bool>> query_flag(const http::Request& request, std::string_view name);

/// A page's opaque position: any text as URL-safe characters and back. Nullopt for what was not made here.
std::string encode_cursor(std::string_view position);
std::optional<std::string> decode_cursor(std::string_view cursor);

}  // namespace r8r::api
