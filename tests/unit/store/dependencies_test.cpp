#include "common/store/dependencies.hpp"

#include <algorithm>

#include "common/store/workflows.hpp"
#include "tests/unit/store/store_test.hpp"

namespace r8r::store::test {
namespace {

class DependenciesTest : public StoreTest {
 protected:
  DependenciesTest()
      : incarnation(*loop.run(Leases(*pool).begin_incarnation("scheduler", 600s))),
        accept(loop.io, commit_options()),
        progress(loop.io, commit_options(), incarnation) {}

  static SaveWorkflow workflow(const std::string& name, std::vector<DependsOn> depends_on = {}) {
    SaveWorkflow save;
    save.name = name;
    save.definition = "name: " + name;
    for (const DependsOn& one : depends_on) save.definition += " " + one.upstream + one.status;
    save.depends_on = std::move(depends_on);
    return save;
  }
  Result<SavedWorkflow> try_save(SaveWorkflow save) { return loop.run(workflows.save(std::move(save))); }
  WorkflowRow save(SaveWorkflow save) {
    Result<SavedWorkflow> saved = try_save(std::move(save));
    EXPECT_TRUE(saved) << saved.error().message;
    return saved ? saved->row : WorkflowRow();
  }
  Uuid begin(const std::string& name, const std::string& trigger = "api") {
    NewExecution execution = new_execution(1);
    execution.workflow_name = name;
    execution.trigger_type = trigger;
    const Uuid id = execution.id;
    EXPECT_TRUE(loop.run(accept.accept(std::move(execution))));
    return id;
  }
  static ExecutionProgress end_of(const Uuid& id, Ending how, bool has_dependents = true) {
    how.has_dependents = has_dependents;
    return {.id = id, .partition = 1, .ending = std::move(how)};
  }
  Uuid run(const std::string& name, const std::string& status = "completed") {
    const Uuid id = begin(name);
    EXPECT_EQ(*commit(progress, end_of(id, ending(status))), ProgressOutcome::committed);
    return id;
  }
  WaitingWorkflow waiting_for(const WorkflowRow& row) {
    return {.id = row.id, .name = row.name, .version = row.version, .enabled = true};
  }
  std::vector<UpstreamEnding> endings(const WorkflowRow& row, bool joined = false) {
    auto found = loop.run(dependencies.endings(waiting_for(row), joined, 100));
    EXPECT_TRUE(found) << found.error().message;
    return found.value_or(std::vector<UpstreamEnding>());
  }
  DependencyStart start_of(const WorkflowRow& row, std::vector<std::int64_t> ids) const {
    EventExecution execution;
    execution.id = Uuid::v7();
    execution.partition = 2;
    execution.workflow_id = row.id;
    execution.workflow_version = row.version;
    execution.workflow_name = row.name;
    execution.trigger_type = "workflow:up";
    execution.input = R"({"upstream":{"up":1}})";
    execution.correlation_id = "c-1";
    execution.time = wall_now();
    return {std::move(ids), std::move(execution)};
  }
  Result<std::vector<StartOutcome>> start(DependencyStart one, std::vector<std::int64_t> dropped = {}) {
    std::vector<DependencyStart> starts{std::move(one)};
    return loop.run(dependencies.start(incarnation, std::move(starts), std::move(dropped)));
  }

  std::int64_t incarnation;
  AcceptQueue accept;
  ProgressQueue progress;
  Workflows workflows{*pool};
  Dependencies dependencies{*pool};
};

TEST_F(DependenciesTest, WhatAWorkflowDependsOnIsThatOfItsCurrentVersion) {
  const WorkflowRow row = save(workflow("down", {{"a", "completed", {}}, {"b", "any", 60s}}));
  EXPECT_EQ(
      value("select string_agg(upstream || ' ' || status || ' ' || coalesce(within_ms, 0), ',' order by upstream) "
            "from workflow_dependencies"),
      "a completed 0,b any 60000");
  EXPECT_EQ(value("select distinct partition from workflow_dependencies"), std::to_string(partition_of(row.id, 8)));
  auto names = *loop.run(dependencies.upstream_names());
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"a", "b"}));

  EXPECT_EQ(try_save(workflow("down", {{"b", "any", 60s}, {"a", "completed", {}}}))->row.version, 2);
  EXPECT_EQ(count("workflow_dependencies"), 2);
  save(workflow("down", {{"b", "failed", {}}}));
  EXPECT_EQ(*loop.run(dependencies.upstream_names()), std::vector<std::string>{"b"});
  SaveWorkflow disabled = workflow("down", {{"b", "failed", {}}});
  EXPECT_EQ(try_save(disabled)->outcome, SaveOutcome::unchanged);
  disabled.enabled = false;
  save(disabled);
  EXPECT_TRUE(loop.run(dependencies.upstream_names())->empty());
  save(workflow("down"));
  EXPECT_EQ(count("workflow_dependencies"), 0);
}

TEST_F(DependenciesTest, ACycleIsRefusedAndNamed) {
  save(workflow("a", {{"b", "completed", {}}, {"x", "completed", {}}}));
  save(workflow("b", {{"c", "any", {}}}));
  save(workflow("x", {{"y", "any", {}}}));
  const auto refused = try_save(workflow("c", {{"z", "completed", {}}, {"a", "failed", {}}}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_workflow_definition);
  EXPECT_EQ(refused.error().message, "the workflows would depend on each other in a cycle: c → b → a → c");
  EXPECT_FALSE(*loop.run(workflows.current("c")));
  EXPECT_EQ(count("workflow_dependencies"), 4);

  save(workflow("a", {{"x", "completed", {}}}));
  save(workflow("c", {{"a", "failed", {}}}));
  EXPECT_FALSE(try_save(workflow("y", {{"b", "completed", {}}})));
  EXPECT_FALSE(try_save(workflow("self", {{"self", "completed", {}}})));
}

TEST_F(DependenciesTest, TwoThatAreSavedAtOnceDoNotCloseACycle) {
  std::vector<std::shared_ptr<std::optional<Result<SavedWorkflow>>>> answers;
  for (int i = 0; i < 10; ++i) {
    const std::string a = "a" + std::to_string(i);
    const std::string b = "b" + std::to_string(i);
    answers.push_back(loop.start(workflows.save(workflow(a, {{b, "completed", {}}}))));
    answers.push_back(loop.start(workflows.save(workflow(b, {{a, "completed", {}}}))));
  }
  ASSERT_TRUE(loop.until([&] {
    return std::all_of(answers.begin(), answers.end(), [](const auto& answer) { return answer->has_value(); });
  }));
  for (std::size_t i = 0; i < answers.size(); i += 2)
    EXPECT_NE((*answers[i])->has_value(), (*answers[i + 1])->has_value()) << i;
}

TEST_F(DependenciesTest, AnEndingIsNotedForThoseItFits) {
  const WorkflowRow after = save(workflow("after", {{"up", "completed", {}}}));
  const WorkflowRow handler = save(workflow("handler", {{"up", "failed", {}}}));
  const WorkflowRow always = save(workflow("always", {{"up", "any", {}}, {"other", "any", {}}}));
  SaveWorkflow asleep = workflow("asleep", {{"up", "any", {}}});
  asleep.enabled = false;
  save(asleep);

  const Uuid completed = run("up");
  const Uuid failed = run("up", "failed");
  run("up", "cancelled");
  run("unrelated");
  ASSERT_EQ(endings(after).size(), 1u);
  EXPECT_EQ(endings(after)[0].execution_id, completed);
  EXPECT_EQ(endings(after)[0].upstream, "up");
  ASSERT_EQ(endings(handler).size(), 1u);
  EXPECT_EQ(endings(handler)[0].execution_id, failed);
  EXPECT_EQ(endings(always).size(), 3u);
  EXPECT_EQ(count("upstream_endings"), 5);

  const auto waiting = loop.run(dependencies.waiting({0, 1, 2, 3, 4, 5, 6, 7}));
  ASSERT_TRUE(waiting);
  ASSERT_EQ(waiting->size(), 3u);
  EXPECT_EQ(waiting->back().name, "always");
  EXPECT_EQ(waiting->back().count, 3);
  EXPECT_TRUE(waiting->back().enabled);
  EXPECT_TRUE(loop.run(dependencies.waiting({partition_of(after.id, 8) + 8}))->empty());
}

TEST_F(DependenciesTest, ARepeatedEndIsNotedOnce) {
  const WorkflowRow after = save(workflow("after", {{"up", "completed", {}}}));
  const Uuid id = begin("up");
  const ExecutionProgress end = end_of(id, ending());
  EXPECT_EQ(*commit(progress, end), ProgressOutcome::committed);
  ASSERT_EQ(endings(after).size(), 1u);
  ASSERT_TRUE(start(start_of(after, {endings(after)[0].id})));
  EXPECT_EQ(*commit(progress, end), ProgressOutcome::committed);
  EXPECT_TRUE(endings(after).empty());
  EXPECT_EQ(count("executions"), 1);
}

TEST_F(DependenciesTest, ManyWhoAskAtOnceStartOneExecution) {
  const WorkflowRow down = save(workflow("down", {{"a", "any", {}}, {"b", "any", {}}}));
  run("a");
  run("b");
  const std::vector<UpstreamEnding> both = endings(down);
  ASSERT_EQ(both.size(), 2u);
  const std::int64_t other = *loop.run(Leases(*pool).begin_incarnation("another", 600s));
  std::vector<std::shared_ptr<std::optional<Result<std::vector<StartOutcome>>>>> answers;
  for (int i = 0; i < 8; ++i) {
    std::vector<DependencyStart> one{start_of(down, {both[0].id, both[1].id})};
    answers.push_back(loop.start(dependencies.start(i % 2 == 0 ? incarnation : other, std::move(one), {})));
  }
  ASSERT_TRUE(loop.until([&] {
    return std::all_of(answers.begin(), answers.end(), [](const auto& answer) { return answer->has_value(); });
  }));
  int started = 0;
  for (const auto& answer : answers) {
    ASSERT_TRUE(**answer) << (*answer)->error().message;
    if ((*answer)->value().front() == StartOutcome::started)
      ++started;
    else
      EXPECT_EQ((*answer)->value().front(), StartOutcome::taken);
  }
  EXPECT_EQ(started, 1);
  EXPECT_EQ(count("live_executions where workflow_name = 'down' and trigger_type = 'workflow:up'"), 1);
  EXPECT_EQ(count("upstream_endings"), 0);
}

TEST_F(DependenciesTest, WithOneEndingTakenNothingChanges) {
  const WorkflowRow down = save(workflow("down", {{"a", "any", {}}, {"b", "any", {}}}));
  run("a");
  run("b");
  const std::vector<UpstreamEnding> both = endings(down);
  execute("delete from upstream_endings where upstream = 'a'");
  const auto outcome = start(start_of(down, {both[0].id, both[1].id}));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->front(), StartOutcome::taken);
  EXPECT_EQ(count("live_executions"), 0);
  EXPECT_EQ(count("upstream_endings where upstream = 'b'"), 1);
}

TEST_F(DependenciesTest, AFencedSchedulerUsesNothing) {
  const WorkflowRow down = save(workflow("down", {{"a", "any", {}}}));
  run("a");
  const std::int64_t id = endings(down)[0].id;
  execute("update schedulers set fenced = true");
  const auto refused = start(start_of(down, {id}), {id});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::fenced);
  EXPECT_EQ(count("upstream_endings"), 1);
}

TEST_F(DependenciesTest, ADisabledWorkflowWaitsForNothing) {
  const SaveWorkflow saved = workflow("down", {{"a", "any", {}}});
  const WorkflowRow down = save(saved);
  run("a");
  // Disabled between the look and the start.
  const std::int64_t id = endings(down)[0].id;
  execute("update workflows set enabled = false");
  EXPECT_EQ(start(start_of(down, {id}))->front(), StartOutcome::not_enabled);
  EXPECT_EQ(count("live_executions"), 0);
  EXPECT_EQ(count("upstream_endings"), 0);

  execute("update workflows set enabled = true");
  run("a");
  execute("update workflows set enabled = false");
  EXPECT_EQ(*loop.run(dependencies.drop_idle(incarnation, {partition_of(down.id, 8)})), 1);

  execute("update workflows set enabled = true");
  run("a");
  SaveWorkflow disabled = saved;
  disabled.enabled = false;
  save(disabled);
  EXPECT_EQ(count("upstream_endings"), 0);
}

TEST_F(DependenciesTest, OtherDependenciesWaitForNewEndings) {
  const WorkflowRow first = save(workflow("down", {{"a", "any", {}}, {"b", "any", {}}}));
  run("a");
  SaveWorkflow same = workflow("down", {{"a", "any", {}}, {"b", "any", {}}});
  same.definition += " and more";
  const WorkflowRow second = save(same);
  EXPECT_TRUE(endings(first).empty()) << "of an old version";
  EXPECT_EQ(endings(second).size(), 1u);
  const WorkflowRow third = save(workflow("down", {{"a", "any", {}}}));
  EXPECT_TRUE(endings(third).empty());
}

TEST_F(DependenciesTest, AnEndingFromBeforeTheLastRunIsOutdated) {
  const WorkflowRow down = save(workflow("down", {{"a", "any", {}}, {"b", "any", {}}}));
  run("a");
  begin("down", "workflow:a");
  EXPECT_FALSE(endings(down, true)[0].outdated) << "what endings started has used its own";
  const Uuid own = begin("down");
  run("b");
  std::vector<UpstreamEnding> found = endings(down, true);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_TRUE(found[0].outdated);
  EXPECT_FALSE(found[1].outdated);
  EXPECT_EQ(*commit(progress, end_of(own, ending(), false)), ProgressOutcome::committed);
  found = endings(down, true);
  EXPECT_TRUE(found[0].outdated);
  EXPECT_FALSE(found[1].outdated);
  EXPECT_FALSE(endings(down)[0].outdated);
}

TEST_F(DependenciesTest, OutputsAreReadUpToALimit) {
  const WorkflowRow down = save(workflow("down", {{"a", "any", {}}, {"b", "any", {}}}));
  const Uuid id = run("a");
  const Uuid none = begin("b");
  Ending failed = ending("failed");
  failed.output.reset();
  commit(progress, end_of(none, failed));
  const std::vector<UpstreamEnding> both = endings(down);
  const auto outputs = loop.run(dependencies.outputs({both[1], both[0]}, 7));
  ASSERT_TRUE(outputs);
  ASSERT_EQ(outputs->size(), 2u);
  EXPECT_EQ((*outputs)[0].output, std::nullopt);
  EXPECT_EQ((*outputs)[1].output, R"({"v":6})");
  EXPECT_EQ((*outputs)[1].correlation_id, "correlation-" + id.to_string());
  EXPECT_EQ((*outputs)[1].bytes, 7);
  const auto large = loop.run(dependencies.outputs(both, 6));
  ASSERT_TRUE(large);
  EXPECT_EQ((*large)[0].output, std::nullopt);
  EXPECT_EQ((*large)[0].bytes, 7);
}

}  // namespace
}  // namespace r8r::store::test
