#pragma once
#include <string>
#include <vector>

#include "cli/console/console.hpp"

namespace r8r::cli {

struct TestFlags {
  std::vector<std::string> paths;  ///< files and folders; none: r8r-tests.yaml
  std::string filter;              ///< part of a test's name; empty: all
  std::string junit_file;
  bool tap = false;
  bool update_snapshots = false;
};

/// Runs the tests of workflow files in this process and tells what came of them.
int test_workflows(Console& console, const TestFlags& flags);

}  // namespace r8r::cli
