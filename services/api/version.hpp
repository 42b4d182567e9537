#pragma once
#include <string_view>

namespace r8r::api {

inline constexpr std::string_view kVersion = R8R_VERSION;

}  // namespace r8r::api
