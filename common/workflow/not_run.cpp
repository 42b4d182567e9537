#include "common/workflow/not_run.hpp"

// The one list of what is read, checked and not run. When a feature lands, its line goes. (Node types that are still to
// come stand beside the others, in node_types.cpp.)

namespace r8r::workflow {
namespace {

struct Feature {
  /// Fields from the top of the file; [] is any item of a list. A trigger's fields are also found below its `config`.
  /// Any value but null and false counts.
  std::string_view where;
};

// Running the workflow without these would do something else than the file says: it cannot be created.
constexpr Feature kNotRun[] = {
    {"triggers[].header_filter"},
    {"triggers[].signature"},
    {"triggers[].dedupe"},
};

class Search {
 public:
  Search(const Feature& feature, ProblemList& problems) : feature_(feature), problems_(problems) {}

  void run(const SourceNode& root) { descend(root, feature_.where, ""); }

 private:
  void descend(const SourceNode& map, std::string_view rest, const std::string& path) {
    if (!map.is_map()) return;
    const std::size_t dot = rest.find('.');
    std::string_view step = rest.substr(0, dot);
    const bool each = step.ends_with("[]");
    if (each) step.remove_suffix(2);
    for (std::size_t i = 0; i < map.keys.size(); ++i) {
      const SourceNode& child = map.children[i];
      const std::string child_path = path.empty() ? map.keys[i].text : path + "." + map.keys[i].text;
      if (map.keys[i].text != step) continue;
      if (dot == std::string_view::npos) return report(map.keys[i], child, child_path);
      const std::string_view after = rest.substr(dot + 1);
      if (!each) return descend(child, after, child_path);
      for (std::size_t item = 0; item < child.children.size() && child.is_sequence(); ++item) {
        const std::string item_path = fmt::format("{}[{}]", child_path, item);
        descend(child.children[item], after, item_path);
        const SourceNode* config = step == "triggers" ? child.children[item].find("config") : nullptr;
        if (config != nullptr) descend(*config, after, item_path + ".config");
      }
      return;
    }
  }

  void report(const SourceNode::Key& key, const SourceNode& value, const std::string& path) {
    if (!value.is_map() && !value.is_sequence()) {
      const expr::Value given = scalar_value(value);
      if (given.is_null() || (given.is_bool() && !given.as_bool())) return;
    }
    const SourceNode at{.line = key.line, .column = key.column};
    problems_.note_not_run(path, at, fmt::format("'{}' is not available in this version", key.text), "remove it");
  }

  const Feature& feature_;
  ProblemList& problems_;
};

}  // namespace

void find_not_run(const SourceNode& root, ProblemList& problems) {
  for (const Feature& feature : kNotRun) Search(feature, problems).run(root);
}

}  // namespace r8r::workflow
