#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "common/workflow/source_node.hpp"
#include "common/workflow/workflow.hpp"

namespace r8r::workflow {

/// What a file may be at most. Text from outside is never trusted to be small or shallow.
inline constexpr std::size_t kMaxFileBytes = 1u << 20;
inline constexpr int kMaxNesting = 64;
/// Nodes that aliases may add by repeating what an anchor named, in all.
inline constexpr std::size_t kMaxAliasNodes = 10'000;

/// A file read as a tree, or what stops it from being one. Duplicate keys and numbers that no value can be are problems
/// beside a tree.
struct ReadResult {
  std::optional<SourceNode> root;
  std::vector<Problem> problems;
  std::vector<Problem> warnings;
};

/// Notes what is wrong with a plain scalar that is a number: one that JSON does not have (.inf, .nan, 1e999), one with
/// more digits than are kept.
void check_number(const SourceNode& scalar, ReadResult& result);

/// Reads one YAML document. Never throws; time and memory are bounded by the limits above.
ReadResult read_yaml(std::string_view text);
/// Reads JSON strictly (RFC 8259); when it is no JSON, `root` is empty and there is one problem.
ReadResult read_json(std::string_view text);

/// Checks size and characters, then reads what begins with { or [ as JSON (falling back to YAML's flow style) and
/// anything else as YAML. `text` must have no byte order mark.
ReadResult read_source(std::string_view text);

}  // namespace r8r::workflow
