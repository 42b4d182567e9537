#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace r8r::cli {

/// Columns that `text` takes on a terminal: combining marks none, East Asian wide characters and emoji two.
std::size_t display_width(std::string_view text);

/// `text` with control characters (escape sequences of a terminal above all) replaced by U+FFFD; line breaks and tabs
/// stay. Everything that comes from a server or a file goes through this before a person sees it.
std::string printable(std::string_view text);

/// The same on one line: line breaks and tabs become spaces.
std::string printable_line(std::string_view text);

}  // namespace r8r::cli
