#include "cli/testing/test_report.hpp"

#include <algorithm>

#include "cli/console/text.hpp"
#include "common/base/json_text.hpp"

namespace r8r::cli {
namespace {

std::chrono::milliseconds total_time(const std::vector<TestResult>& results) {
  std::chrono::milliseconds total{0};
  for (const TestResult& result : results) total += result.took;
  return total;
}

std::size_t failures(const std::vector<TestResult>& results) {
  return static_cast<std::size_t>(
      std::count_if(results.begin(), results.end(), [](const TestResult& result) { return !result.passed; }));
}

std::string seconds(std::chrono::milliseconds time) {
  return fmt::format("{:.3f}", static_cast<double>(time.count()) / 1e3);
}

// For text and for attributes in double quotes.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// One line that says what is wrong.
std::string short_reason(const TestResult& result) {
  if (!result.message.empty()) return result.message;
  const offline::Difference& first = result.differences.front();
  return fmt::format("{}: expected {}, got {}", first.path, first.expected, first.got);
}

}  // namespace

std::string junit_xml(const std::vector<TestResult>& results) {
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  xml += fmt::format("<testsuite name=\"r8r\" tests=\"{}\" failures=\"{}\" time=\"{}\">\n", results.size(),
                     failures(results), seconds(total_time(results)));
  for (const TestResult& result : results) {
    xml += fmt::format("  <testcase name=\"{}\" classname=\"{}\" time=\"{}\"", escaped(printable_line(result.name)),
                       escaped(printable_line(result.file)), seconds(result.took));
    if (result.passed) {
      xml += "/>\n";
      continue;
    }
    xml += fmt::format(">\n    <failure message=\"{}\">{}</failure>\n  </testcase>\n",
                       escaped(printable_line(short_reason(result))), escaped(failure_text(result)));
  }
  return xml + "</testsuite>\n";
}

std::string tap(const std::vector<TestResult>& results) {
  std::string text = fmt::format("TAP version 14\n1..{}\n", results.size());
  std::size_t number = 0;
  for (const TestResult& result : results) {
    // A # would begin a directive.
    std::string name = printable_line(result.name);
    for (std::size_t at = 0; (at = name.find_first_of("#\\", at)) != std::string::npos; at += 2) name.insert(at, "\\");
    text += fmt::format("{}ok {} - {}\n", result.passed ? "" : "not ", ++number, name);
    if (result.passed) continue;
    text += "  ---\n  message: ";
    append_json_string(text, printable_line(short_reason(result)));
    text += "\n  differences: |\n";
    const std::string details = printable(failure_text(result));
    for (std::size_t begin = 0; begin < details.size();) {
      const std::size_t end = std::min(details.find('\n', begin), details.size());
      text += "    " + details.substr(begin, end - begin) + '\n';
      begin = end + 1;
    }
    text += "  ...\n";
  }
  return text;
}

Json json_report(const std::vector<TestResult>& results) {
  Json tests = Json::array();
  for (const TestResult& result : results) {
    Json differences = Json::array();
    for (const offline::Difference& difference : result.differences)
      differences.push_back({{"path", difference.path}, {"expected", difference.expected}, {"got", difference.got}});
    tests.push_back({{"name", result.name},
                     {"file", result.file},
                     {"status", result.passed ? "passed" : "failed"},
                     {"duration_ms", result.took.count()},
                     {"updated", result.updated},
                     {"message", result.message.empty() ? Json(nullptr) : Json(result.message)},
                     {"differences", std::move(differences)}});
  }
  const std::size_t failed = failures(results);
  return Json{{"ok", failed == 0},       {"passed", results.size() - failed},          {"failed", failed},
              {"total", results.size()}, {"duration_ms", total_time(results).count()}, {"tests", std::move(tests)}};
}

std::string summary(const std::vector<TestResult>& results) {
  const std::size_t failed = failures(results);
  return fmt::format("{} passed, {} failed, {} total ({} s)", results.size() - failed, failed, results.size(),
                     seconds(total_time(results)));
}

}  // namespace r8r::cli
