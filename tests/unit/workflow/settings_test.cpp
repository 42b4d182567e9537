#include <gtest/gtest.h>

#include "tests/unit/workflow/loading.hpp"

namespace r8r::workflow {
namespace {

std::shared_ptr<const Workflow> checked(const std::string& lines) {
  return must_load(with_node_lines(lines));
}

std::string problems_with(const std::string& lines) {
  return problems_of(with_node_lines(lines));
}

TEST(Settings, Defaults) {
  const Settings settings = checked("")->settings;
  EXPECT_EQ(settings.timeout, std::chrono::hours(1));
  EXPECT_EQ(settings.max_concurrency, 10);
  EXPECT_EQ(settings.max_for_each_items, 10'000);
  EXPECT_EQ(settings.chunk_size, 0);
  EXPECT_TRUE(settings.store_traces);
  EXPECT_FALSE(settings.debug);
  EXPECT_TRUE(settings.enable_checkpoints);
  EXPECT_EQ(settings.timezone, "UTC");
  EXPECT_EQ(settings.error_workflow, "");
  EXPECT_FALSE(settings.max_concurrent_executions);
  EXPECT_FALSE(settings.rate_limit);
  EXPECT_FALSE(settings.retention_days);
}

TEST(Settings, EveryFieldIsRead) {
  const auto workflow = checked(R"(settings:
  timeout_seconds: 1.5
  max_concurrency: 1000
  max_for_each_items: 1000000
  chunk_size: 50
  store_traces: false
  debug: true
  enable_checkpoints: false
  timezone: America/New_York
  error_workflow: on-error
  max_concurrent_executions: 3
  retention_days: 0
  rate_limit: {limit: 5, per_seconds: 0.5, key: "{{ input.customer }}"}
)");
  const Settings& settings = workflow->settings;
  EXPECT_EQ(settings.timeout, std::chrono::milliseconds(1'500));
  EXPECT_EQ(settings.max_concurrency, 1'000);
  EXPECT_EQ(settings.max_for_each_items, 1'000'000);
  EXPECT_EQ(settings.chunk_size, 50);
  EXPECT_FALSE(settings.store_traces);
  EXPECT_TRUE(settings.debug);
  EXPECT_FALSE(settings.enable_checkpoints);
  EXPECT_EQ(settings.timezone, "America/New_York");
  EXPECT_EQ(settings.error_workflow, "on-error");
  EXPECT_EQ(settings.max_concurrent_executions, 3);
  EXPECT_EQ(settings.retention_days, 0);
  ASSERT_TRUE(settings.rate_limit);
  EXPECT_EQ(settings.rate_limit->limit, 5);
  EXPECT_EQ(settings.rate_limit->per, std::chrono::milliseconds(500));
  EXPECT_TRUE(settings.rate_limit->key);
}

TEST(Settings, WrongValuesAreNamed) {
  EXPECT_EQ(problems_with("settings: {timezone: Europe/Berlinn, error_workflow: a b, max_concurrent_executions: 0}\n"),
            "6:22 settings.timezone: unknown time zone 'Europe/Berlinn' (take a name of the IANA database, such as "
            "Europe/Berlin or UTC)\n"
            "6:54 settings.error_workflow: 'a b' cannot be the name of a workflow (1 to 128 letters, digits, '-' and "
            "'_', beginning with a letter or digit)\n"
            "6:86 settings.max_concurrent_executions: 'max_concurrent_executions' must be an integer from 1 to 100000, "
            "not '0'\n");
  EXPECT_EQ(problems_with("settings: {timezone: /etc/passwd}\n").substr(0, 50),
            "6:22 settings.timezone: unknown time zone '/etc/pa");
  EXPECT_EQ(problems_with("settings: {time_zone: UTC}\n").substr(0, 79),
            "6:12 settings.time_zone: unknown field 'time_zone' in settings (did you mean 't");
}

TEST(RateLimit, NeedsBothNumbers) {
  EXPECT_EQ(problems_with("settings: {rate_limit: {limit: 0}}\n"),
            "6:24 settings.rate_limit.per_seconds: the field 'per_seconds' is missing (in this many seconds)\n"
            "6:32 settings.rate_limit.limit: 'limit' must be an integer from 1 to 1000000, not '0'\n");
}

TEST(RateLimit, ItsKeySeesTheInputAndNoNodes) {
  EXPECT_EQ(problems_with("settings: {rate_limit: {limit: 1, per_seconds: 1, key: '{{ nodes.a.x }}'}}\n"),
            "6:56 settings.rate_limit.key: no node has run yet when a trigger is evaluated: nodes, item and execution "
            "mean nothing here (known: input, variables, env)\n");
  EXPECT_EQ(problems_with("settings: {rate_limit: {limit: 1, per_seconds: 1, key: 'k-{{ inptu.x }}'}}\n"),
            "6:62 settings.rate_limit.key: unknown name 'inptu' (did you mean 'input'?)\n");
  EXPECT_EQ(problems_with("settings: {rate_limit: {limit: 1, per_seconds: 1, key: '{{ input. }}'}}\n").substr(0, 28),
            "6:67 settings.rate_limit.key");
}

TEST(WorkflowDependencies, AreNamesOrMaps) {
  const auto workflow =
      checked("depends_on_workflows:\n  - load\n  - {workflow: clean, status: any, within_seconds: 60}\n");
  ASSERT_EQ(workflow->depends_on_workflows.size(), 2u);
  EXPECT_EQ(workflow->depends_on_workflows[0].workflow, "load");
  EXPECT_EQ(workflow->depends_on_workflows[0].status, "completed");
  EXPECT_FALSE(workflow->depends_on_workflows[0].within);
  EXPECT_EQ(workflow->depends_on_workflows[1].status, "any");
  EXPECT_EQ(workflow->depends_on_workflows[1].within, std::chrono::seconds(60));
}

TEST(WorkflowDependencies, MistakesAreNamed) {
  EXPECT_EQ(
      problems_with("depends_on_workflows: [t, {status: any}, x, {workflow: x, status: done}, 5, 'a b']\n"),
      "6:24 depends_on_workflows[0]: the workflow 't' depends on itself (remove this entry)\n"
      "6:27 depends_on_workflows[1].workflow: the field 'workflow' is missing (the name of the workflow that "
      "must end first)\n"
      "6:45 depends_on_workflows[3]: 'x' is there twice (it is first given on line 6; remove one)\n"
      "6:67 depends_on_workflows[3].status: 'status' must be one of completed, failed, any, not 'done'\n"
      "6:74 depends_on_workflows[4]: the name of a workflow, or a map with 'workflow', is expected, not a number\n"
      "6:77 depends_on_workflows[5]: 'a b' cannot be the name of a workflow (1 to 128 letters, digits, '-' and "
      "'_', beginning with a letter or digit)\n");
}

TEST(Version, IsANumberOrText) {
  EXPECT_EQ(checked("")->version, "1");
  EXPECT_EQ(checked("version: 7\n")->version, "7");
  EXPECT_EQ(checked("version: 1.10\n")->version, "1.10");
  EXPECT_EQ(checked("version: '2.0.1-beta'\n")->version, "2.0.1-beta");
  EXPECT_EQ(problems_with("version: [1]\n"),
            "6:10 version: 'version' must be an integer or a string of at most 128 characters, not a list\n");
}

TEST(Variables, AreConstants) {
  EXPECT_EQ(warnings_of(with_node_lines("variables: {a: '{{ input.x }}', b: 1}\n")),
            "6:16 variables.a: variables are constants: the {{ }} in it stays as it is (write the expression where the "
            "variable is used)\n");
}

}  // namespace
}  // namespace r8r::workflow
