#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/commands/execution_lists.hpp"
#include "cli/commands/executions.hpp"
#include "cli/commands/runs.hpp"
#include "cli/commands/version.hpp"
#include "cli/commands/workflows.hpp"
#include "cli/server/workflow_folders.hpp"
#include "tests/unit/cli/fake_api.hpp"

namespace r8r::cli {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kId = "01990000-0000-7000-8000-000000000001";
constexpr const char* kHello =
    "name: hello\\nnodes:\\n  - id: a\\n    type: transform\\n    config: {expression: input}\\n";

class Commands : public testing::Test {
 protected:
  Commands() {
    fake_.answer("GET /api/workflows/hello", 200,
                 std::string(R"({"id":"w","name":"hello","version":3,"enabled":true,"definition":")") + kHello + "\"}");
    fake_.answer(
        "GET /api/workflows", 200,
        R"({"workflows":[{"id":"w","name":"hello","enabled":true,"updated_at":"2026-01-20T14:30:00.000Z"},)"
        R"({"id":"v","name":"other","enabled":false,"updated_at":"2026-01-21T00:00:00.000Z"}],"next_cursor":null})");
    console_.utc = true;
  }
  ~Commands() override { fs::remove(file_); }

  std::string write_file(const std::string& text) {
    std::ofstream(file_) << text;
    return file_.string();
  }

  FakeApi fake_;
  std::ostringstream out_, error_;
  Console console_{out_, error_};
  ApiClient api_{fake_.url(), "secret"};
  Context context_{console_, api_};
  fs::path file_ = fs::temp_directory_path() / ("r8r-commands-test-" + std::to_string(::getpid()) + ".yaml");
};

TEST_F(Commands, ListIsATable) {
  EXPECT_EQ(list_workflows(context_, {}), 0);
  EXPECT_EQ(out_.str(),
            "NAME   ENABLED  UPDATED\n"
            "────────────────────────────────\n"
            "hello  yes      2026-01-20 14:30\n"
            "other  no       2026-01-21 00:00\n");
  EXPECT_THAT(fake_.requests().at(0).head, HasSubstr("Authorization: Bearer secret"));
}

TEST_F(Commands, ListAsJsonCarriesTheDefinitions) {
  console_.json = true;
  EXPECT_EQ(list_workflows(context_, {}), 0);
  const Json list = Json::parse(out_.str());
  ASSERT_EQ(list.size(), 1u) << "the one that was deleted between the two requests is left out";
  EXPECT_THAT(list.at(0).at("definition").get<std::string>(), HasSubstr("name: hello"));
}

TEST_F(Commands, EmptyListAsJsonIsAnEmptyArray) {
  fake_.answer("GET /api/workflows?enabled=true", 200, R"({"workflows":[],"next_cursor":null})");
  console_.json = true;
  EXPECT_EQ(list_workflows(context_, {"", true}), 0);
  EXPECT_EQ(out_.str(), "[]\n");
}

TEST_F(Commands, CreateSendsTheTextAndSaysWhatBecameOfIt) {
  fake_.answer("POST /api/workflows", 201,
               R"({"id":"w","name":"hello","enabled":true,"node_count":1,"trigger_count":0,"version":4})");
  EXPECT_EQ(create_workflows(context_, {write_file("name: hello\nnodes: []\n")}), 0);
  EXPECT_EQ(out_.str(), "✓ Updated workflow 'hello' to version 4 (1 node)\n");
  EXPECT_EQ(Json::parse(fake_.requests().at(0).body).at("definition"), "name: hello\nnodes: []\n");
}

TEST_F(Commands, CreateShowsProblemsInTheFile) {
  fake_.answer("POST /api/workflows", 422,
               R"({"error":{"code":"INVALID_WORKFLOW_DEFINITION","message":"1 problem","details":)"
               R"([{"path":"nodes","line":2,"column":1,"message":"nodes must not be empty","hint":"add one"}]}})");
  EXPECT_EQ(create_workflows(context_, {write_file("name: hello\nnodes: []\n")}), 1);
  EXPECT_THAT(error_.str(), HasSubstr(file_.string() + ":2:1: error: nodes must not be empty"));
  EXPECT_THAT(error_.str(), HasSubstr("error[INVALID_WORKFLOW_DEFINITION]"));
}

TEST_F(Commands, CreateGoesOnWithTheOtherFiles) {
  fake_.answer("POST /api/workflows", 201,
               R"({"id":"w","name":"hello","enabled":true,"node_count":1,"trigger_count":0,"version":1})");
  EXPECT_EQ(create_workflows(context_, {"/no/such/file.yaml", write_file("name: hello\n")}), 1);
  EXPECT_THAT(error_.str(), HasSubstr("error[IO_ERROR]: cannot read '/no/such/file.yaml'"));
  EXPECT_EQ(out_.str(), "✓ Created workflow 'hello' (1 node)\n");
}

TEST_F(Commands, RunPrintsTheOutput) {
  fake_.answer("POST /api/workflows/hello/execute", 200,
               std::string(R"({"execution_id":")") + kId +
                   R"(","status":"completed","output":{"v":1},"error":null,"duration_ms":12})");
  RunWorkflow options;
  options.name = "hello";
  options.parameters = {"a=1", "b=text"};
  options.idempotency_key = "k";
  options.timeout_seconds = 2.5;
  EXPECT_EQ(run_workflow(context_, options), 0);
  EXPECT_EQ(out_.str(),
            std::string("Execution ID: ") + kId + "\nStatus: completed\nDuration: 12 ms\nOutput:\n{\n  \"v\": 1\n}\n");
  EXPECT_EQ(fake_.requests().back().body,
            R"({"input":{"a":1,"b":"text"},"wait":true,"timeout_seconds":2.5,"idempotency_key":"k"})");
}

TEST_F(Commands, RunOfAWorkflowThatFailsExitsWithOneUnlessThatIsAllowed) {
  fake_.answer("POST /api/workflows/hello/execute", 200,
               std::string(R"({"execution_id":")") + kId +
                   R"(","status":"failed","output":null,"error":"node a: boom","duration_ms":12})");
  RunWorkflow options;
  options.name = "hello";
  EXPECT_EQ(run_workflow(context_, options), 1);
  EXPECT_THAT(out_.str(), HasSubstr("Error: node a: boom\n"));
  options.allow_failed = true;
  EXPECT_EQ(run_workflow(context_, options), 0);
}

TEST_F(Commands, RunAsJsonIsTheAnswerAndNothingElse) {
  fake_.answer("POST /api/workflows/hello/execute", 200,
               std::string(R"({"execution_id":")") + kId +
                   R"(","status":"failed","output":null,"error":"boom","duration_ms":12})");
  console_.json = true;
  RunWorkflow options;
  options.name = "hello";
  EXPECT_EQ(run_workflow(context_, options), 1);
  EXPECT_EQ(Json::parse(out_.str()).at("status"), "failed");
  EXPECT_EQ(error_.str(), "");
}

TEST_F(Commands, RunThatOutlastsTheWaitExitsWith124AndNamesTheExecution) {
  fake_.answer("POST /api/workflows/hello/execute", 504, envelope("EXECUTION_TIMEOUT", "still running", kId));
  RunWorkflow options;
  options.name = "hello";
  EXPECT_EQ(run_workflow(context_, options), 124);
  EXPECT_THAT(error_.str(), HasSubstr(kId));
}

TEST_F(Commands, RunOfAnUnknownNameSuggestsNearOnes) {
  fake_.answer("GET /api/workflows/helo", 404, envelope("WORKFLOW_NOT_FOUND", "Workflow 'helo' not found"));
  RunWorkflow options;
  options.name = "helo";
  EXPECT_EQ(run_workflow(context_, options), 3);
  EXPECT_THAT(error_.str(), HasSubstr("did you mean hello?"));
}

TEST_F(Commands, RunListsMissingInputsBeforeAnythingRuns) {
  fake_.answer("GET /api/workflows/strict", 200,
               R"({"name":"strict","definition":"name: strict\ninputs:\n  who: {type: string, required: true}\n)"
               R"(nodes:\n  - id: a\n    type: transform\n    config: {expression: input.who}\n"})");
  RunWorkflow options;
  options.name = "strict";
  EXPECT_EQ(run_workflow(context_, options), 1);
  EXPECT_THAT(error_.str(), HasSubstr("--param who=<string> (required)"));
  EXPECT_EQ(fake_.requests().size(), 1u) << "nothing was run";
}

TEST_F(Commands, NoServerIsFour) {
  ApiClient nobody("http://127.0.0.1:1", "");
  Context context{console_, nobody};
  EXPECT_EQ(show_execution(context, kId), 4);
  EXPECT_THAT(error_.str(), HasSubstr("cannot reach the r8r server at http://127.0.0.1:1"));
  EXPECT_THAT(error_.str(), HasSubstr("start one with: r8r server"));
}

TEST_F(Commands, ARefusedKeyIsFive) {
  fake_.answer("GET /api/workflows", 401, envelope("UNAUTHORIZED", "An API key is required"));
  EXPECT_EQ(list_workflows(context_, {}), 5);
  EXPECT_THAT(error_.str(), HasSubstr("--api-key"));
}

TEST_F(Commands, TraceIsATable) {
  fake_.answer(
      std::string("GET /api/executions/") + kId + "/trace", 200,
      std::string(R"({"execution_id":")") + kId +
          R"(","workflow_name":"hello","status":"failed","nodes":[)"
          R"({"node_id":"a","node_type":"http","status":"failed","attempt":2,"duration_ms":7,"error":"line 1\nline 2"}]})");
  EXPECT_EQ(trace_execution(context_, kId), 0);
  EXPECT_THAT(out_.str(), HasSubstr("NODE  TYPE  STATUS  ATTEMPT  MS  ERROR\n"));
  EXPECT_THAT(out_.str(), HasSubstr("a     http  failed  2        7   line 1 line 2\n"));
}

TEST_F(Commands, ShowExecutionLeavesOutWhatIsNotThere) {
  fake_.answer(
      std::string("GET /api/executions/") + kId, 200,
      std::string(R"({"id":")") + kId +
          R"(","workflow_name":"hello","workflow_version":3,"status":"running","trigger_type":"api",)"
          R"("started_at":"2026-01-20T14:30:00.000Z","finished_at":null,"error":null,"input":{},"output":null})");
  EXPECT_EQ(show_execution(context_, kId), 0);
  EXPECT_EQ(out_.str(), std::string("Execution: ") + kId +
                            "\nWorkflow: hello (version 3)\nStatus: running\nTrigger: api\n"
                            "Started: 2026-01-20 14:30:00 UTC\nInput:\n{}\n");
}

std::string steer(const char* action) {
  return std::string("POST /api/executions/") + kId + "/" + action;
}

TEST_F(Commands, CancelSendsTheReason) {
  fake_.answer(steer("cancel"), 200, std::string(R"({"execution_id":")") + kId + R"(","status":"cancelled"})");
  EXPECT_EQ(cancel_execution(context_, kId, "not \"wanted\""), 0);
  EXPECT_EQ(out_.str(), std::string("✓ ") + kId + " is cancelled\n");
  EXPECT_EQ(fake_.requests().back().body, R"({"reason":"not \"wanted\""})");
}

TEST_F(Commands, PauseInTheWrongStateIsAnError) {
  fake_.answer(steer("pause"), 409, envelope("INVALID_STATE", "Only a running execution can be paused", kId));
  EXPECT_EQ(pause_execution(context_, kId, ""), 1);
  EXPECT_THAT(error_.str(), HasSubstr("error[INVALID_STATE]: Only a running execution can be paused"));
  EXPECT_EQ(fake_.requests().back().body, "{}");
}

TEST_F(Commands, ResumeWaitsForTheEndAndShowsIt) {
  fake_.answer(steer("resume"), 200,
               std::string(R"({"execution_id":")") + kId +
                   R"(","status":"failed","duration_ms":7,"output":null,"error":"node a: boom"})");
  EXPECT_EQ(resume_execution(context_, kId, {.timeout_seconds = 2.5}), 1);
  EXPECT_EQ(out_.str(),
            std::string("Execution ID: ") + kId + "\nStatus: failed\nError: node a: boom\nDuration: 7 ms\n");
  EXPECT_EQ(fake_.requests().back().body, R"({"wait":true,"timeout_seconds":2.5})");
  EXPECT_EQ(resume_execution(context_, kId, {.allow_failed = true}), 0);
}

TEST_F(Commands, ResumeThatOutlastsTheWaitExitsWith124) {
  fake_.answer(steer("resume"), 202, std::string(R"({"execution_id":")") + kId + R"(","status":"running"})");
  EXPECT_EQ(resume_execution(context_, kId, {}), 124);
  EXPECT_THAT(error_.str(), HasSubstr("the wait ran out; the execution goes on"));
  EXPECT_EQ(resume_execution(context_, kId, {.wait = false}), 0);
  EXPECT_EQ(fake_.requests().back().body, R"({"wait":false})");
}

TEST_F(Commands, ReplayMaySendAnotherInputAndVersion) {
  fake_.answer(steer("replay"), 200,
               R"({"execution_id":"new","status":"completed","output":5,"error":null,"duration_ms":3})");
  ReplayExecution options;
  options.id = kId;
  EXPECT_EQ(replay_execution(context_, options), 0);
  EXPECT_EQ(out_.str(), "Execution ID: new\nStatus: completed\nDuration: 3 ms\nOutput:\n5\n");
  EXPECT_EQ(fake_.requests().back().body, R"({"wait":true})");
  options.input = R"({"a": 1})";
  options.version = 2;
  options.wait = false;
  EXPECT_EQ(replay_execution(context_, options), 0);
  EXPECT_EQ(fake_.requests().back().body, R"({"wait":false,"input":{"a": 1},"version":2})");
  ReplayExecution part;
  part.id = kId;
  part.from_node = "send";
  EXPECT_EQ(replay_execution(context_, part), 0);
  EXPECT_EQ(fake_.requests().back().body, R"({"wait":true,"from_node":"send"})");
}

TEST_F(Commands, RunAsksFirstAndRunsOnlyAfterAYes) {
  fake_.answer("POST /api/workflows/hello/execute", 200,
               R"({"execution_id":"e","status":"completed","output":1,"error":null,"duration_ms":3})");
  RunWorkflow options;
  options.name = "hello";
  std::istringstream no("maybe\nno\n");
  EXPECT_EQ(review_and_run(context_, options, &no), 1);
  EXPECT_THAT(error_.str(), HasSubstr("Workflow: hello (version 3)\nNodes: a (transform)\nOutside calls: none\n"));
  EXPECT_THAT(error_.str(), HasSubstr("Run? [yes/no]\nRun? [yes/no]\nnothing was run\n"));
  EXPECT_EQ(out_.str(), "");
  std::istringstream nothing;
  EXPECT_EQ(review_and_run(context_, options, &nothing), 1);
  std::istringstream yes("yes\n");
  EXPECT_EQ(review_and_run(context_, options, &yes), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Status: completed\n"));
  EXPECT_EQ(review_and_run(context_, options, nullptr), 0);
}

TEST_F(Commands, ExportIsOneLineForTheExecutionAndOneForEachNode) {
  const std::string path = std::string("GET /api/executions/") + kId;
  fake_.answer(path, 200,
               R"({"id":"e","workflow_name":"hello","status":"completed","input":{"b":1,"a":2},"output":5})");
  fake_.answer(path + "/trace", 200, R"({"nodes":[{"node_id":"a","status":"completed","output":5,"worker":"w"}]})");
  EXPECT_EQ(export_run(context_, {.id = kId}), 0);
  EXPECT_EQ(out_.str(),
            R"({"type":"execution","id":"e","workflow_name":"hello","status":"completed","trigger_type":null,)"
            R"("started_at":null,"finished_at":null,"error":null,"input":{"b":1,"a":2},"output":5})"
            "\n"
            R"({"type":"node_execution","execution_id":"e","node_id":"a","status":"completed","started_at":null,)"
            R"("finished_at":null,"error":null,"output":5})"
            "\n");
  out_.str("");
  console_.json = true;
  EXPECT_EQ(export_run(context_, {.id = kId, .format = "json", .file = file_.string()}), 0);
  EXPECT_EQ(Json::parse(out_.str()).at("ok"), true);
  std::ifstream file(file_);
  const Json written = Json::parse(file);
  EXPECT_EQ(written.at("execution").at("id"), "e");
  EXPECT_EQ(written.at("nodes").at(0).at("worker"), "w");
  EXPECT_EQ(export_run(context_, {.id = kId, .file = "/nowhere/at/all"}), 1);
  EXPECT_THAT(error_.str(), HasSubstr("cannot write '/nowhere/at/all'"));
}

TEST_F(Commands, WatchSaysWhatHappenedAndEndsWithTheExecution) {
  const std::string path = std::string("GET /api/executions/") + kId;
  fake_.answer(path + "/trace", 200,
               R"({"status":"failed","nodes":[{"node_id":"a","status":"failed","attempt":2,"duration_ms":7,)"
               R"("started_at":"2026-01-20T14:30:00.000Z","finished_at":"2026-01-20T14:30:01.000Z","error":"boom",)"
               R"("item_index":null},{"node_id":"b","status":"completed","item_index":3}]})");
  fake_.answer(path, 200, R"({"status":"failed","error":"node a: boom","output":null})");
  EXPECT_EQ(watch_execution(context_, kId), 1);
  EXPECT_EQ(out_.str(),
            "2026-01-20 14:30:01 UTC  a [failed] attempt 2 7 ms: boom\nStatus: failed\nError: node a: boom\n");
}

TEST_F(Commands, WhyIsASentenceAndATable) {
  fake_.answer(std::string("GET /api/executions/") + kId + "/why", 200,
               std::string(R"({"execution_id":")") + kId +
                   R"(","workflow_name":"hello","status":"running","last_progress_at":"2026-01-20T14:30:00.000Z",)"
                   R"("owner":"scheduler 7","detail":"node 'a' waits","waiting_for":[{"kind":"timer","node_id":"a",)"
                   R"("since":"2026-01-20T14:30:00.000Z","until":null,"worker":null,"detail":"node 'a' waits"}]})");
  EXPECT_EQ(explain_execution(context_, kId), 0);
  EXPECT_EQ(out_.str(), std::string("Execution: ") + kId +
                            "\nWorkflow: hello\nStatus: running\nLast progress: 2026-01-20 14:30:00 UTC\n"
                            "Owner: scheduler 7\nWhy: node 'a' waits\n\n"
                            "WAITS FOR  NODE  SINCE                    UNTIL  DETAIL\n"
                            "───────────────────────────────────────────────────────────────\n"
                            "timer      a     2026-01-20 14:30:00 UTC         node 'a' waits\n");
}

std::string listed(const std::string& id, const std::string& workflow) {
  return R"({"id":")" + id + R"(","workflow_name":")" + workflow +
         R"(","status":"failed","trigger_type":"api","started_at":"2026-01-20T14:30:00.000Z"})";
}

TEST_F(Commands, ListOfExecutionsFollowsThePages) {
  fake_.answer("GET /api/executions?workflow=hello&status=failed%2Cpaused&limit=20", 200,
               R"({"executions":[)" + listed("1", "hello") + R"(],"next_cursor":"c1"})");
  fake_.answer("GET /api/executions?workflow=hello&status=failed%2Cpaused&limit=19&cursor=c1", 200,
               R"({"executions":[)" + listed("2", "hello") + R"(],"next_cursor":null})");
  ListExecutions options{.workflow = "hello", .status = "failed,paused"};
  EXPECT_EQ(list_executions(context_, options, ListColumns::with_workflow), 0);
  EXPECT_EQ(out_.str(),
            "EXECUTION ID  WORKFLOW  STATUS  TRIGGER  STARTED\n"
            "────────────────────────────────────────────────────────────────\n"
            "1             hello     failed  api      2026-01-20 14:30:00 UTC\n"
            "2             hello     failed  api      2026-01-20 14:30:00 UTC\n");
}

TEST_F(Commands, ListOfNoExecutionsAsJsonIsAnEmptyArray) {
  fake_.answer("GET /api/executions?limit=5&offset=3", 200, R"({"executions":[],"next_cursor":null})");
  console_.json = true;
  EXPECT_EQ(list_executions(context_, {.limit = 5, .offset = 3}, ListColumns::with_workflow), 0);
  EXPECT_EQ(out_.str(), "[]\n");
}

TEST_F(Commands, LogsOfAnUnknownWorkflowSuggestNearOnes) {
  fake_.answer("GET /api/workflows/helo/executions?limit=10", 404, envelope("WORKFLOW_NOT_FOUND", "not found"));
  EXPECT_EQ(workflow_logs(context_, "helo", 10), 3);
  EXPECT_THAT(error_.str(), HasSubstr("did you mean hello?"));
  fake_.answer("GET /api/workflows/hello/executions?limit=10", 200,
               R"({"executions":[)" + listed("1", "hello") + R"(],"next_cursor":null})");
  EXPECT_EQ(workflow_logs(context_, "hello", 10), 0);
  EXPECT_THAT(out_.str(), HasSubstr("EXECUTION ID  STATUS  TRIGGER  STARTED\n"));
}

TEST_F(Commands, ShowRunWithItsTrace) {
  const std::string path = std::string("GET /api/executions/") + kId;
  fake_.answer(path, 200,
               std::string(R"({"id":")") + kId +
                   R"(","workflow_name":"hello","status":"failed","trigger_type":"api",)"
                   R"("started_at":"2026-01-20T14:30:00.000Z"})");
  fake_.answer(path + "/trace", 200, R"({"nodes":[{"node_id":"a","status":"failed","duration_ms":7,"error":"boom"}]})");
  EXPECT_EQ(show_run(context_, kId, true), 0);
  EXPECT_THAT(out_.str(), HasSubstr("NODE  STATUS  MS  ERROR\n"));
  EXPECT_THAT(out_.str(), HasSubstr("a     failed  7   boom\n"));
  out_.str("");
  console_.json = true;
  EXPECT_EQ(show_run(context_, kId, true), 0);
  EXPECT_EQ(Json::parse(out_.str()).at("trace").at(0).at("node_id"), "a");
}

TEST_F(Commands, ShowWorkflowDrawsItsNodes) {
  EXPECT_EQ(show_workflow(context_, {"hello", false}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Workflow: hello\nVersion: 3\nEnabled: yes\n"));
  EXPECT_THAT(out_.str(), HasSubstr("a     transform\n"));
}

TEST_F(Commands, ShowWorkflowAsYamlIsTheFile) {
  EXPECT_EQ(show_workflow(context_, {"hello", true}), 0);
  EXPECT_THAT(out_.str(), testing::StartsWith("name: hello\nnodes:\n"));
}

TEST_F(Commands, VersionNeedsNoServer) {
  EXPECT_EQ(show_version(context_), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Server: none answers"));
}

TEST_F(Commands, ValidateNeedsNoServerAndShowsEveryProblem) {
  const std::string file = write_file("name: hello\nnodes:\n  - id: a\n    type: transfrom\n  - id: b\n");
  EXPECT_EQ(validate_workflows(console_, {file}), 1);
  EXPECT_EQ(error_.str(), file +
                              ":4:11: error: unknown node type 'transfrom'\n"
                              "    4 |     type: transfrom\n"
                              "      |           ^\n"
                              "      = hint: did you mean 'transform'?\n" +
                              file +
                              ":5:5: error: the field 'type' is missing\n"
                              "    5 |   - id: b\n"
                              "      |     ^\n"
                              "      = hint: for example type: transform, set, http, wait or debug\n"
                              "error[VALIDATION_ERROR]: " +
                              file + ": 2 errors\n");
  EXPECT_EQ(out_.str(), "");
  EXPECT_TRUE(fake_.requests().empty());
}

TEST_F(Commands, ValidateCountsWhatIsRightAndWarns) {
  const std::string file = write_file(
      "name: hello\ntriggers: [{type: webhook}]\nnodes:\n  - id: a\n    type: transform\n    config:\n"
      "      expression: input.body.x\n");
  EXPECT_EQ(validate_workflows(console_, {file}), 0);
  EXPECT_EQ(out_.str(), "✓ " + file + ": workflow 'hello' is valid (1 node, 1 trigger, 1 warning)\n");
  EXPECT_THAT(error_.str(), HasSubstr(":7:25: warning: the body of a webhook"));
}

TEST_F(Commands, ValidateWarnsOfWhatTheServerDoesNotRunYet) {
  const std::string file =
      write_file("name: hello\ntriggers: [{type: webhook, dedupe: true}]\nnodes: [{id: a, type: debug}]\n");
  EXPECT_EQ(validate_workflows(console_, {file}), 0);
  EXPECT_THAT(error_.str(), HasSubstr("warning: 'dedupe' is not available in this version"));
}

TEST_F(Commands, ValidateGoesOnBehindFilesThatCannotBeRead) {
  const std::string file = write_file("name: hello\nnodes: [{id: a, type: debug}]\n");
  EXPECT_EQ(validate_workflows(console_, {"/nowhere.yaml", fs::temp_directory_path().string(), file}), 1);
  EXPECT_THAT(error_.str(), HasSubstr("error[IO_ERROR]: cannot read '/nowhere.yaml': No such file or directory\n"));
  EXPECT_THAT(error_.str(), HasSubstr("' is a folder\n  hint: give the files in it: "));
  EXPECT_THAT(error_.str(), HasSubstr("2 of 3 files are not valid\n"));
  EXPECT_THAT(out_.str(), HasSubstr("✓ " + file));
}

TEST_F(Commands, ValidateAsJsonHasAnEntryForEachFile) {
  console_.json = true;
  EXPECT_EQ(validate_workflows(console_, {"/nowhere.yaml", write_file("name: hello\nnodes: [{id: a, type: debug}]\n")}),
            1);
  const Json results = Json::parse(out_.str());
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0]["valid"], false);
  EXPECT_THAT(results[0]["errors"][0]["message"].get<std::string>(), HasSubstr("No such file"));
  EXPECT_EQ(results[1]["valid"], true);
  EXPECT_EQ(results[1]["name"], "hello");
  EXPECT_EQ(results[1]["nodes"], 1);
  EXPECT_EQ(error_.str(), "");
}

TEST_F(Commands, FoldersLoadWhatIsNewAndReportWhatIsBrokenOnce) {
  const fs::path folder = file_.string() + ".d";
  fs::create_directory(folder);
  std::ofstream(folder / "a.yaml") << "name: a\n";
  std::ofstream(folder / "notes.txt") << "not a workflow";
  std::ofstream(folder / "a.test.yaml") << "tests: []\n";
  std::ofstream(folder / "r8r-tests.yaml") << "tests: []\n";
  std::vector<std::string> reports;
  server::WorkflowFolders folders({folder}, api_, [&](const std::string& text) { reports.push_back(text); });

  fake_.answer("POST /api/workflows", 503, envelope("SERVICE_UNAVAILABLE", "the database is away"));
  EXPECT_EQ(folders.refresh().loaded, 0);
  EXPECT_TRUE(reports.empty()) << "it is tried again";

  fake_.answer("POST /api/workflows", 201, R"({"name":"a"})");
  EXPECT_EQ(folders.refresh().loaded, 1);
  EXPECT_EQ(folders.refresh().loaded, 0) << "unchanged";

  fake_.answer("POST /api/workflows", 422, envelope("INVALID_WORKFLOW_DEFINITION", "1 problem"));
  std::ofstream(folder / "a.yaml") << "name: a, longer\n";
  EXPECT_EQ(folders.refresh().broken, 1);
  EXPECT_EQ(folders.refresh().broken, 0);
  EXPECT_THAT(reports, ElementsAre(HasSubstr("a.yaml is skipped: 1 problem")));
  fs::remove_all(folder);
}

}  // namespace
}  // namespace r8r::cli
