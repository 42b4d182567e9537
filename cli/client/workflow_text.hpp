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

/// Problems in the form of the API (a list of {path, line, column, message, hint}), each with its place, source line,
/// caret and hint, ready for a person. What is not such a list gives an empty text.
std::string describe_problems(std::string_view source, const std::string& file, const Json& problems);

/// The declared inputs that are required and that `input` (raw JSON) lacks, as "--param NAME=<type>  (required) text".
std::vector<std::string> missing_inputs(const WorkflowText& workflow, const std::string& input);

}  // namespace r8r::cli
