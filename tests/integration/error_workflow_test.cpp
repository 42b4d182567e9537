// Executions that begin because another one failed.
#include "tests/integration/stack_fixture.hpp"

namespace r8r::test {
namespace {

class ErrorWorkflow : public StackTest {
 protected:
  /// The execution that began because `failed` did, once it has ended.
  Json handler_of(const std::string& failed) {
    const std::string sql = "select id from all_executions where parent_execution_id = '" + failed + "'";
    std::string id;
    eventually(std::chrono::seconds(30), [&] {
      id = stack().query(sql);
      return !id.empty();
    });
    return id.empty() ? Json() : stack().wait_end(id);
  }
};

TEST_F(ErrorWorkflow, GetsWhatFailedAndWhy) {
  stack().create("name: report\nnodes: [{id: all, type: transform, config: {expression: input}}]\n");
  stack().create(R"(
name: breaks
settings: {error_workflow: report}
nodes: [{id: bad, type: transform, config: {expression: 'throw "no \"luck\""'}}]
)");
  const Json failed = stack().execute("breaks", {{"n", 1}});
  ASSERT_EQ(failed["status"], "failed");
  const std::string id = failed.value("execution_id", "");
  const Json handler = handler_of(id);
  EXPECT_EQ(handler["status"], "completed") << handler;
  EXPECT_EQ(handler["workflow_name"], "report");
  EXPECT_EQ(handler["trigger_type"], "error_handler");
  EXPECT_EQ(handler["origin"], "engine");
  EXPECT_EQ(handler["parent_execution_id"], id);
  const Json input = handler["output"];
  EXPECT_EQ(input["execution_id"], id);
  EXPECT_EQ(input["workflow_name"], "breaks");
  EXPECT_EQ(input["node_id"], "bad");
  EXPECT_EQ(input["error"]["message"], failed["error"]);
  EXPECT_EQ(input["error"]["code"], "EXPRESSION_ERROR");
  EXPECT_EQ(input["error"]["node_id"], "bad");
  EXPECT_EQ(input["error"]["execution_id"], id);
  EXPECT_EQ(input["error"]["workflow_name"], "breaks");
  EXPECT_EQ(input["original_input"], Json({{"n", 1}}));
  EXPECT_EQ(input["input"], Json({{"n", 1}}));
}

TEST_F(ErrorWorkflow, IsNotStartedForItsOwnFailureNorForASuccess) {
  stack().create(R"(
name: own-handler
settings: {error_workflow: own-handler}
nodes: [{id: bad, type: transform, config: {expression: 'if input.fine == true { 1 } else { throw "again" }'}}]
)");
  const Json fine = stack().execute("own-handler", {{"fine", true}});
  EXPECT_EQ(fine["status"], "completed") << fine;
  const Json failed = stack().execute("own-handler", {{"n", 1}});
  const Json handler = handler_of(failed.value("execution_id", ""));
  EXPECT_EQ(handler["status"], "failed") << handler;
  EXPECT_EQ(stack().query("select count(*) from all_executions where workflow_name = 'own-handler'"), "3");
}

TEST_F(ErrorWorkflow, OneThatIsNotThereChangesNothing) {
  stack().create(R"(
name: no-handler
settings: {error_workflow: nowhere}
nodes: [{id: bad, type: transform, config: {expression: 'throw "x"'}}]
)");
  const Json failed = stack().execute("no-handler", Json::object());
  EXPECT_EQ(failed["status"], "failed");
  EXPECT_EQ(stack().query("select count(*) from all_executions where workflow_name = 'nowhere'"), "0");
}

}  // namespace
}  // namespace r8r::test
