// The command line's words about executions, as a person types them.
#include <gmock/gmock.h>

#include "tests/integration/stack_fixture.hpp"

namespace r8r::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class CliExecutions : public StackTest {
 protected:
  static Finished r8r(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--url", stack().url()});
    return run(program_path("r8r"), arguments);
  }
};

TEST_F(CliExecutions, AreListedShownExportedAndRepeated) {
  stack().create("name: cli-runs\nnodes: [{id: a, type: transform, config: {expression: input.n}}]\n");
  const Finished ran = r8r({"run", "cli-runs", "-p", "n=5"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("Output:\n5\n"));
  const Finished listed = r8r({"--json", "runs", "cli-runs", "-n", "1"});
  ASSERT_EQ(listed.exit_code, 0) << listed.err;
  const Json runs = Json::parse(listed.out);
  ASSERT_EQ(runs.size(), 1u);
  const std::string id = runs[0].value("id", "");

  const Finished shown = r8r({"runs", "show", id, "--trace"});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("Status: completed\n"));
  EXPECT_THAT(shown.out, HasSubstr("NODE"));
  EXPECT_THAT(shown.out, Not(HasSubstr("EXECUTION ID"))) << "the list is another command";
  EXPECT_THAT(r8r({"runs", "export", id}).out, HasSubstr(R"({"type":"node_execution","execution_id":")" + id));
  EXPECT_THAT(r8r({"executions", "watch", id}).out, HasSubstr("a [completed]"));
  EXPECT_THAT(r8r({"executions", "why", id}).out, HasSubstr("Why: it completed after "));
  EXPECT_THAT(r8r({"workflows", "logs", "cli-runs"}).out, HasSubstr(id));
  EXPECT_THAT(r8r({"workflows", "search", "--workflow", "cli-runs", "--status", "completed"}).out, HasSubstr(id));
  EXPECT_EQ(r8r({"workflows", "search", "--status", "bogus"}).exit_code, 1);

  const Finished again = r8r({"workflows", "replay", id, "-i", R"({"n": 6})"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("Output:\n6\n"));
  EXPECT_THAT(r8r({"executions", "list", "--workflow", "cli-runs", "--trigger", "replay"}).out, Not(HasSubstr(id)));
}

TEST_F(CliExecutions, ArePausedResumedAndCancelled) {
  stack().create("name: cli-waits\nnodes: [{id: a, type: wait, config: {seconds: 3600}}]\n");
  const std::string id = stack().submit("cli-waits", Json::object());
  ASSERT_TRUE(eventually(std::chrono::seconds(30),
                         [&] { return stack().get("/api/executions/" + id).json().value("status", "") == "running"; }));
  EXPECT_EQ(r8r({"executions", "pause", id, "--reason", "lunch"}).exit_code, 0);
  EXPECT_THAT(r8r({"executions", "why", id}).out, HasSubstr("lunch"));
  EXPECT_EQ(r8r({"executions", "pause", id}).exit_code, 1);
  EXPECT_EQ(r8r({"executions", "resume", id, "--wait=false"}).exit_code, 0);
  EXPECT_EQ(r8r({"executions", "pause", id}).exit_code, 0);
  EXPECT_EQ(r8r({"workflows", "resume", id, "--timeout", "0.05"}).exit_code, 124);
  const Finished cancelled = r8r({"executions", "cancel", id});
  EXPECT_EQ(cancelled.exit_code, 0) << cancelled.err;
  EXPECT_THAT(cancelled.out, HasSubstr(id + " is cancelled"));
  EXPECT_EQ(r8r({"executions", "cancel", "0199a1b2-c3d4-7e5f-8a6b-0123456789ab"}).exit_code, 3);
}

}  // namespace
}  // namespace r8r::test
