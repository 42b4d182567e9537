#include "cli/commands/test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/testing/snapshots.hpp"
#include "cli/testing/test_file.hpp"
#include "cli/testing/test_report.hpp"

namespace r8r::cli {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

constexpr std::string_view kFlow =
    "name: flow\n"
    "nodes:\n"
    "  - {id: fetch, type: http, config: {url: 'https://example.com'}}\n"
    "  - {id: sum, type: transform, depends_on: [fetch], config: {expression: '#{ total: input.items.sum(), n: 1 "
    "}'}}\n";

class TestCommand : public testing::Test {
 protected:
  TestCommand() { fs::create_directories(folder_); }
  ~TestCommand() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, std::string_view text) {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  std::string read(const std::string& name) {
    std::ifstream in(folder_ / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// Runs the tests of flow.yaml given in flow.test.yaml.
  int run(std::string_view tests, TestFlags flags = {}) {
    write("flow.yaml", kFlow);
    flags.paths = {write("flow.test.yaml", tests)};
    return run(std::move(flags));
  }
  int run(TestFlags flags) {
    out_.str("");
    error_.str("");
    return test_workflows(console_, flags);
  }

  std::ostringstream out_, error_;
  Console console_{out_, error_};
  fs::path folder_ = fs::temp_directory_path() / ("r8r-test-command-" + std::to_string(::getpid()));
};

TEST_F(TestCommand, PassesAndCounts) {
  EXPECT_EQ(run("tests:\n"
                "  - {name: one, mocks: {fetch: {items: [1, 2]}}, expected: {n: 1, total: 3}}\n"
                "  - {name: two, pinned: {fetch: {items: []}}}\n"),
            0);
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("PASS one ("), HasSubstr("PASS two ("), HasSubstr("2 passed, 0 failed, 2 total (")));
}

TEST_F(TestCommand, ADifferenceShowsPathExpectedAndGot) {
  EXPECT_EQ(run("tests:\n  - {name: one, mocks: {fetch: {items: [1]}}, expected: {total: 3}}\n"), 1);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("FAIL one ("),
                                HasSubstr("  output.total\n    expected: 3\n    got:      1\n"
                                          "  output.n\n    expected: nothing\n    got:      1\n"),
                                HasSubstr("0 passed, 1 failed, 1 total (")));
}

TEST_F(TestCommand, ContainsAllowsMoreKeys) {
  EXPECT_EQ(run("tests:\n  - {name: one, mode: contains, mocks: {fetch: {items: [3]}}, expected: {total: 3}}\n"), 0);
}

TEST_F(TestCommand, AnEffectNodeWithoutAnOutputFailsWhateverIsExpected) {
  EXPECT_EQ(run("tests:\n  - {name: one, expected_error: outside}\n"), 1);
  EXPECT_THAT(out_.str(), HasSubstr("reach outside and have no output here: fetch"));
}

TEST_F(TestCommand, AnExpectedErrorIsAPartOfTheError) {
  constexpr std::string_view kMocks = "mocks: {fetch: {items: 5}}";
  EXPECT_EQ(run(fmt::format("tests:\n  - {{name: one, {}, expected_error: sum}}\n", kMocks)), 0);
  EXPECT_EQ(run(fmt::format("tests:\n  - {{name: one, {}, expected_error: teapot}}\n", kMocks)), 1);
  EXPECT_THAT(out_.str(), HasSubstr("expected: text with \"teapot\""));
  EXPECT_EQ(run(fmt::format("tests:\n  - {{name: one, {}}}\n", kMocks)), 1);
  EXPECT_THAT(out_.str(), HasSubstr("the execution failed at node 'sum'"));
  EXPECT_EQ(run("tests:\n  - {name: one, mocks: {fetch: {items: []}}, expected_error: sum}\n"), 1);
  EXPECT_THAT(out_.str(), HasSubstr("completed, and was to fail"));
}

TEST_F(TestCommand, ExpectLooksAtStatusErrorAndNodes) {
  EXPECT_EQ(run("tests:\n"
                "  - name: one\n"
                "    mocks: {fetch: {items: 5}}\n"
                "    expect: {status: failed, error: sum, nodes: {fetch: {status: completed, output: {items: 5}}, sum: "
                "{error: sum}}}\n"
                "  - name: two\n"
                "    mocks: {fetch: {items: []}}\n"
                "    expect: {output: {total: 0, n: 1}, nodes: {sum: {status: skipped}}}\n"),
            1);
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("PASS one"), HasSubstr("FAIL two"),
                    HasSubstr("  nodes.sum.status\n    expected: \"skipped\"\n    got:      \"completed\"\n")));
}

TEST_F(TestCommand, TestsMayStandInTheWorkflowFile) {
  const std::string path =
      write("self.yaml", std::string(kFlow) + "tests:\n  - {name: own, mocks: {fetch: {items: [4]}}}\n");
  EXPECT_EQ(run({.paths = {path}}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("PASS own"));
  EXPECT_EQ(run({.paths = {write("marked.yaml", "\xef\xbb\xbf" + read("self.yaml"))}}), 0) << error_.str();
}

TEST_F(TestCommand, ATestsOwnWorkflowWinsAndTextWinsOverFile) {
  write("flow.yaml", kFlow);
  const std::string path = write("r8r-tests.yaml",
                                 "workflow: flow.yaml\n"
                                 "tests:\n"
                                 "  - {name: common, mocks: {fetch: {items: [7]}}, expected: {total: 7, n: 1}}\n"
                                 "  - name: own\n"
                                 "    workflow: nowhere.yaml\n"
                                 "    workflow_yaml: |\n"
                                 "      name: other\n"
                                 "      nodes: [{id: a, type: transform, config: {expression: now()}}]\n"
                                 "    now: 2026-01-20T14:30:00Z\n"
                                 "    expected: '2026-01-20T14:30:00.000Z'\n");
  EXPECT_EQ(run({.paths = {path}}), 0) << out_.str() << error_.str();
  EXPECT_THAT(out_.str(), HasSubstr("2 passed"));
}

TEST_F(TestCommand, NowAndSeedAreTheTests) {
  const std::string path =
      write("r8r-tests.yaml",
            "workflow_yaml: |\n"
            "  name: other\n"
            "  nodes: [{id: a, type: transform, config: {expression: now()}}]\n"
            "tests:\n"
            "  - {name: own, now: '2026-01-20T14:30:00Z', seed: 7, expected: '2026-01-20T14:30:00.000Z'}\n");
  EXPECT_EQ(run({.paths = {path}}), 0) << out_.str() << error_.str();
}

TEST_F(TestCommand, MistakesInTheFileAreShownWhereTheyAre) {
  EXPECT_EQ(run("tests:\n"
                "  - name: one\n"
                "    mocks: {ftch: 1}\n"
                "    mod: exact\n"
                "  - {name: one, now: tomorrow}\n"),
            1);
  EXPECT_THAT(error_.str(),
              AllOf(HasSubstr("flow.test.yaml:3:13: error: workflow 'flow' has no node 'ftch'"),
                    HasSubstr("did you mean 'fetch'?"), HasSubstr("flow.test.yaml:4:5: error: unknown field 'mod'"),
                    HasSubstr(":5:12: error: there is a test 'one' before"),
                    HasSubstr("'tomorrow' is not an RFC 3339 time"), HasSubstr("error[VALIDATION_ERROR]")));
  EXPECT_EQ(out_.str(), "") << "nothing was run";
}

TEST_F(TestCommand, MistakesInTheWorkflowAreShownInItsFile) {
  write("broken.yaml", "name: broken\nnodes:\n  - {id: a, type: transfrom}\n");
  const std::string path = write("broken.test.yaml", "tests:\n  - {name: one}\n");
  EXPECT_EQ(run({.paths = {path}}), 1);
  EXPECT_THAT(error_.str(), AllOf(HasSubstr("broken.yaml:3:"), HasSubstr("broken.yaml: 1 problem")));
  console_.json = true;
  EXPECT_EQ(run({.paths = {path}}), 1);
  const Json problem = Json::parse(error_.str()).at("error").at("details").at(0);
  EXPECT_THAT(problem.at("file").get<std::string>(), HasSubstr("broken.yaml"));
  EXPECT_EQ(problem.at("line"), 3);
}

TEST_F(TestCommand, WhatThisVersionDoesNotRunBesidesNodesIsNoMatter) {
  const std::string path = write("limited.yaml",
                                 "name: limited\n"
                                 "settings: {rate_limit: {limit: 1, per_seconds: 2}}\n"
                                 "nodes: [{id: a, type: debug}]\n"
                                 "tests: [{name: one, expected: {}}]\n");
  EXPECT_EQ(run({.paths = {path}}), 0) << error_.str();
}

TEST_F(TestCommand, AFileThatIsMissingOrHasNoTestsIsAnError) {
  EXPECT_EQ(run({.paths = {(folder_ / "none.yaml").string()}}), 1);
  EXPECT_THAT(error_.str(), HasSubstr("error[IO_ERROR]: cannot read"));
  EXPECT_EQ(run({.paths = {write("flow.yaml", kFlow)}}), 1);
  EXPECT_THAT(error_.str(), HasSubstr("there are no tests in this file"));
  EXPECT_EQ(run({.paths = {write("alone.yaml", "tests:\n  - {name: one}\n")}}), 1);
  EXPECT_THAT(error_.str(), HasSubstr("the test names no workflow"));
}

TEST_F(TestCommand, AFolderStandsForItsTestFiles) {
  write("flow.yaml", kFlow);
  write("flow.test.yaml", "tests:\n  - {name: one, mocks: {fetch: {items: []}}}\n");
  write("r8r-tests.yaml", "workflow: flow.yaml\ntests:\n  - {name: two, mocks: {fetch: {items: []}}}\n");
  EXPECT_EQ(run({.paths = {folder_.string()}}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("2 passed"));
}

TEST_F(TestCommand, AFilterThatMatchesNothingIsNoFailure) {
  constexpr std::string_view kTests =
      "tests:\n"
      "  - {name: adds up, mocks: {fetch: {items: [1]}}}\n"
      "  - {name: breaks}\n";
  EXPECT_EQ(run(kTests, {.filter = "add"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("1 passed, 0 failed, 1 total"));
  EXPECT_EQ(run(kTests, {.filter = "zzz"}), 0);
  EXPECT_EQ(out_.str(), "no test's name has 'zzz' in it\n");
}

TEST_F(TestCommand, SnapshotsReplaceOnlyTheirLines) {
  EXPECT_EQ(run("# head\n"
                "tests:\n"
                "  - name: old\n"
                "    mocks: {fetch: {items: [1]}}\n"
                "    expected:\n"
                "      # of before\n"
                "      total: 9\n"
                "    # stays\n"
                "    mode: exact\n"
                "\n"
                "  # new\n"
                "  - mocks: {fetch: {items: [2]}}\n"
                "    name: fresh\n"
                "  - name: inside\n"
                "    expect:\n"
                "      output: 1\n"
                "      status: completed\n"
                "    mocks: {fetch: {items: [3]}}\n",
                {.update_snapshots = true}),
            0)
      << out_.str() << error_.str();
  EXPECT_EQ(read("flow.test.yaml"),
            "# head\n"
            "tests:\n"
            "  - name: old\n"
            "    mocks: {fetch: {items: [1]}}\n"
            "    expected: {\"total\":1,\"n\":1}\n"
            "    # stays\n"
            "    mode: exact\n"
            "\n"
            "  # new\n"
            "  - mocks: {fetch: {items: [2]}}\n"
            "    name: fresh\n"
            "    expected: {\"total\":2,\"n\":1}\n"
            "  - name: inside\n"
            "    expect:\n"
            "      output: {\"total\":3,\"n\":1}\n"
            "      status: completed\n"
            "    mocks: {fetch: {items: [3]}}\n");
  EXPECT_EQ(run({.paths = {(folder_ / "flow.test.yaml").string()}}), 0) << "and they hold from then on";
}

TEST_F(TestCommand, SnapshotsLeaveFailuresAndExpectedErrorsAlone) {
  constexpr std::string_view kTests =
      "tests:\n"
      "  - name: fails\n"
      "    mocks: {fetch: {items: 1}}\n"
      "  - name: expected\n"
      "    mocks: {fetch: {items: 1}}\n"
      "    expected_error: sum\n";
  EXPECT_EQ(run(kTests, {.update_snapshots = true}), 1);
  EXPECT_EQ(read("flow.test.yaml"), kTests);
}

TEST(Snapshots, ATestOnOneLineCannotBeWritten) {
  const auto text = with_snapshots("tests:\n  - {name: a, expected: 1}\n", {{0, "2"}});
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().message, HasSubstr("line 2"));
}

TEST(Snapshots, LongOutputsTakeMoreLines) {
  const std::string raw = "{\"a\":\"" + std::string(120, 'x') + "\"}";
  const auto text = with_snapshots("tests:\n  - expected: |\n      old\n    name: a\n", {{0, raw}});
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "tests:\n  - expected: {\n        \"a\": \"" + std::string(120, 'x') + "\"\n      }\n    name: a\n");
}

TEST(Snapshots, ATestMayHaveNothingButAName) {
  const auto text = with_snapshots("tests:\n  - name: a\n  - name: b\n", {{0, "1"}, {1, "2"}});
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "tests:\n  - name: a\n    expected: 1\n  - name: b\n    expected: 2\n");
}

TEST(Snapshots, ListsInTheColumnOfTheirKeyAreReplacedWhole) {
  const auto text = with_snapshots("tests:\n- name: a\n  expected:\n  - 1\n  - 2\n\n- name: b\n", {{0, "[3]"}});
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "tests:\n- name: a\n  expected: [3]\n\n- name: b\n");
}

TEST(Snapshots, NothingIsWrittenThatWouldNotReadAsItShould) {
  const auto text =
      with_snapshots("tests:\n  - name: a\n    expected: &same [1]\n  - name: b\n    expected: *same\n", {{0, "2"}});
  ASSERT_FALSE(text) << *text;
  EXPECT_THAT(text.error().message, HasSubstr("cannot be written"));
}

std::vector<TestResult> two_results() {
  TestResult bad{.name = "a<b>#1", .file = "x.yaml", .took = std::chrono::milliseconds(1500)};
  bad.differences.push_back({"output", "\"&\"", "1"});
  return {{.name = "good", .file = "x.yaml", .passed = true}, bad};
}

TEST(TestReport, JunitIsEscapedXml) {
  EXPECT_EQ(junit_xml(two_results()),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuite name=\"r8r\" tests=\"2\" failures=\"1\" time=\"1.500\">\n"
            "  <testcase name=\"good\" classname=\"x.yaml\" time=\"0.000\"/>\n"
            "  <testcase name=\"a&lt;b&gt;#1\" classname=\"x.yaml\" time=\"1.500\">\n"
            "    <failure message=\"output: expected &quot;&amp;&quot;, got 1\">  output\n"
            "    expected: &quot;&amp;&quot;\n"
            "    got:      1\n"
            "</failure>\n"
            "  </testcase>\n"
            "</testsuite>\n");
}

TEST(TestReport, TapSaysOkAndNotOk) {
  EXPECT_EQ(tap(two_results()),
            "TAP version 14\n1..2\nok 1 - good\nnot ok 2 - a<b>\\#1\n"
            "  ---\n  message: \"output: expected \\\"&\\\", got 1\"\n  differences: |\n"
            "      output\n        expected: \"&\"\n        got:      1\n  ...\n");
}

TEST_F(TestCommand, WritesJunitAndJson) {
  console_.json = true;
  const std::string junit = (folder_ / "out.xml").string();
  EXPECT_EQ(run("tests:\n  - {name: one, mocks: {fetch: {items: [1]}}, expected: {}}\n", {.junit_file = junit}), 1);
  const Json report = Json::parse(out_.str());
  EXPECT_EQ(report.at("failed"), 1);
  EXPECT_EQ(report.at("tests").at(0).at("differences").at(0).at("path"), "output.total");
  EXPECT_THAT(read("out.xml"), HasSubstr("failures=\"1\""));
  EXPECT_EQ(run("tests: []\n", {.junit_file = "/nonexistent/x.xml"}), 1);
  EXPECT_THAT(error_.str(), HasSubstr("cannot write"));
}

TEST(TestFiles, AreKnownByTheirName) {
  EXPECT_TRUE(is_test_file("orders.test.yaml"));
  EXPECT_TRUE(is_test_file("orders.test.json"));
  EXPECT_TRUE(is_test_file("r8r-tests.yml"));
  EXPECT_FALSE(is_test_file("orders.yaml"));
  EXPECT_FALSE(is_test_file("test.yaml"));
}

}  // namespace
}  // namespace r8r::cli
