#include "tests/simulation/play/random_workflow.hpp"

#include <fmt/format.h>

namespace r8r {

std::string RandomWorkflow::text() {
  const int count = 3 + pick(7);
  std::vector<std::vector<int>> depends(static_cast<std::size_t>(count));
  std::vector<std::vector<int>> dependents(static_cast<std::size_t>(count));
  for (int node = 1; node < count; ++node) {
    for (int before = 0; before < node; ++before) {
      if (pick(3) != 0) continue;
      depends[static_cast<std::size_t>(node)].push_back(before);
      dependents[static_cast<std::size_t>(before)].push_back(node);
    }
  }
  std::string yaml = fmt::format("variables: {{x: 0}}\nsettings: {{max_concurrency: {}, chunk_size: {}{}{}}}\nnodes:\n",
                                 1 + pick(4), pick(3), traits_.settings.empty() ? "" : ", ", traits_.settings);
  for (int node = 0; node < count; ++node) {
    yaml += fmt::format("  - id: n{}\n    depends_on: [{}]\n", node, names(depends[static_cast<std::size_t>(node)]));
    says_ids_ = false;
    yaml += body(node, dependents[static_cast<std::size_t>(node)]);
    if (pick(8) == 0) yaml += "    condition: 'false'\n";
    if (says_ids_)
      yaml +=
          fmt::format("  - {{id: after{0}, type: transform, depends_on: n{0}, config: {{expression: '1'}}}}\n", node);
  }
  if (has_fallback_) yaml += "  - {id: help, type: http, config: {url: 'https://help/{{ input.node_id }}'}}\n";
  return yaml;
}

std::string RandomWorkflow::failing_text() {
  std::string yaml = text();
  return yaml + "  - {id: last, type: http, depends_on: [n0], config: {url: 'https://bad/'}}\n";
}

std::string RandomWorkflow::late_text() {
  std::string yaml = text();
  return yaml + "  - {id: last, type: wait, config: {seconds: 7200}}\n";
}

std::string RandomWorkflow::names(const std::vector<int>& nodes) {
  std::string text;
  for (const int node : nodes) text += fmt::format("{}n{}", text.empty() ? "" : ", ", node);
  return text;
}

// Some of them.
std::string RandomWorkflow::branch(const std::vector<int>& nodes) {
  std::vector<int> some;
  for (const int node : nodes) {
    if (pick(2) == 0) some.push_back(node);
  }
  return "[" + names(some) + "]";
}

std::string RandomWorkflow::body(int node, const std::vector<int>& dependents) {
  if ((traits_.asks || !traits_.child.empty()) && pick(5) == 0) return special_body();
  switch (pick(9)) {
    case 0:
      return fmt::format("    type: if\n    config: {{condition: '{}', true_branch: {}, false_branch: {}}}\n",
                         pick(2) == 0 ? "true" : "false", branch(dependents), branch(dependents));
    case 1:
      return fmt::format(
          "    type: switch\n    config: {{expression: '{}', mode: {}, cases: {{0: {}, '< 2': {}, 2: {}}}, default: "
          "{}}}\n",
          pick(4), pick(2) == 0 ? "first" : "all", branch(dependents), branch(dependents), branch(dependents),
          branch(dependents));
    case 2:
      return fmt::format(
          "    type: variables\n    config: {{values: {{x: '{{{{ variables.x + {} }}}}', y{}: 1}}, passthrough: "
          "false}}\n",
          pick(5), node);
    case 3:
      return fmt::format(
          "    type: http\n    retry: {{max_attempts: 2, delay_seconds: {}}}\n    on_error: {{action: continue}}\n"
          "    config: {{url: 'https://{}/{{{{ variables.x }}}}'}}\n",
          pick(3), answer());
    case 4:
      return fmt::format(
          "    type: http\n    for_each: '[{}, 2, 3]'\n    retry: {{max_attempts: 2}}\n    on_error: "
          "{{fallback_value: none}}\n"
          "    config: {{url: 'https://{}/{{{{ item }}}}'}}\n",
          pick(9), answer());
    case 5:
      return "    type: transform\n    for_each: '[1, 2]'\n    config: {expression: 'item + variables.x'}\n";
    case 6:
      has_fallback_ = true;
      return fmt::format("    type: http\n    on_error: {{fallback_node: help}}\n    config: {{url: 'https://{}/'}}\n",
                         answer());
    case 7:
      return fmt::format("    type: wait\n    config: {{seconds: {}, passthrough: false}}\n",
                         traits_.long_waits && pick(4) == 0 ? 200 : 5);
    default:
      return "    type: transform\n    config: {expression: '[type_of(input) == \"map\" ? input.keys() : input, "
             "variables]'}\n";
  }
}

// What involves others: people, or another workflow.
std::string RandomWorkflow::special_body() {
  if (traits_.child.empty() || (traits_.asks && pick(2) == 0)) {
    says_ids_ = true;
    return fmt::format(
        "    type: approval\n    config: {{title: go on, timeout_seconds: {}, default_action: approve}}\n",
        traits_.long_waits && pick(3) == 0 ? 150 : 10);
  }
  const std::string call = fmt::format("workflow: {}, input: {{v: 1}}", traits_.child);
  switch (pick(4)) {
    case 0:
      says_ids_ = true;
      return fmt::format("    type: subworkflow\n    config: {{{}, wait: false}}\n", call);
    case 1:
      return fmt::format("    type: subworkflow\n    for_each: '[1, 2, 3]'\n    config: {{{}}}\n", call);
    default:
      return fmt::format("    type: subworkflow\n    config: {{{}}}\n", call);
  }
}

std::string_view RandomWorkflow::answer() {
  return pick(3) == 0 ? "bad" : pick(3) == 0 ? "once" : "good";
}

}  // namespace r8r
