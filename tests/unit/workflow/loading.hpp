#pragma once
#include <string>
#include <string_view>

#include "common/workflow/workflow.hpp"

namespace r8r::workflow {

/// A place in the repository: examples/hello.yaml → the path to it from wherever the test runs.
std::string repository_path(std::string_view relative);
std::string read_file(const std::string& path);

/// The problems of a text, a line each: "line:column path: message (hint)"; empty when it loads.
std::string problems_of(std::string_view text);
std::string warnings_of(std::string_view text);
/// What a server says to the text, beside the problems what this version does not run.
std::string refusals_of(std::string_view text);

/// Loads a text that must be right; reports its problems as a test failure.
std::shared_ptr<const Workflow> must_load(std::string_view text);

/// "name: t" and the given lines.
std::string with_head(std::string_view rest);
/// A workflow of one transform with extra lines (indented by four) in its node.
std::string with_node_lines(std::string_view lines);

}  // namespace r8r::workflow
