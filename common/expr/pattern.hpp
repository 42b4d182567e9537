#pragma once
#include <memory>
#include <string_view>

#include "common/base/result.hpp"

namespace re2 {
class RE2;
}

namespace r8r::expr {

/// A compiled regular expression (RE2's syntax; time linear in the text). Cheap to copy.
class Pattern {
 public:
  /// Errors: invalid_field with what is wrong with the text.
  static Result<Pattern> compile(std::string_view text);
  /// Whether some part of the text matches.
  bool found_in(std::string_view text) const;

 private:
  explicit Pattern(std::shared_ptr<const re2::RE2> regex) : regex_(std::move(regex)) {}
  std::shared_ptr<const re2::RE2> regex_;
};

}  // namespace r8r::expr
