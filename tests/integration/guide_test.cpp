// The integration example of the API guide, step by step, with the r8r program itself.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/support/stack.hpp"

namespace r8r::test {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

class Guide : public testing::Test {
 protected:
  void SetUp() override {
    directory = temporary_directory("r8r-guide");
    std::filesystem::permissions(directory, std::filesystem::perms(0755));
    port = free_port();
    server = ChildProcess({program_path("r8r"),
                           {"server", "--port", std::to_string(port), "--data-dir", directory + "/data", "--workflows",
                            R8R_SOURCE_DIR "/examples"},
                           {},
                           directory + "/server.log"});
  }
  void TearDown() override {
    server.stop(seconds(30));
    if (HasFailure()) {
      std::ifstream log(directory + "/server.log");
      std::fprintf(stderr, "%s\n", std::string(std::istreambuf_iterator<char>(log), {}).c_str());
    }
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }
  void start() {
    server.start();
    ASSERT_TRUE(
        eventually(seconds(90), [&] { return log_text().find("is ready") != std::string::npos || !server.running(); }));
    ASSERT_TRUE(server.running());
  }
  std::string log_text() const {
    std::ifstream log(directory + "/server.log");
    return std::string(std::istreambuf_iterator<char>(log), {});
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port); }
  Finished r8r(const std::vector<std::string>& arguments) {
    return run(program_path("r8r"), arguments, {{"R8R_URL", url()}, {"NO_COLOR", "1"}});
  }

  std::string directory;
  int port = 0;
  ChildProcess server;
};

TEST_F(Guide, TheCompleteExampleWorksAsWritten) {
  start();
  const std::string file = directory + "/my-workflow.yaml";
  std::ofstream(file) << "name: my-workflow\nnodes:\n  - id: greet\n    type: transform\n    config:\n      "
                         "expression: '\"Hello, \" + input.name'\n";
  const Finished created = r8r({"workflows", "create", file});
  ASSERT_EQ(created.exit_code, 0) << created.out << created.err;

  const HttpAnswer executed = call(
      {.method = "POST", .url = url() + "/api/workflows/my-workflow/execute", .body = R"({"input":{"name":"World"}})"});
  ASSERT_EQ(executed.status, 200) << executed.body;
  const std::string id = executed.json().value("execution_id", "");
  const Json execution = call({.url = url() + "/api/executions/" + id}).json();
  EXPECT_EQ(execution["status"], "completed");
  EXPECT_EQ(execution["output"], "Hello, World");
  const Json trace = call({.url = url() + "/api/executions/" + id + "/trace"}).json();
  EXPECT_EQ(trace["nodes"][0]["node_id"], "greet");

  const Finished listed = r8r({"workflows", "list"});
  EXPECT_EQ(listed.exit_code, 0);
  EXPECT_THAT(listed.out, HasSubstr("my-workflow"));
  EXPECT_THAT(listed.out, HasSubstr("hello"));
  const Finished shown = r8r({"--json", "executions", "show", id});
  EXPECT_EQ(Json::parse(shown.out, nullptr, false)["status"], "completed") << shown.out << shown.err;
  const Finished traced = r8r({"executions", "trace", id});
  EXPECT_THAT(traced.out, HasSubstr("greet"));
  const Finished ran = r8r({"workflows", "run", "my-workflow", "-p", "name=You"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("Hello, You"));
  EXPECT_EQ(r8r({"workflows", "show", "nothing"}).exit_code, 3);
}

TEST_F(Guide, DataIsThereAfterARestartAndASecondServerIsRefused) {
  start();
  ASSERT_EQ(r8r({"workflows", "run", "hello"}).exit_code, 0);
  const Finished second =
      run(program_path("r8r"), {"server", "--port", std::to_string(free_port()), "--data-dir", directory + "/data"});
  EXPECT_NE(second.exit_code, 0);
  EXPECT_THAT(second.err, HasSubstr("in use"));
  const Finished busy =
      run(program_path("r8r"), {"server", "--port", std::to_string(port), "--data-dir", directory + "/other"});
  EXPECT_NE(busy.exit_code, 0);
  EXPECT_THAT(busy.err, HasSubstr("port " + std::to_string(port)));

  const HttpAnswer before = call({.method = "POST", .url = url() + "/api/workflows/hello/execute", .body = "{}"});
  EXPECT_EQ(server.stop(seconds(30)), 0);
  std::filesystem::remove(directory + "/server.log");
  start();
  EXPECT_EQ(call({.url = url() + "/api/executions/" + before.json().value("execution_id", "")}).status, 200);
}

TEST_F(Guide, WhatDiesIsStartedAgain) {
  start();
  const Finished children =
      run("/usr/bin/pgrep", {"-P", std::to_string(server.pid()), "-x", "r8r-scheduler|r8r-api|r8r-worker|nats-server"});
  ASSERT_EQ(children.exit_code, 0);
  std::istringstream pids(children.out);
  int count = 0;
  for (pid_t pid = 0; pids >> pid; ++count) ::kill(pid, SIGKILL);
  EXPECT_GE(count, 4);
  EXPECT_TRUE(eventually(seconds(60), [&] {
    return call({.method = "POST", .url = url() + "/api/workflows/hello/execute", .body = "{}", .timeout = seconds(5)})
               .status == 200;
  }));
}

TEST_F(Guide, NothingIsLeftBehindWhenTheServerItselfIsKilled) {
  start();
  const Finished before = run("/usr/bin/pgrep", {"-f", directory + "/data"});
  EXPECT_EQ(before.exit_code, 0);
  server.kill();
  EXPECT_TRUE(eventually(seconds(30), [&] {
    return run("/usr/bin/pgrep", {"-f", directory + "/data"}).exit_code == 1;
  }));
  std::filesystem::remove(directory + "/server.log");
  start();
  EXPECT_EQ(r8r({"workflows", "run", "hello"}).exit_code, 0);
}

}  // namespace
}  // namespace r8r::test
