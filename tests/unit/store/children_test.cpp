// Executions that begin with a commit of another one.
#include <fmt/format.h>

#include "common/store/children.hpp"
#include "tests/unit/store/store_test.hpp"

namespace r8r::store::test {
namespace {

class ChildrenTest : public StoreTest {
 protected:
  ChildrenTest() : incarnation(*loop.run(Leases(*pool).begin_incarnation("scheduler", 600s))) {}

  NewChild child(const std::string& workflow, Uuid id = Uuid::v7()) const {
    NewChild child;
    child.id = id;
    child.partition = 9;
    child.workflow_name = workflow;
    child.workflow_id = Uuid::v7();
    child.workflow_version = 4;
    child.trigger_type = "subworkflow";
    child.input = R"({"a":1})";
    child.accepted_at = wall_now();
    return child;
  }
  ExecutionProgress step(Uuid id, int seq) const {
    ExecutionProgress progress;
    progress.id = id;
    progress.seq = seq;
    progress.journal = fmt::format(R"([{{"kind":"completed","node":"n{}"}}])", seq);
    return progress;
  }
  ExecutionProgress end(Uuid id) const {
    ExecutionProgress progress;
    progress.id = id;
    progress.ending = ending("failed");
    return progress;
  }
  void add_workflow(const std::string& name, bool enabled) {
    execute(
        fmt::format("insert into workflows (id, name, enabled, version, node_count, trigger_count, created_at, "
                    "updated_at) values ('{}', '{}', {}, 7, 1, 0, now(), now())",
                    Uuid::v7().to_string(), name, enabled));
  }
  LiveExecution live(Uuid id) {
    auto found = loop.run(Executions(*pool).load_live({id}));
    EXPECT_TRUE(found && found->size() == 1);
    return found && !found->empty() ? found->front() : LiveExecution{};
  }

  std::int64_t incarnation;
  AcceptQueue accepts{loop.io, commit_options()};
  ProgressQueue queue{loop.io, commit_options(Leases::writer_name(incarnation)), incarnation};
};

TEST_F(ChildrenTest, AChildBeginsWithTheCommitOfItsParent) {
  const Uuid parent = accept_all(accepts, 1, 5).front();
  ExecutionProgress progress = step(parent, 1);
  progress.children.push_back(child("kid"));
  const Uuid id = progress.children.front().id;
  ASSERT_EQ(commit(queue, progress), ProgressOutcome::committed);
  const LiveExecution kid = live(id);
  EXPECT_EQ(kid.partition, 9);
  EXPECT_EQ(kid.row.workflow_name, "kid");
  EXPECT_EQ(kid.row.workflow_version, 4);
  EXPECT_EQ(kid.row.status, "pending");
  EXPECT_EQ(kid.row.trigger_type, "subworkflow");
  EXPECT_EQ(kid.row.origin, "engine");
  EXPECT_EQ(kid.row.input, R"({"a":1})");
  EXPECT_EQ(kid.row.correlation_id, "correlation-" + parent.to_string());
  EXPECT_EQ(kid.row.parent_execution_id, parent);
  EXPECT_EQ(kid.parent_partition, std::nullopt) << "nobody waits for it";
  EXPECT_EQ(kid.depth, 1);
  EXPECT_EQ(count("awaited_children"), 0);
}

TEST_F(ChildrenTest, TheSameCommitTwiceMakesOneChild) {
  const Uuid parent = accept_all(accepts, 1).front();
  ExecutionProgress progress = step(parent, 1);
  progress.children.push_back(child("kid"));
  const Uuid id = progress.children.front().id;
  ASSERT_EQ(commit(queue, progress), ProgressOutcome::committed);
  ASSERT_EQ(commit(queue, progress), ProgressOutcome::committed);
  EXPECT_EQ(count("live_executions"), 2);
  ASSERT_EQ(commit(queue, end(id)), ProgressOutcome::committed);
  ASSERT_EQ(commit(queue, progress), ProgressOutcome::committed);
  EXPECT_EQ(count("live_executions"), 1) << "what has ended does not begin again";
  EXPECT_EQ(value("select parent_execution_id || ' ' || depth from executions"), parent.to_string() + " 1");
}

TEST_F(ChildrenTest, NoneBeginsForAnExecutionThatIsGone) {
  const Uuid parent = accept_all(accepts, 1).front();
  ASSERT_EQ(commit(queue, end(parent)), ProgressOutcome::committed);
  ExecutionProgress late = step(parent, 3);
  late.children.push_back(child("kid"));
  ExecutionProgress ending = end(parent);
  ending.ending->finished_at += 1s;
  ending.children.push_back(child("kid"));
  EXPECT_EQ(commit(queue, late), ProgressOutcome::gone);
  EXPECT_EQ(commit(queue, ending), ProgressOutcome::gone);
  EXPECT_EQ(count("live_executions"), 0);
}

TEST_F(ChildrenTest, AnEndStartsTheCurrentVersionOfAWorkflowByName) {
  add_workflow("on-error", true);
  const Uuid parent = accept_all(accepts, 1).front();
  ExecutionProgress last = end(parent);
  NewChild handler = child("on-error");
  handler.workflow_id.reset();
  handler.input = R"({"error":"x")";
  handler.has_parents_input = true;
  last.children.push_back(handler);
  ASSERT_EQ(commit(queue, last), ProgressOutcome::committed);
  EXPECT_EQ(live(handler.id).row.workflow_version, 7);
  EXPECT_EQ(live(handler.id).row.input, R"({"error":"x","original_input":{"v":1},"input":{"v":1}})");
  EXPECT_EQ(commit(queue, last), ProgressOutcome::committed) << "the answer was lost";
  EXPECT_EQ(count("live_executions"), 1);
}

TEST_F(ChildrenTest, NoneBeginsWithoutAnEnabledWorkflow) {
  add_workflow("off", false);
  const Uuid parent = accept_all(accepts, 1).front();
  ExecutionProgress last = end(parent);
  for (const char* name : {"off", "nowhere"}) {
    last.children.push_back(child(name));
    last.children.back().workflow_id.reset();
  }
  EXPECT_EQ(commit(queue, last), ProgressOutcome::committed);
  EXPECT_EQ(count("live_executions"), 0);
  EXPECT_EQ(count("executions"), 1);
}

TEST_F(ChildrenTest, WhoWaitsForWhomIsKnownUntilItDoesNotWaitAnyMore) {
  const Uuid parent = accept_all(accepts, 1, 5).front();
  ExecutionProgress first = step(parent, 1);
  for (int i = 0; i < 3; ++i) {
    first.children.push_back(child("kid"));
    first.children.back().awaited = true;
  }
  ASSERT_EQ(commit(queue, first), ProgressOutcome::committed);
  EXPECT_EQ(live(first.children[0].id).parent_partition, 5);
  EXPECT_EQ(count(fmt::format("awaited_children where execution_id = '{}' and partition = 5", parent.to_string())), 3);
  ExecutionProgress second = step(parent, 2);
  second.children_let_go.push_back(first.children[1].id);
  ASSERT_EQ(commit(queue, second), ProgressOutcome::committed);
  EXPECT_EQ(count("awaited_children"), 2);
  ExecutionProgress last = end(parent);
  last.has_children = true;
  ASSERT_EQ(commit(queue, last), ProgressOutcome::committed);
  EXPECT_EQ(count("awaited_children"), 0);
}

TEST_F(ChildrenTest, WhatWasOverlookedIsFound) {
  Children children(*pool);
  const Uuid parent = accept_all(accepts, 1, 5).front();
  ExecutionProgress first = step(parent, 1);
  for (int i = 0; i < 2; ++i) {
    first.children.push_back(child("kid"));
    first.children.back().awaited = true;
  }
  const Uuid one = first.children[0].id;
  const Uuid two = first.children[1].id;
  ASSERT_EQ(commit(queue, first), ProgressOutcome::committed);
  EXPECT_TRUE(loop.run(children.overlooked({5, 9}, 100)).value().empty());
  EXPECT_TRUE(loop.run(children.ended({one, two})).value().empty());
  EXPECT_EQ(loop.run(children.living({one, two, Uuid::v7()})).value().size(), 2u);

  ExecutionProgress over = end(one);
  over.ending->error = "boom";
  ASSERT_EQ(commit(queue, over), ProgressOutcome::committed);
  using Places = std::vector<std::pair<Uuid, int>>;
  EXPECT_EQ(loop.run(children.overlooked({5, 9}, 100)).value(), (Places{{parent, 5}})) << "its child has ended";
  EXPECT_TRUE(loop.run(children.overlooked({9}, 100)).value().empty()) << "another owner's";
  const auto ended = loop.run(children.ended({one, two})).value();
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended.front().id, one);
  EXPECT_EQ(ended.front().status, "failed");
  EXPECT_EQ(ended.front().error, "boom");

  ExecutionProgress last = end(parent);
  last.has_children = true;
  ASSERT_EQ(commit(queue, last), ProgressOutcome::committed);
  EXPECT_EQ(loop.run(children.overlooked({5, 9}, 100)).value(), (Places{{two, 9}})) << "nobody waits for it any more";
  EXPECT_EQ(loop.run(children.abandoned({one, two})).value(), std::vector<Uuid>{two});
}

TEST_F(ChildrenTest, AResumedChildIsNobodys) {
  const Uuid parent = accept_all(accepts, 1, 5).front();
  ExecutionProgress first = step(parent, 1);
  first.children.push_back(child("kid"));
  first.children.back().awaited = true;
  const Uuid id = first.children.front().id;
  ASSERT_EQ(commit(queue, first), ProgressOutcome::committed);
  ASSERT_EQ(commit(queue, end(id)), ProgressOutcome::committed);
  ASSERT_TRUE(loop.run(Executions(*pool).begin_again(id, 9)).value());
  EXPECT_EQ(live(id).parent_partition, std::nullopt);
  EXPECT_EQ(live(id).row.parent_execution_id, parent);
  EXPECT_EQ(live(id).depth, 1);
  EXPECT_EQ(loop.run(Children(*pool).ended({id})).value().size(), 1u) << "its first end counts";
}

}  // namespace
}  // namespace r8r::store::test
