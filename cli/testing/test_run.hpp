#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "cli/testing/test_file.hpp"

namespace r8r::cli {

struct TestResult {
  std::string name;
  std::string file;
  bool passed = false;
  bool updated = false;  ///< its expected output was written anew
  std::chrono::milliseconds took{0};
  std::string message;  ///< why it failed, when that is more than differences
  std::vector<offline::Difference> differences;
  std::string output = "null";  ///< raw JSON
  bool completed = false;
};

TestResult run_test(const TestCase& test);

/// Message and differences, indented by two; empty when there are none.
std::string failure_text(const TestResult& result);

}  // namespace r8r::cli
