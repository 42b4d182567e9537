// Random workflows: the answer must not depend on how nodes were fused, in which order results came, or who died when.
#include <gtest/gtest.h>

#include "tests/simulation/play/play.hpp"
#include "tests/simulation/play/random_workflow.hpp"

namespace r8r {
namespace {

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
    const std::string workflow = RandomWorkflow(seed).text();
    const std::string plain = played(workflow, {.seed = seed});
    ASSERT_TRUE(plain.starts_with("completed")) << plain << '\n' << workflow;
    ASSERT_EQ(played(workflow, {.seed = seed + 1, .apart = true}), plain) << "apart, seed " << seed << '\n' << workflow;
    ASSERT_EQ(played(workflow, {.seed = seed + 2, .crashes = 15, .duplicates = 30}), plain)
        << "crashes, seed " << seed << '\n'
        << workflow;
    ASSERT_EQ(played(workflow, {.seed = seed + 3, .crashes = 15, .apart = true}), plain)
        << "both, seed " << seed << '\n'
        << workflow;
    ASSERT_EQ(played(workflow, {.seed = seed + 4, .crashes = 15, .by_reference = true}), plain)
        << "by reference, seed " << seed << '\n'
        << workflow;
  }
}

}  // namespace
}  // namespace r8r
