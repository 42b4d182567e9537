#include "cli/testing/test_run.hpp"

#include "common/expr/json.hpp"

namespace r8r::cli {
namespace {

using expr::Value;

expr::Value parsed(const std::string& raw) {
  Result<Value> value = expr::parse_json(raw);
  return value ? std::move(*value) : Value();
}

void compare_text(const std::string& path, const std::string& expected, const std::string& got, TestResult& result) {
  if (expected == got) return;
  result.differences.push_back({path, expr::to_json(Value::string(expected)), expr::to_json(Value::string(got))});
}

void compare_part(const std::string& path, const std::string& part, const std::string& got, TestResult& result) {
  if (got.find(part) != std::string::npos) return;
  result.differences.push_back({path, "text with " + expr::to_json(Value::string(part)),
                                got.empty() ? "no error" : expr::to_json(Value::string(got))});
}

void compare_value(const std::string& path, const Value& expected, const std::string& got, const TestCase& test,
                   TestResult& result) {
  for (offline::Difference& difference : offline::compare(path, expected, parsed(got), test.rules))
    result.differences.push_back(std::move(difference));
}

std::string failure_of_execution(const offline::Report& report) {
  if (report.error_node.empty()) return fmt::format("the execution failed: {}", report.error);
  return fmt::format("the execution failed at node '{}': {}", report.error_node, report.error);
}

void judge(const TestCase& test, const offline::Report& report, TestResult& result) {
  const bool failed = report.status == "failed";
  if (!report.unmocked.empty()) {
    result.message = fmt::format("these nodes reach outside and have no output here: {}; give each one under 'mocks'",
                                 fmt::join(report.unmocked, ", "));
    return;
  }
  if (test.status) {
    compare_text("status", *test.status, report.status, result);
    if (*test.status != report.status && failed) result.message = failure_of_execution(report);
  } else if (!test.error && report.status != "completed") {
    result.message =
        failed ? failure_of_execution(report) : fmt::format("the execution is {}, not completed", report.status);
  }
  if (test.error) {
    if (!failed) result.message = "the execution completed, and was to fail";
    if (failed) compare_part("error", *test.error, report.error, result);
  }
  if (test.output && (!failed || test.error || test.status))
    compare_value("output", *test.output, report.output, test, result);
  for (const ExpectedNode& expected : test.nodes) {
    const offline::NodeReport* node = report.node(expected.id);
    if (node == nullptr) continue;  // read_tests has checked the ids
    const std::string path = "nodes." + expected.id;
    if (expected.status) compare_text(path + ".status", *expected.status, node->status, result);
    if (expected.output) compare_value(path + ".output", *expected.output, node->output, test, result);
    if (expected.error) compare_part(path + ".error", *expected.error, node->error, result);
  }
}

}  // namespace

TestResult run_test(const TestCase& test) {
  const auto start = std::chrono::steady_clock::now();
  TestResult result{.name = test.name, .file = test.file};
  const Result<offline::Report> report = offline::run(test.workflow, test.input, test.options);
  if (report) {
    result.output = report->output;
    result.completed = report->status == "completed" && report->unmocked.empty();
    judge(test, *report, result);
  } else if (!test.error) {
    result.message = fmt::format("the input is refused: {}", report.error().message);
  } else {
    compare_part("error", *test.error, report.error().message, result);
  }
  result.passed = result.message.empty() && result.differences.empty();
  result.took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  return result;
}

std::string failure_text(const TestResult& result) {
  std::string text;
  if (!result.message.empty()) text += fmt::format("  {}\n", result.message);
  for (const offline::Difference& difference : result.differences) text += offline::to_text(difference, "  ");
  return text;
}

}  // namespace r8r::cli
