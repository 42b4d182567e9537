#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/client/failure.hpp"
#include "cli/offline/compare.hpp"
#include "cli/offline/run.hpp"

/// Tests of workflows: what a test file says, how a test is run, and how results are told.
namespace r8r::cli {

struct ExpectedNode {
  std::string id;
  std::optional<std::string> status;
  std::optional<expr::Value> output;
  std::optional<std::string> error;  ///< a part of it
};

struct TestCase {
  std::string name;
  std::string file;          ///< that it stands in
  std::size_t position = 0;  ///< in the file's list of tests
  std::shared_ptr<const workflow::Workflow> workflow;
  std::string input = "{}";  ///< raw JSON
  offline::Options options;
  // What is expected; without `status` and `error` the execution must complete.
  std::optional<std::string> status;
  std::optional<std::string> error;  ///< a part of it; then the execution must fail
  std::optional<expr::Value> output;
  offline::CompareRules rules;
  std::vector<ExpectedNode> nodes;
};

struct TestFile {
  std::string path;
  std::string text;
  std::vector<TestCase> tests;
};

/// Reads a fixture ({workflow or workflow_yaml, tests}), a NAME.test.yaml (its workflow is NAME.yaml beside it unless
/// it names another), or a workflow file with `tests`. Errors: IO_ERROR; VALIDATION_ERROR, with the problems of all
/// files that it read in `notes`, ready for a person, and those of `path` in `details`.
Outcome<TestFile> read_tests(const std::string& path, std::string& notes);

/// r8r-tests.yaml, NAME.test.yaml and the like: a file of tests, which is no workflow.
bool is_test_file(std::string_view file_name);

/// The test files for what a person named: a file is itself, a folder all test files in it. Errors: IO_ERROR.
Outcome<std::vector<std::string>> find_test_files(const std::vector<std::string>& paths);

}  // namespace r8r::cli
