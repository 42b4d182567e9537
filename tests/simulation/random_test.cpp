// Random workflows: the answer must not depend on how nodes were fused, in which order results came, or who died when.
#include <gtest/gtest.h>

#include <random>

#include "tests/simulation/play.hpp"

namespace r8r {
namespace {

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::string workflow() {
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
    std::string text = fmt::format("variables: {{x: 0}}\nsettings: {{max_concurrency: {}, chunk_size: {}}}\nnodes:\n",
                                   1 + pick(4), pick(3));
    for (int node = 0; node < count; ++node) {
      text += fmt::format("  - id: n{}\n    depends_on: [{}]\n", node, names(depends[static_cast<std::size_t>(node)]));
      text += body(node, dependents[static_cast<std::size_t>(node)]);
      if (pick(8) == 0) text += "    condition: 'false'\n";
    }
    if (has_fallback_) text += "  - {id: help, type: http, config: {url: 'https://help/{{ input.node_id }}'}}\n";
    return text;
  }

 private:
  int pick(int below) { return static_cast<int>(random_() % static_cast<std::uint64_t>(below)); }

  std::string names(const std::vector<int>& nodes) {
    std::string text;
    for (const int node : nodes) text += fmt::format("{}n{}", text.empty() ? "" : ", ", node);
    return text;
  }
  // Some of them.
  std::string branch(const std::vector<int>& nodes) {
    std::vector<int> some;
    for (const int node : nodes) {
      if (pick(2) == 0) some.push_back(node);
    }
    return "[" + names(some) + "]";
  }

  std::string body(int node, const std::vector<int>& dependents) {
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
        return fmt::format(
            "    type: http\n    on_error: {{fallback_node: help}}\n    config: {{url: 'https://{}/'}}\n", answer());
      case 7:
        return "    type: wait\n    config: {seconds: 5, passthrough: false}\n";
      default:
        return "    type: transform\n    config: {expression: '[type_of(input) == \"map\" ? input.keys() : input, "
               "variables]'}\n";
    }
  }
  std::string_view answer() { return pick(3) == 0 ? "bad" : pick(3) == 0 ? "once" : "good"; }

  std::mt19937_64 random_;
  bool has_fallback_ = false;
};

std::string played(const std::string& workflow, Play::Options options) {
  Play play(workflow, R"({"v": 1})", options);
  play.effects([](const Play::Effect& effect) -> Result<std::string> {
    const bool fails =
        effect.url.starts_with("https://bad") || (effect.url.starts_with("https://once") && effect.attempt == 1);
    if (fails) return fail(ErrorCode::node_execution_failed, "no");
    return "\"" + effect.url + "\"";
  });
  play.run();
  return play.status() + " | " + play.states() + " | " + play.output() + " | " + play.error();
}

TEST(RandomWorkflows, HaveOneAnswerHoweverTheyRun) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const std::string workflow = Generator(seed).workflow();
    const std::string plain = played(workflow, {.seed = seed});
    ASSERT_TRUE(plain.starts_with("completed")) << plain << '\n' << workflow;
    ASSERT_EQ(played(workflow, {.seed = seed + 1, .apart = true}), plain) << "apart, seed " << seed << '\n' << workflow;
    ASSERT_EQ(played(workflow, {.seed = seed + 2, .crashes = 15, .duplicates = 30}), plain)
        << "crashes, seed " << seed << '\n'
        << workflow;
    ASSERT_EQ(played(workflow, {.seed = seed + 3, .crashes = 15, .apart = true}), plain)
        << "both, seed " << seed << '\n'
        << workflow;
  }
}

}  // namespace
}  // namespace r8r
