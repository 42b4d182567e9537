#pragma once
#include <string>
#include <string_view>

#include "common/nodes/segment.hpp"

namespace r8r::nodes {

/// A segment of a workflow named t with the given YAML below the name; fails the test when that does not load. The
/// execution is exec-1 (correlation c-1, second attempt, started 2026-01-20T14:30:00Z), the time is
/// 2026-01-20T14:30:05Z.
Segment segment_of(std::string_view yaml);

/// Runs the only node of a workflow: of `type`, with `config` (flow YAML) and `input` (JSON).
NodeRun run_one(std::string_view type, std::string_view config, std::string_view input);

/// A workflow file of the repository run on an input (JSON) as one segment, without webhook; the output of its last
/// node. Its nodes must all be pure.
std::string run_file(std::string_view path, std::string_view input);

std::string json(const expr::Value& value);

}  // namespace r8r::nodes
