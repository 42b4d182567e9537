#pragma once
#include <cstddef>
#include <string_view>

namespace r8r {

/// Reads one character and moves `at` behind it; bytes that are not UTF-8 come as U+FFFD, one at a time.
char32_t next_character(std::string_view text, std::size_t& at);

/// Columns that `text` takes on a terminal: combining marks none, East Asian wide characters and emoji two.
std::size_t display_width(std::string_view text);

}  // namespace r8r
