#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/workflow/field_reader.hpp"
#include "common/workflow/graph.hpp"
#include "common/workflow/workflow.hpp"

/// The parts of a file, each read by its own function. They note problems and go on; the workflow is used only when
/// there are none.
namespace r8r::workflow {

struct NodeDraft;

void read_inputs(FieldReader& top, Workflow& workflow);
void read_triggers(FieldReader& top, Workflow& workflow);
void read_settings(FieldReader& top, Workflow& workflow);
/// The fields of one trigger; nothing when what it cannot do without is missing or wrong.
std::optional<CronTrigger> read_cron_trigger(FieldReader& fields, const Workflow& workflow);
std::optional<EventTrigger> read_event_trigger(FieldReader& fields, const Workflow& workflow);
WebhookTrigger read_webhook_trigger(FieldReader& fields, const Workflow& workflow);

struct NamedZone {
  std::string name;
  std::shared_ptr<const expr::TimeZone> zone;
};
/// A field that names a time zone; nothing when it is not there or unknown, which is noted.
std::optional<NamedZone> read_time_zone(FieldReader& fields, std::string_view name);
void read_workflow_dependencies(FieldReader& top, Workflow& workflow);
/// `for_each`. Returns the source of its expression when it has one.
const SourceNode* read_for_each(FieldReader& node_fields, Node& node);
/// `retry` and `on_error`; the sources of fallback_value and fallback_node go into the draft.
void read_retry(FieldReader& node_fields, Node& node);
void read_on_error(FieldReader& node_fields, Node& node, NodeDraft& draft);

/// Whether text is 1–128 letters, digits, - and _; names of workflows also begin with a letter or digit.
bool is_identifier(std::string_view text);
bool is_workflow_name(std::string_view text);
inline constexpr const char* kNameForm = "1 to 128 letters, digits, '-' and '_', beginning with a letter or digit";

/// Whether a header may be called so (RFC 9110).
bool is_header_name(std::string_view name);
/// ASCII letters in upper or lower case.
std::string in_case(std::string_view text, bool upper);
std::chrono::milliseconds from_seconds(double seconds);
/// Notes a problem and gives false when RE2 does not take the pattern.
bool check_pattern(const std::string& pattern, const SourceNode& source, const std::string& path,
                   ProblemList& problems);

struct NodeNames;

/// A node whose fields were read; its expressions are compiled once all nodes are known.
struct NodeDraft {
  const SourceNode* source = nullptr;
  std::string path;
  const SourceNode* condition = nullptr;
  const SourceNode* config = nullptr;
  const SourceNode* for_each = nullptr;
  const SourceNode* fallback_value = nullptr;
  const SourceNode* fallback_node = nullptr;    ///< a scalar
  std::vector<const SourceNode*> dependencies;  ///< scalars that name nodes
  bool all_dependencies_known = true;
};

/// Reads `nodes` with dependencies, compiles everything in them and fills order and purity of the workflow.
void read_nodes(FieldReader& top, Workflow& workflow);

/// Finds the nodes that on_error names as fallbacks and takes them out of the normal flow. Called once dependencies are
/// known; check_fallbacks once the graph is.
void resolve_fallbacks(std::vector<Node>& nodes, const std::vector<NodeDraft>& drafts, const NodeNames& names,
                       ProblemList& problems);
void check_fallbacks(const std::vector<Node>& nodes, const std::vector<NodeDraft>& drafts, const Graph& graph,
                     ProblemList& problems);

/// What the expressions of a workflow's nodes may name.
struct NodeNames {
  std::vector<std::string> ids;
  std::map<std::string, int, std::less<>> index;
  std::vector<int> variable_nodes;  ///< those that may add variables that the file does not declare
};

/// Compiles condition, config and fallback of one node, checks what they refer to, and fills `needs` and `needs_input`.
void compile_node(Node& node, const NodeDraft& draft, const NodeNames& names, const Graph& graph,
                  const Workflow& workflow, ProblemList& problems);

/// Compiles a case of a switch that is an expression; notes problems.
using CompileCase = std::function<std::optional<expr::Program>(const SourceNode& text, const std::string& path)>;

/// Fills the branches of an `if` or `switch` and checks the nodes that they name; other types have none. `graph` is
/// null while it cannot be trusted.
void read_branches(Node& node, const SourceNode& config, const std::string& path, const std::vector<Node>& nodes,
                   const NodeNames& names, const Graph* graph, const CompileCase& compile, ProblemList& problems);

}  // namespace r8r::workflow
