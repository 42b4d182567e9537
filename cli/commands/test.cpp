#include "cli/commands/test.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "cli/testing/snapshots.hpp"
#include "cli/testing/test_report.hpp"
#include "common/expr/json.hpp"

namespace r8r::cli {
namespace {

constexpr const char* kDefaultFile = "r8r-tests.yaml";

Outcome<void> write_file(const std::string& path, const std::string& text) {
  errno = 0;
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) return failed("IO_ERROR", fmt::format("cannot write '{}': {}", path, std::strerror(errno)));
  return {};
}

// A test whose execution completed and that only expects another output, or none yet, gets this one.
bool wants_snapshot(const TestCase& test, const TestResult& result) {
  if (!result.completed || test.error || !result.message.empty()) return false;
  const bool only_output =
      std::all_of(result.differences.begin(), result.differences.end(),
                  [](const offline::Difference& difference) { return difference.path.starts_with("output"); });
  return only_output && (!result.passed || !test.output);
}

Outcome<void> update(const TestFile& file, std::vector<std::pair<const TestCase*, TestResult*>>& run) {
  std::map<std::size_t, std::string> outputs;
  for (const auto& [test, result] : run) {
    if (wants_snapshot(*test, *result)) outputs[test->position] = result->output;
  }
  if (outputs.empty()) return {};
  auto text = with_snapshots(file.text, outputs);
  if (!text) {
    text.error().message = fmt::format("{}: {}", file.path, text.error().message);
    return failed(std::move(text.error()));
  }
  if (auto written = write_file(file.path, *text); !written) return written;
  for (const auto& [test, result] : run) {
    if (!outputs.contains(test->position)) continue;
    result->updated = result->passed = true;
    result->differences.clear();
  }
  return {};
}

}  // namespace

int test_workflows(Console& console, const TestFlags& flags) {
  const std::vector<std::string> paths = flags.paths.empty() ? std::vector<std::string>{kDefaultFile} : flags.paths;
  const auto files = find_test_files(paths);
  if (!files) return console.fail(files.error());
  int exit = exit_code::kSuccess;
  std::vector<TestResult> results;
  for (const std::string& path : *files) {
    std::string notes;
    const auto file = read_tests(path, notes);
    if (!file) {
      if (!notes.empty() && !console.json) console.note(notes);
      exit = console.fail(file.error());
      continue;
    }
    std::vector<TestResult> of_file;
    std::vector<const TestCase*> chosen;
    for (const TestCase& test : file->tests) {
      if (test.name.find(flags.filter) == std::string::npos) continue;
      chosen.push_back(&test);
      of_file.push_back(run_test(test));
    }
    if (flags.update_snapshots) {
      std::vector<std::pair<const TestCase*, TestResult*>> run;
      for (std::size_t i = 0; i < chosen.size(); ++i) run.emplace_back(chosen[i], &of_file[i]);
      if (auto updated = update(*file, run); !updated) exit = console.fail(updated.error());
    }
    for (TestResult& result : of_file) results.push_back(std::move(result));
  }
  for (const TestResult& result : results) {
    if (!result.passed) exit = exit_code::kError;
    if (flags.tap) continue;
    console.line(fmt::format("{} {} ({} ms){}", result.passed ? "PASS" : "FAIL", result.name, result.took.count(),
                             result.updated ? ", expected output written" : ""));
    std::string text = failure_text(result);
    if (text.ends_with('\n')) text.pop_back();
    if (!text.empty()) console.line(text);
  }
  if (flags.tap) {
    std::string text = tap(results);
    text.pop_back();
    console.line(text);
  } else if (!results.empty()) {
    console.line(summary(results));
  } else if (exit == exit_code::kSuccess) {
    console.line(flags.filter.empty() ? "there are no tests"
                                      : fmt::format("no test's name has '{}' in it", flags.filter));
  }
  console.document(json_report(results));
  if (!flags.junit_file.empty()) {
    if (auto written = write_file(flags.junit_file, junit_xml(results)); !written) exit = console.fail(written.error());
  }
  return exit;
}

}  // namespace r8r::cli
