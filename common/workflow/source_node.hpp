#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/expr/value.hpp"

namespace r8r::workflow {

/// How a scalar was written; decides what its text means and where a place inside of it is.
enum class ScalarStyle {
  plain,          ///< 5, true, hello
  single_quoted,  ///< 'it''s'
  double_quoted,  ///< "a\n" (and every JSON string)
  literal,        ///< | block
  folded,         ///< > block
};

/// A workflow file as a tree in which everything knows its place. Lines and columns are 1-based; columns count bytes
/// here and become characters when a problem is reported.
struct SourceNode {
  enum class Kind { null, scalar, sequence, map };

  struct Key {
    std::string text;
    int line = 0;
    int column = 0;
  };

  Kind kind = Kind::null;
  ScalarStyle style = ScalarStyle::plain;
  bool forced_string = false;  ///< tagged !!str
  std::string scalar;
  int line = 0;
  int column = 0;
  std::size_t offset = 0;            ///< of the first byte, in the text that was read; 0 for null
  std::vector<Key> keys;             ///< of a map, in the order of the file, no two alike
  std::vector<SourceNode> children;  ///< items of a sequence; values of a map, beside their keys

  bool is_null() const { return kind == Kind::null; }
  bool is_map() const { return kind == Kind::map; }
  bool is_sequence() const { return kind == Kind::sequence; }
  bool is_scalar() const { return kind == Kind::scalar; }
  /// Whether the scalar is text by the rules of YAML 1.2: quoted, or a plain one that is no number, boolean or null.
  bool is_string() const;

  const SourceNode* find(std::string_view key) const;
  /// "a string", "a map", … for messages.
  std::string_view kind_name() const;
};

/// The value that a scalar stands for: null, true/false, integer, float or string (YAML 1.2 core schema; yes/no/on/off
/// are strings; an integer past 64 bits is a float).
expr::Value scalar_value(const SourceNode& node);

/// Whether the text of a scalar has a template in it.
bool holds_template(const SourceNode& node);

/// The whole tree as a value; maps keep the order of the file.
expr::Value to_value(const SourceNode& node);

/// The node at a JSON pointer below `root` (as expr::TreeProblem gives it), or the nearest one above it.
const SourceNode& at_pointer(const SourceNode& root, std::string_view pointer);

/// The node at exactly that JSON pointer, or nullptr.
const SourceNode* find_pointer(const SourceNode& root, std::string_view pointer);

/// Where the character at line:column (1-based, characters) of a scalar's text stands in the file it was read from.
/// The start of the scalar where it comes from an alias.
struct Place {
  int line = 0;
  int column = 0;  ///< in bytes
};
Place place_inside(const SourceNode& scalar, std::string_view source, int line, int column);

}  // namespace r8r::workflow
