#pragma once
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/workflow/node_types.hpp"
#include "common/workflow/sections.hpp"

namespace r8r::workflow {

/// What a template may name besides what every template may.
struct ExtraNames {
  std::vector<std::string> extra = {};  ///< more top-level names
  bool item = false;                    ///< item and index
};

/// Compiles what one node's fields hold. Everything that a text refers to is checked where it stands and added to
/// `references`.
class NodeCompiler {
 public:
  NodeCompiler(Node& node, const NodeDraft& draft, const NodeNames& names, const Graph& graph, const Workflow& workflow,
               ProblemList& problems)
      : node_(node), draft_(draft), names_(names), graph_(graph), workflow_(workflow), problems_(problems) {}

  std::optional<expr::Program> expression(const SourceNode& source, const std::string& path, bool sees_item,
                                          std::vector<std::string> extra = {});
  /// A path to data, relative to the input unless it says otherwise (see data_path.hpp).
  std::optional<expr::Program> data_path(const SourceNode& source, const std::string& path);
  std::optional<expr::ValueTemplate> value(const SourceNode& source, const expr::Value& tree, const std::string& path,
                                           const ExtraNames& names = {});
  void for_each();
  void config();
  void finish();
  /// From now on texts are about one item of a node with for_each.
  void begin_item() { in_item_ = node_.for_each.has_value(); }
  ProblemList& problems() { return problems_; }

 private:
  expr::CompileOptions options(std::vector<std::string> extra = {}) const { return {names_.ids, std::move(extra)}; }
  bool is_unknown_variable(std::string_view name) const;
  bool is_forbidden_input(std::string_view name) const;
  bool is_body_of_webhook(std::string_view name) const;
  bool has_remarks(const expr::References& references, bool sees_item) const;
  void report_data(const expr::References& references, const SourceNode& text, const std::string& path);
  void note_references(const expr::References& references);
  void report_references(const expr::References& references, const SourceNode& text, const std::string& path,
                         bool sees_item);
  void report_strings(const SourceNode& source, const std::string& path, const ExtraNames& names);
  void report_node(const expr::References::Place& place, const SourceNode& text, const std::string& path);
  bool may_see(std::string_view id) const;
  bool knows_graph() const { return graph_.cycles().empty() && draft_.all_dependencies_known; }
  void report_missing(const NodeType& type, const ConfigFieldType& field, const SourceNode& config,
                      const std::string& path);
  /// The constant value of the field, or its text with templates; nothing when it is wrong or an expression.
  std::optional<expr::Value> config_field(const ConfigFieldType& type, const SourceNode& source,
                                          const std::string& path);
  void parse(const NodeType& type, const SourceNode& source, const std::string& path, const expr::Map& values,
             std::vector<std::string_view> wrong);

  Node& node_;
  const NodeDraft& draft_;
  const NodeNames& names_;
  const Graph& graph_;
  const Workflow& workflow_;
  ProblemList& problems_;
  /// What texts refer to: those of the node, and those of one item of it.
  struct Seen {
    std::set<int> nodes;
    bool all_nodes = false;
    bool variables = false;
    bool input = false;
  };
  void add_indirect(Seen& seen) const;
  /// Upstream `variables` nodes, in order of application.
  std::vector<int> variable_nodes() const;

  Seen seen_;
  Seen item_seen_;
  bool in_item_ = false;
};

}  // namespace r8r::workflow
