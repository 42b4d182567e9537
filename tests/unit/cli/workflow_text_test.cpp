#include "cli/client/workflow_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace r8r::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kGreeting = R"(name: greeting
inputs:
  name:
    type: string
    required: true
    description: whom to greet
  style:
    type: string
    required: true
    default: plain
  count:
    type: integer
nodes:
  - id: greet
    type: transform
    config:
      expression: input.name
  - id: show
    type: debug
    depends_on: [greet]
)";

TEST(WorkflowText, ReadsWhatPeopleAskFor) {
  const WorkflowText workflow = read_workflow(kGreeting);
  ASSERT_TRUE(workflow.valid) << workflow.problems;
  EXPECT_EQ(workflow.name, "greeting");
  ASSERT_EQ(workflow.nodes.size(), 2u);
  EXPECT_EQ(workflow.nodes[1].type, "debug");
  EXPECT_THAT(workflow.nodes[1].depends_on, ElementsAre("greet"));
}

TEST(WorkflowText, ListsRequiredInputsThatAreMissing) {
  const WorkflowText workflow = read_workflow(kGreeting);
  EXPECT_THAT(missing_inputs(workflow, "{}"), ElementsAre("--param name=<string> (required)  whom to greet"));
  EXPECT_THAT(missing_inputs(workflow, "null"), testing::SizeIs(1));
  EXPECT_THAT(missing_inputs(workflow, R"({"name": null})"), testing::SizeIs(1));
  EXPECT_THAT(missing_inputs(workflow, R"({"name": "Ada"})"), IsEmpty());
  EXPECT_THAT(missing_inputs(workflow, "[1]"), IsEmpty()) << "the server says what is wrong with it";
}

TEST(WorkflowText, ShowsProblemsAtTheirPlace) {
  const std::string source = "name: x\nnodes:\n  - id: a\n    type: transfrom\n";
  const WorkflowText workflow = read_workflow(source);
  ASSERT_FALSE(workflow.valid);
  ASSERT_FALSE(workflow.problems.empty());
  EXPECT_THAT(describe_problems(source, "x.yaml", workflow.problems), HasSubstr("x.yaml:4:"));
}

TEST(WorkflowText, IgnoresDetailsThatAreNoProblems) {
  EXPECT_EQ(describe_problems("name: x", "x.yaml", Json::parse(R"({"status": 1})")), "");
  EXPECT_EQ(describe_problems("name: x", "x.yaml", Json::parse(R"([1, {"line": 3}])")), "");
}

}  // namespace
}  // namespace r8r::cli
