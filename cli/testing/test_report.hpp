#pragma once
#include <string>
#include <vector>

#include "cli/testing/test_run.hpp"

namespace r8r::cli {

/// One <testsuite> of the form that build servers read. What XML cannot hold becomes U+FFFD.
std::string junit_xml(const std::vector<TestResult>& results);
/// Test Anything Protocol, version 14.
std::string tap(const std::vector<TestResult>& results);
/// {ok, passed, failed, total, duration_ms, tests: [{name, file, status, duration_ms, updated, message, differences}]}
Json json_report(const std::vector<TestResult>& results);
/// "2 passed, 1 failed, 3 total (0.004 s)"
std::string summary(const std::vector<TestResult>& results);

}  // namespace r8r::cli
