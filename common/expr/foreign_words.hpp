#pragma once
#include <string_view>

namespace r8r::expr {

/// What to write instead of a word that other languages have and this one does not, or empty: people and models write
/// from habit, and the mistake should tell the way. Syntax: `and` gives "use '&&'".
std::string_view hint_for_foreign_syntax(std::string_view word);
/// Names of values and of functions: `None`, `toUpperCase`.
std::string_view hint_for_foreign_name(std::string_view name);

}  // namespace r8r::expr
