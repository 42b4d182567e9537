#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "common/expr/syntax.hpp"
#include "common/expr/token.hpp"

namespace r8r::expr {

struct ParseOptions {
  /// Inside {{ }}: one expression, `|` is a filter, a leading `{` is an object.
  bool in_template = false;
  std::span<const std::string> node_ids;
  /// Whether a name that is no local variable means something.
  std::function<bool(std::string_view)> is_known_name;
};

/// Reads tokens of `source` into a tree. Never recurses deeper than a fixed bound, whatever the input.
tl::expected<SyntaxTree, SourceError> parse(std::string_view source, const std::vector<Token>& tokens,
                                            const ParseOptions& options);

}  // namespace r8r::expr
