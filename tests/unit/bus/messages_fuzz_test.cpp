#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "common/bus/messages.hpp"

namespace r8r::bus {
namespace {

constexpr std::uint64_t kSeed = 20'260'120;
constexpr int kRounds = 100'000;

std::string mutate(std::string text, std::mt19937_64& random) {
  static constexpr std::string_view kAlphabet = "{}[]\",:\\0123456789-+.eEtfnu \n\xff\x01";
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const std::size_t edits = 1 + below(4);
  for (std::size_t i = 0; i < edits && !text.empty(); ++i) {
    const std::size_t at = below(text.size());
    switch (below(6)) {
      case 0:
        text[at] = kAlphabet[below(kAlphabet.size())];
        break;
      case 1:
        text.erase(at, 1 + below(16));
        break;
      case 2:
        text.insert(at, 1, kAlphabet[below(kAlphabet.size())]);
        break;
      case 3:
        text.insert(at, text.substr(below(text.size()), below(32)));
        break;
      case 4:
        text.resize(at);
        break;
      case 5:
        text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        break;
    }
  }
  return text;
}

template <class T>
void decode_mutations(const T& item, int rounds, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::string whole = encode(item);
  int accepted = 0;
  for (int i = 0; i < rounds; ++i) {
    const std::string text = mutate(whole, random);
    // An exact copy on the heap: a read past the end is a sanitizer's finding.
    const std::vector<char> exact(text.begin(), text.end());
    if (decode<T>(std::string_view(exact.data(), exact.size()))) ++accepted;
  }
  // Changed digits and letters stay legal; nearly everything else must not.
  EXPECT_LT(accepted, rounds) << "seed " << seed;
  EXPECT_TRUE(decode<T>(whole)) << "a good message after bad ones, seed " << seed;
}

Task typical_task() {
  Task task;
  task.execution_id = Uuid::v7();
  task.workflow_id = Uuid::v7();
  task.workflow_name = "flow";
  task.correlation_id = "c-\"1\"";
  task.node_ids = {"a", "b"};
  task.input = R"({"v":[1,2,{"x":"y"}]})";
  task.outputs = {{"a", R"({"deep":[[[]]]})"}, {"b", "null"}};
  task.outputs_by_reference = {"c"};
  return task;
}

TEST(MessagesFuzz, MutatedTasksNeverCrash) {
  decode_mutations(typical_task(), kRounds / 2, kSeed);
}

TEST(MessagesFuzz, MutatedResultsNeverCrash) {
  TaskResult result;
  result.execution_id = Uuid::v7();
  result.worker = "w";
  NodeResult node;
  node.node_id = "a";
  node.output = R"({"a":[1,2.5,"x\u00e9"]})";
  node.recovery = "null";
  node.logs = "line\n";
  result.nodes = {node, node};
  decode_mutations(result, kRounds / 2, kSeed + 1);
}

TEST(MessagesFuzz, WhateverIsAcceptedIsWrittenAsJsonAgain) {
  std::mt19937_64 random(kSeed + 2);
  const std::string whole = encode(typical_task());
  for (int i = 0; i < kRounds / 10; ++i) {
    const std::string text = mutate(whole, random);
    const auto items = decode<Task>(text);
    if (!items) continue;
    for (const Task& task : *items)
      ASSERT_TRUE(nlohmann::json::accept(encode(task))) << "seed " << kSeed + 2 << ": " << text;
  }
}

}  // namespace
}  // namespace r8r::bus
