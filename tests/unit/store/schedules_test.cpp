#include "common/store/schedules.hpp"

#include <algorithm>

#include "common/store/workflows.hpp"
#include "tests/unit/store/store_test.hpp"

namespace r8r::store::test {
namespace {

class SchedulesTest : public StoreTest {
 protected:
  SchedulesTest() : incarnation(*loop.run(Leases(*pool).begin_incarnation("scheduler", 600s))) {
    SaveWorkflow save;
    save.name = "nightly";
    save.node_count = save.trigger_count = 1;
    save.definition = "name: nightly";
    workflow = loop.run(Workflows(*pool).save(save))->row;
  }

  Firing firing(int second, std::string trigger = "* * * * * * UTC") const {
    Firing firing;
    firing.workflow_id = workflow.id;
    firing.workflow_version = workflow.version;
    firing.workflow_name = workflow.name;
    firing.trigger = std::move(trigger);
    firing.scheduled_at = *parse_rfc3339("2026-01-20T09:00:00Z") + std::chrono::seconds(second);
    firing.execution_id = Uuid::v7();
    firing.partition = 3;
    firing.input = R"({"scheduled_at": "then"})";
    firing.accepted_at = wall_now();
    return firing;
  }
  std::vector<FiringOutcome> fire(std::vector<Firing> firings) {
    auto outcomes = loop.run(schedules.fire(incarnation, std::move(firings)));
    EXPECT_TRUE(outcomes) << outcomes.error().message;
    return outcomes.value_or(std::vector<FiringOutcome>());
  }
  ScheduleRow row() {
    const auto rows = loop.run(schedules.of({workflow.id}));
    return rows && rows->size() == 1 ? rows->front() : ScheduleRow{};
  }

  std::int64_t incarnation;
  WorkflowRow workflow;
  Schedules schedules{*pool};
};

using Outcomes = std::vector<FiringOutcome>;

TEST_F(SchedulesTest, AFiringIsRecordedWithItsExecution) {
  const Firing first = firing(0);
  EXPECT_EQ(fire({first}), Outcomes{FiringOutcome::recorded});
  const auto live = loop.run(Executions(*pool).find(first.execution_id));
  ASSERT_TRUE(live && *live);
  EXPECT_EQ((*live)->trigger_type, "cron");
  EXPECT_EQ((*live)->origin, "cron");
  EXPECT_EQ((*live)->status, "pending");
  EXPECT_EQ((*live)->input, first.input);
  EXPECT_EQ((*live)->correlation_id, first.execution_id.to_string());
  const ScheduleRow state = row();
  EXPECT_EQ(state.last_scheduled_at, first.scheduled_at);
  EXPECT_EQ(state.last_execution_id, first.execution_id);
  EXPECT_EQ(state.fired, 1);
}

TEST_F(SchedulesTest, ATimeFiresOnceWhoeverAsks) {
  const std::int64_t other = *loop.run(Leases(*pool).begin_incarnation("another", 600s));
  EXPECT_EQ(fire({firing(0), firing(1)}), (Outcomes{FiringOutcome::recorded, FiringOutcome::recorded}));
  const auto outcomes = loop.run(schedules.fire(other, {firing(1), firing(2), firing(0)}));
  ASSERT_TRUE(outcomes);
  EXPECT_EQ(*outcomes, (Outcomes{FiringOutcome::known, FiringOutcome::recorded, FiringOutcome::known}));
  EXPECT_EQ(count("live_executions"), 3);
  EXPECT_EQ(count("schedule_firings"), 3);
  EXPECT_EQ(row().fired, 3);
}

TEST_F(SchedulesTest, TwoThatBothBelieveToBeInChargeStartOneExecution) {
  const std::int64_t other = *loop.run(Leases(*pool).begin_incarnation("another", 600s));
  std::vector<std::shared_ptr<std::optional<Result<Outcomes>>>> answers;
  for (int round = 0; round < 20; ++round) {
    std::vector<Firing> mine, others;
    for (int second = 0; second < 5; ++second) {
      mine.push_back(firing(round * 5 + second));
      others.push_back(firing(round * 5 + 4 - second));
    }
    answers.push_back(loop.start(schedules.fire(incarnation, std::move(mine))));
    answers.push_back(loop.start(schedules.fire(other, std::move(others))));
  }
  int recorded = 0;
  ASSERT_TRUE(loop.until([&] {
    return std::all_of(answers.begin(), answers.end(), [](const auto& answer) { return answer->has_value(); });
  }));
  for (const auto& answer : answers) {
    ASSERT_TRUE(**answer) << (*answer)->error().message;
    recorded +=
        static_cast<int>(std::count((*answer)->value().begin(), (*answer)->value().end(), FiringOutcome::recorded));
  }
  EXPECT_EQ(recorded, 100);
  EXPECT_EQ(count("live_executions"), 100);
}

TEST_F(SchedulesTest, ADisabledOrChangedWorkflowDoesNotFire) {
  Firing old = firing(0);
  old.workflow_version = 2;
  EXPECT_EQ(fire({old}), Outcomes{FiringOutcome::outdated});
  execute("update workflows set enabled = false");
  EXPECT_EQ(fire({firing(0)}), Outcomes{FiringOutcome::outdated});
  execute("update workflows set enabled = true");
  EXPECT_EQ(count("schedule_firings"), 0);
  EXPECT_EQ(fire({firing(0)}), Outcomes{FiringOutcome::recorded});
}

TEST_F(SchedulesTest, AFailedFiringIsRememberedAndStartsNothing) {
  Firing bad = firing(0);
  bad.error = "'n' is required";
  bad.missed = 4;
  EXPECT_EQ(fire({bad}), Outcomes{FiringOutcome::recorded});
  EXPECT_EQ(fire({firing(0)}), Outcomes{FiringOutcome::known});
  EXPECT_EQ(count("live_executions"), 0);
  ScheduleRow state = row();
  EXPECT_EQ(state.last_error, "'n' is required");
  EXPECT_FALSE(state.last_execution_id);
  EXPECT_EQ(state.failed, 1);
  EXPECT_EQ(state.missed, 4);
  EXPECT_EQ(fire({firing(1)}), Outcomes{FiringOutcome::recorded});
  state = row();
  EXPECT_FALSE(state.last_error);
  EXPECT_EQ(state.fired, 1);
  EXPECT_EQ(state.missed, 4);
}

TEST_F(SchedulesTest, AnInputThatCannotBeStoredIsAFailedFiring) {
  Firing bad = firing(0);
  bad.input = std::string("\"a\0b\"", 5);
  EXPECT_EQ(fire({bad, firing(1)}), (Outcomes{FiringOutcome::recorded, FiringOutcome::recorded}));
  EXPECT_EQ(row().failed, 1);
  EXPECT_EQ(row().fired, 1);
}

TEST_F(SchedulesTest, AFencedSchedulerFiresNothing) {
  execute("update schedulers set fenced = true");
  const auto outcomes = loop.run(schedules.fire(incarnation, {firing(0)}));
  ASSERT_FALSE(outcomes);
  EXPECT_EQ(outcomes.error().code, ErrorCode::fenced);
  EXPECT_EQ(count("live_executions"), 0);
}

TEST_F(SchedulesTest, OldKeysAreDropped) {
  fire({firing(0), firing(1)});
  execute(
      "update schedule_firings set fired_at = now() - interval '3 days' where scheduled_at = '2026-01-20T09:00:00Z'");
  ASSERT_TRUE(loop.run(schedules.forget_old()));
  EXPECT_EQ(count("schedule_firings"), 1);
  EXPECT_EQ(count("schedules"), 1);
  execute("delete from workflows");
  ASSERT_TRUE(loop.run(schedules.forget_old()));
  EXPECT_EQ(count("schedules"), 0);
}

TEST_F(SchedulesTest, OnlyEnabledWorkflowsWithTriggersAreListed) {
  Workflows workflows(*pool);
  SaveWorkflow save;
  save.name = "manual";
  save.definition = "name: manual";
  const Uuid manual = loop.run(workflows.save(save))->row.id;
  EXPECT_EQ(loop.run(workflows.list_triggered())->size(), 1u);
  EXPECT_EQ(loop.run(workflows.list_triggered(std::vector<Uuid>{manual, workflow.id}))->size(), 1u);
  EXPECT_EQ(loop.run(workflows.list_triggered(std::vector<Uuid>{manual}))->size(), 0u);
  execute("update workflows set enabled = false where name = 'nightly'");
  EXPECT_EQ(loop.run(workflows.list_triggered())->size(), 0u);
}

}  // namespace
}  // namespace r8r::store::test
