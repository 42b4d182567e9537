#pragma once
#include <string>

namespace r8r::expr {

/// Why a text does not compile. Line and column are within that text, count from 1, the column in characters.
struct Problem {
  std::string message;
  int line = 1;
  int column = 1;
  /// What to do about it ("did you mean 'trim'?"), or empty.
  std::string hint;
};

}  // namespace r8r::expr
