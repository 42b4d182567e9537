#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/expr/value.hpp"

/// The two ways in which a config points at data: from a node to what is in its scope, and from an item to what is in
/// it.
namespace r8r::workflow {

/// A path inside of a value: `customer.city`, `tags[0]`, `rows.0.id`, `["a key"].b`. A key that has the whole text as
/// its name comes first, so that keys with dots can be reached. `item.x` means x, unless the item has a field `item`.
class FieldPath {
 public:
  /// The value itself.
  FieldPath() = default;
  /// Any text is a path: one that cannot be taken apart is a single key. Braces around the whole are left out.
  static FieldPath parse(std::string_view text);

  /// nullptr when something on the way is not there.
  const expr::Value* find(const expr::Value& item) const;
  /// Null when it is not there.
  expr::Value get(const expr::Value& item) const {
    const expr::Value* found = find(item);
    return found == nullptr ? expr::Value() : *found;
  }
  bool is_whole() const { return steps_.empty(); }
  const std::string& text() const { return text_; }

 private:
  struct Step {
    std::string key;
    std::uint32_t hash = 0;
    std::optional<std::int64_t> index;  ///< when it can also be a place in an array; from the end when negative
  };
  static const expr::Value* walk(const expr::Value& from, const std::vector<Step>& steps, std::size_t first);

  std::string text_;
  std::uint32_t text_hash_ = 0;
  std::vector<Step> steps_;
};

/// What a path in a config means as an expression.
struct PathExpression {
  std::string text;        ///< in {{ }}, so that a path that leads nowhere gives null
  int columns_before = 0;  ///< how far the text that was written begins to the right of where it stood
  bool is_written = true;  ///< the text that was written is in it as it was
};

/// Paths begin at `input`, `nodes`, `variables`, `env` or `execution`, in braces at a node's id as well; everything
/// else is relative to the input. What is no path is left as it is: any expression will do.
PathExpression path_expression(std::string_view written, const std::vector<std::string>& node_ids);

}  // namespace r8r::workflow
