// Executions that do not begin at their start: what is kept of another is recorded before they begin.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "tests/unit/engine/graph.hpp"

namespace r8r::engine {
namespace {

using journal::EntryKind;
using journal::JournalEntry;
using testing::ElementsAre;
using testing::SizeIs;

std::vector<std::int64_t> seqs(const std::vector<Event>& events) {
  std::vector<std::int64_t> out;
  for (const Event& event : events) out.push_back(event.seq);
  return out;
}

TEST(StartFrom, EventsAndOutputsGoOnFromWhatIsKept) {
  // a → b → d, and c beside them → d: from b on.
  const auto workflow = graph({{"a", kEffect}, {"b", kEffect, {"a"}}, {"c", kEffect}, {"d", kEffect, {"b", "c"}}});
  const auto kept = [&](const std::string& node, EntryKind kind, const std::string& output) {
    journal::JournalEntry entry{.kind = kind, .node_id = node, .has_output = true, .output = output};
    entry.recovered = kind == EntryKind::failed;
    return entry;
  };
  Driver d(workflow);
  const Decision first =
      d.machine.start_from({kept("a", EntryKind::completed, "1"), kept("c", EntryKind::failed, "2")}, d.now);
  EXPECT_THAT(first.entries, SizeIs(1)) << "what is kept is recorded already";
  ASSERT_THAT(first.run_after_commit, SizeIs(1));
  EXPECT_THAT(first.run_after_commit[0].nodes, ElementsAre(1));
  EXPECT_EQ(*d.machine.output(0), "1");
  EXPECT_EQ(first.events.front().kind, EventKind::execution_started);
  EXPECT_EQ(first.events.front().seq, 1);
  const Decision second = d.succeed(first.run_after_commit[0]);
  ASSERT_THAT(second.run_after_commit, SizeIs(1));
  EXPECT_THAT(second.run_after_commit[0].nodes, ElementsAre(3));
  EXPECT_EQ(*d.machine.output(2), "2");

  // Whoever takes it over from its journal goes on at the same place, and counts events the same way.
  Driver other(workflow, 8);
  other.machine.replay({kept("a", EntryKind::completed, "1"), kept("c", EntryKind::failed, "2")});
  other.machine.replay(first.entries);
  const Decision resumed = other.machine.resume(d.now);
  ASSERT_THAT(resumed.run_after_commit, SizeIs(1));
  EXPECT_EQ(resumed.run_after_commit[0].id, first.run_after_commit[0].id);
  EXPECT_EQ(seqs(other.succeed(resumed.run_after_commit[0]).events), seqs(second.events));
  const Decision last = d.succeed(second.run_after_commit[0]);
  ASSERT_TRUE(last.end);
  EXPECT_EQ(last.end->status, "completed");
}

/// One execution and what is recorded of it, step by step.
struct Played {
  std::unique_ptr<Driver> driver;
  std::vector<JournalEntry> recorded;
  std::vector<Dispatch> out;
  std::string ended;

  void take(Decision decision) {
    std::move(decision.entries.begin(), decision.entries.end(), std::back_inserter(recorded));
    out.insert(out.end(), decision.run_now.begin(), decision.run_now.end());
    out.insert(out.end(), decision.run_after_commit.begin(), decision.run_after_commit.end());
    if (decision.end) ended = decision.end->status;
  }
};

class RandomPart : public testing::TestWithParam<unsigned> {
 protected:
  std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random); }

  std::shared_ptr<workflow::Workflow> random_graph() {
    std::vector<NodeSpec> nodes;
    const std::size_t count = 2 + below(10);
    for (std::size_t i = 0; i < count; ++i) {
      NodeSpec node{.id = "n" + std::to_string(i), .node_class = below(2) == 0 ? kPure : kEffect};
      for (std::size_t other = 0; other < i; ++other) {
        if (below(3) == 0) node.depends_on.push_back("n" + std::to_string(other));
      }
      nodes.push_back(std::move(node));
    }
    return graph(std::move(nodes));
  }
  Dispatch any_of(std::vector<Dispatch>& out) {
    const auto chosen = out.begin() + static_cast<std::ptrdiff_t>(below(out.size()));
    Dispatch dispatch = *chosen;
    out.erase(chosen);
    return dispatch;
  }

  std::mt19937 random{GetParam()};
};

TEST_P(RandomPart, WhatIsKeptNeverRunsAndAllElseRunsOnce) {
  const auto workflow = random_graph();
  Played original{.driver = std::make_unique<Driver>(workflow)};
  original.take(original.driver->start());
  while (!original.out.empty()) {
    const Dispatch next = any_of(original.out);
    const Outcome outcome = below(5) == 0 ? Outcome::skipped : Outcome::completed;
    original.take(original.driver->machine.on_result(original.driver->result_of(next, outcome), original.driver->now));
  }
  ASSERT_EQ(original.ended, "completed");

  const std::size_t from = below(workflow->nodes.size());
  std::set<int> runs{static_cast<int>(from)};
  for (const int node : workflow->order) {
    for (const int dependency : workflow->nodes[static_cast<std::size_t>(node)].depends_on) {
      if (runs.contains(dependency)) runs.insert(node);
    }
  }
  std::vector<JournalEntry> kept;
  for (const JournalEntry& entry : original.recorded) {
    if (entry.kind != EntryKind::started && !runs.contains(workflow->find(entry.node_id))) kept.push_back(entry);
  }

  Played part{.driver = std::make_unique<Driver>(workflow)};
  part.take(part.driver->machine.start_from(kept, part.driver->now));
  std::map<int, std::set<std::int64_t>> dispatched;
  for (std::int64_t epoch = 8; part.ended.empty();) {
    if (below(4) == 0) {
      // Its owner dies, and another reads what is recorded.
      part.driver = std::make_unique<Driver>(workflow, epoch++);
      part.out.clear();
      Execution& machine = part.driver->machine;
      if (part.recorded.empty()) {
        part.take(machine.start_from(kept, part.driver->now));
      } else {
        machine.replay(kept);
        machine.replay(part.recorded);
        part.take(machine.resume(part.driver->now));
      }
    }
    ASSERT_FALSE(part.out.empty());
    const Dispatch next = any_of(part.out);
    for (const int node : next.nodes) {
      EXPECT_TRUE(runs.contains(node)) << "n" << node << " is kept";
      dispatched[node].insert(next.effect ? next.id : 0);
    }
    part.take(part.driver->succeed(next));
  }
  EXPECT_EQ(part.ended, "completed");
  for (const int node : runs) EXPECT_THAT(dispatched[node], SizeIs(1)) << "n" << node;
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomPart, testing::Range(1u, 201u));

}  // namespace
}  // namespace r8r::engine
