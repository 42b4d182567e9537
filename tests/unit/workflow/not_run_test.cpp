#include <gtest/gtest.h>

#include "tests/unit/workflow/loading.hpp"

namespace r8r::workflow {
namespace {

// Features leave this list when this version runs them, together with their line in not_run.cpp.
const std::vector<std::pair<std::string, std::string>> kNotRun = {
    {"triggers: [{type: webhook, header_filter: [{name: X-A, required: true}]}]\n",
     "6:28 triggers[0].header_filter: 'header_filter'"},
    {"triggers: [{type: webhook, config: {signature: {scheme: github, secret_env: R8R_S}}}]\n",
     "6:37 triggers[0].config.signature: 'signature'"},
    {"triggers: [{type: webhook, dedupe: true}]\n", "6:28 triggers[0].dedupe: 'dedupe'"},
};

TEST(NotRun, WhatIsNotRunIsRefusedByNameAndPlace) {
  for (const auto& [lines, wanted] : kNotRun) {
    EXPECT_EQ(refusals_of(with_node_lines(lines)), wanted + " is not available in this version (remove it)\n") << lines;
  }
}

TEST(NotRun, TheFileItselfIsRight) {
  for (const auto& [lines, wanted] : kNotRun) {
    const LoadResult result = load(with_node_lines(lines));
    EXPECT_NE(result.workflow, nullptr) << lines;
    EXPECT_EQ(result.not_run.size(), 1u) << lines;
  }
}

TEST(NotRun, SwitchedOffIsAsGoodAsNotThere) {
  const std::string text = with_node_lines("triggers: [{type: webhook, dedupe: false, signature: ~}]\n");
  EXPECT_EQ(refusals_of(text), "");
}

TEST(NotRun, TheReasonsStandAmongTheOtherProblems) {
  EXPECT_EQ(refusals_of(with_node_lines("    retry: {jitter: 5}\ntriggers: [{type: webhook, dedupe: true}]\n")),
            "6:21 nodes[0].retry.jitter: 'jitter' must be true or false, not '5'\n"
            "7:28 triggers[0].dedupe: 'dedupe' is not available in this version (remove it)\n");
}

TEST(NotRun, WhatSettingsAskForIsDone) {
  EXPECT_EQ(warnings_of(with_node_lines("settings: {enable_checkpoints: false, retention_days: 5}\n")), "");
}

}  // namespace
}  // namespace r8r::workflow
