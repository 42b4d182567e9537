#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "cli/client/failure.hpp"

namespace r8r::cli {

/// What the command line needs to know of a workflow file, read without a server.
struct WorkflowText {
  struct Input {
    std::string name;
    std::string type;
    std::string description;
    bool required = false;
    bool has_default = false;
  };
  struct Node {
    std::string id;
    std::string type;
    std::vector<std::string> depends_on;
    bool reaches_outside = false;
  };

  bool valid = false;
  std::string name;
  std::string description;
  std::vector<std::string> triggers;  ///< "manual", "webhook /orders POST"
  std::vector<Input> inputs;
  std::vector<Node> nodes;
  Json problems = Json::array();  ///< [{path, line, column, message, hint}]
  Json warnings = Json::array();
};

WorkflowText read_workflow(std::string_view source);

/// The text of a workflow file, or of standard input for "-"; a failure when it cannot be read or is no text.
Outcome<std::string> read_workflow_file(const std::string& file);
/// What a person is told about `file`: its name, or "standard input".
std::string shown_name(const std::string& file);

/// Problems in the form of the API (a list of {path, line, column, message, hint}), each with its place, source line,
/// caret and hint, ready for a person. What is not such a list gives an empty text.
std::string describe_problems(std::string_view source, const std::string& file, const Json& problems);
/// The same for what the command line found itself: errors and warnings in the order of the file.
std::string describe_findings(std::string_view source, const std::string& file, const WorkflowText& text);

/// The declared inputs that are required and that `input` (raw JSON) lacks, as "--param NAME=<type>  (required) text".
std::vector<std::string> missing_inputs(const WorkflowText& workflow, const std::string& input);

}  // namespace r8r::cli
