#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "common/expr/value.hpp"

namespace r8r::workflow {

/// A place in a JSON value: `$.order.items[0]`, `order["first-name"]`; `$` alone is the whole. One place, no wildcards.
class JsonPath {
 public:
  struct Problem {
    int column = 1;  ///< 1-based, in characters of the text
    std::string message;
    std::string hint;
  };
  static tl::expected<JsonPath, Problem> parse(std::string_view text);

  /// The value there, or nullptr. A place that holds null is there. Negative indexes count from the end.
  const expr::Value* find(const expr::Value& root) const;
  const std::string& text() const { return text_; }

 private:
  using Step = std::variant<std::string, std::int64_t>;

  std::string text_;
  std::vector<Step> steps_;
};

}  // namespace r8r::workflow
