#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/display_width.hpp"

namespace r8r::cli {

using r8r::display_width;

/// `text` with control characters (escape sequences of a terminal above all) replaced by U+FFFD; line breaks and tabs
/// stay. Everything that comes from a server or a file goes through this before a person sees it.
std::string printable(std::string_view text);

/// The same on one line: line breaks and tabs become spaces.
std::string printable_line(std::string_view text);

/// "1 node", "3 nodes".
std::string counted(std::size_t count, std::string_view what);

}  // namespace r8r::cli
