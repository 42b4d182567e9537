#include "tests/conformance/case.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

#include "cli/offline/compare.hpp"
#include "cli/offline/run.hpp"
#include "common/expr/json.hpp"

namespace r8r::conformance {
namespace {

namespace fs = std::filesystem;
using expr::Value;

const fs::path kRoot = R8R_CONFORMANCE_DIR;

/// Reads one case and notes what is wrong.
class Case {
 public:
  explicit Case(const std::string& name) : folder_(kRoot / name) {}

  std::string check() {
    check_files();
    const std::string yaml = text("workflow.yaml");
    if (!yaml.starts_with("# ") || yaml.find_first_not_of(" #\n") == std::string::npos)
      wrong("workflow.yaml: the first line must be a comment that says what the case shows");
    const std::optional<Value> expected = object("expected.json");
    if (expected) {
      known_keys(
          "expected.json", *expected,
          {"status", "output", "error", "error_contains", "error_node", "nodes", "problems", "input_error_contains"});
      if (expected->as_map().empty()) wrong("expected.json: nothing is expected");
      if (wrongs_.empty()) run(yaml, expected->as_map());
    }
    return std::move(wrongs_);
  }

 private:
  void wrong(std::string line) {
    wrongs_ += std::move(line);
    wrongs_ += '\n';
  }

  void check_files() {
    static const std::vector<std::string> kFiles = {"workflow.yaml", "input.json", "expected.json", "run.json"};
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
      const std::string file = entry.path().filename();
      if (std::find(kFiles.begin(), kFiles.end(), file) == kFiles.end()) wrong(fmt::format("unknown file '{}'", file));
    }
  }

  std::string text(const char* file) {
    std::ifstream stream(folder_ / file, std::ios::binary);
    if (!stream) {
      wrong(fmt::format("{} is missing", file));
      return {};
    }
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  std::optional<Value> object(const char* file) {
    Result<Value> value = expr::parse_json(text(file));
    if (value && value->is_map()) return std::move(*value);
    if (wrongs_.empty())
      wrong(fmt::format("{}: {}", file, value ? "must be an object" : value.error().message.c_str()));
    return std::nullopt;
  }

  void known_keys(std::string_view where, const Value& map, const std::vector<std::string_view>& known) {
    if (!map.is_map()) return wrong(fmt::format("{} must be an object", where));
    for (const auto& [key, value] : map.as_map()) {
      if (std::find(known.begin(), known.end(), key) == known.end())
        wrong(fmt::format("{}: unknown key '{}'; known are {}", where, key, fmt::join(known, ", ")));
    }
  }

  void run(std::string_view yaml, const expr::Map& expected) {
    workflow::LoadResult loaded = workflow::load(yaml);
    if (const Value* problems = expected.find("problems")) return check_problems(loaded.problems, *problems);
    if (loaded.workflow == nullptr) {
      for (const workflow::Problem& problem : loaded.problems) wrong("the workflow does not load: " + line_of(problem));
      return;
    }
    for (const workflow::Problem& problem : loaded.not_run) {
      if (problem.path.starts_with("nodes")) wrong("the engine does not act on this: " + line_of(problem));
    }
    const std::string input = fs::exists(folder_ / "input.json") ? text("input.json") : "{}";
    const offline::Options options = read_options(*loaded.workflow);
    if (!wrongs_.empty()) return;
    const Result<offline::Report> report = offline::run(loaded.workflow, input, options);
    if (const Value* refused = expected.find("input_error_contains")) {
      if (report) return wrong("the input was to be refused, and the workflow ran");
      return contains("the input's error", *refused, report.error().message);
    }
    if (!report) return wrong("the workflow does not run: " + report.error().message);
    check_report(expected, *report);
  }

  // run.json: {now, seed, env, pinned: {id: output}, effects: {id: [{output} or {error, permanent}, …]}}
  offline::Options read_options(const workflow::Workflow& workflow) {
    offline::Options options;
    if (!fs::exists(folder_ / "run.json")) return options;
    const std::optional<Value> file = object("run.json");
    if (!file) return options;
    known_keys("run.json", *file, {"now", "seed", "env", "pinned", "effects"});
    const expr::Map& map = file->as_map();
    if (const Value* now = map.find("now")) {
      const auto time = now->is_string() ? parse_rfc3339(now->as_string()) : std::nullopt;
      if (!time) wrong("run.json: now must be an RFC 3339 time");
      options.now = time.value_or(options.now);
    }
    if (const Value* seed = map.find("seed")) options.seed = static_cast<std::uint64_t>(seed->as_int());
    if (const Value* env = map.find("env")) options.env = *env;
    if (const Value* pinned = map.find("pinned")) {
      for (const auto& [id, output] : pinned->as_map()) options.pinned.emplace(id, expr::to_json(output));
    }
    if (const Value* effects = map.find("effects")) options.effects = read_effects(workflow, *effects);
    return options;
  }

  // One answer for each attempt, the last one for all that follow.
  offline::Effects read_effects(const workflow::Workflow& workflow, const Value& effects) {
    std::map<std::string, std::vector<Value>, std::less<>> answers;
    known_keys("run.json: effects", effects, node_ids(workflow));
    if (!wrongs_.empty()) return {};
    for (const auto& [id, list] : effects.as_map()) {
      if (!list.is_array() || list.as_array().empty()) {
        wrong(fmt::format("run.json: effects.{} must be a list of answers", id));
        continue;
      }
      for (const Value& answer : list.as_array())
        known_keys(fmt::format("run.json: effects.{}", id), answer, {"output", "error", "permanent"});
      answers.emplace(id, list.as_array());
    }
    return
        [answers = std::move(answers)](const workflow::Node& node, int attempt, const Value&) -> offline::EffectAnswer {
          const auto found = answers.find(node.id);
          if (found == answers.end())
            return {fail(ErrorCode::invalid_state, "run.json has no effects for this node"), true};
          const std::size_t last = found->second.size() - 1;
          const expr::Map& answer = found->second[std::min(last, static_cast<std::size_t>(attempt - 1))].as_map();
          if (const Value* output = answer.find("output")) return {*output};
          const Value* error = answer.find("error");
          const Value* permanent = answer.find("permanent");
          return {fail(ErrorCode::node_execution_failed, error == nullptr ? "" : std::string(error->as_string())),
                  permanent != nullptr && permanent->as_bool()};
        };
  }

  static std::vector<std::string_view> node_ids(const workflow::Workflow& workflow) {
    std::vector<std::string_view> ids;
    for (const workflow::Node& node : workflow.nodes) ids.push_back(node.id);
    return ids;
  }

  void check_report(const expr::Map& expected, const offline::Report& report) {
    if (const Value* status = expected.find("status")) {
      equal("status", *status, Value::string(report.status));
      if (!wrongs_.empty() && !report.error.empty()) wrong("error: " + report.error);
    }
    if (const Value* output = expected.find("output")) {
      equal("output", *output, *expr::parse_json(report.output));
      if (!wrongs_.empty() && !report.error.empty() && !expected.contains("status")) wrong("error: " + report.error);
    }
    if (const Value* error = expected.find("error")) equal("error", *error, Value::string(report.error));
    if (const Value* error = expected.find("error_contains")) contains("error", *error, report.error);
    if (const Value* node = expected.find("error_node")) equal("error_node", *node, Value::string(report.error_node));
    if (const Value* nodes = expected.find("nodes")) check_nodes(*nodes, report);
  }

  void check_nodes(const Value& nodes, const offline::Report& report) {
    if (!nodes.is_map()) return wrong("expected.json: nodes must be an object");
    for (const auto& [id, expected] : nodes.as_map()) {
      const std::string path = fmt::format("nodes.{}", id);
      known_keys("expected.json: " + path, expected,
                 {"status", "output", "error", "error_contains", "attempts", "logs_contain"});
      const offline::NodeReport* node = report.node(id);
      if (node == nullptr) {
        wrong(fmt::format("expected.json: {}: the workflow has no such node", path));
        continue;
      }
      if (!expected.is_map()) continue;
      for (const auto& [key, value] : expected.as_map()) check_node(path, key, value, *node);
    }
  }

  void check_node(const std::string& path, std::string_view key, const Value& expected,
                  const offline::NodeReport& node) {
    const std::string at = fmt::format("{}.{}", path, key);
    if (key == "status") equal(at, expected, Value::string(node.status));
    if (key == "output") equal(at, expected, *expr::parse_json(node.output));
    if (key == "error") equal(at, expected, Value::string(node.error));
    if (key == "error_contains") contains(path + ".error", expected, node.error);
    if (key == "attempts") equal(at, expected, Value::integer(node.attempts));
    if (key == "logs_contain") contains(path + ".logs", expected, node.logs);
  }

  void check_problems(const std::vector<workflow::Problem>& found, const Value& expected) {
    if (!expected.is_array() || expected.as_array().empty()) return wrong("expected.json: problems must be a list");
    const std::vector<Value>& list = expected.as_array();
    for (std::size_t i = 0; i < std::max(list.size(), found.size()); ++i) {
      if (i >= list.size()) {
        wrong("unexpected problem: " + line_of(found[i]));
      } else if (i >= found.size()) {
        wrong("a problem did not come: " + expr::to_json(list[i]));
      } else {
        check_problem(fmt::format("problems[{}]", i), list[i], found[i]);
      }
    }
  }

  void check_problem(const std::string& path, const Value& expected, const workflow::Problem& found) {
    known_keys("expected.json: " + path, expected, {"path", "line", "column", "message_contains", "hint_contains"});
    if (!expected.is_map()) return;
    const std::size_t before = wrongs_.size();
    for (const auto& [key, value] : expected.as_map()) {
      const std::string at = fmt::format("{}.{}", path, key);
      if (key == "path") equal(at, value, Value::string(found.path));
      if (key == "line") equal(at, value, Value::integer(found.line));
      if (key == "column") equal(at, value, Value::integer(found.column));
      if (key == "message_contains") contains(path + ".message", value, found.message);
      if (key == "hint_contains") contains(path + ".hint", value, found.hint);
    }
    if (wrongs_.size() != before) wrong("the problem: " + line_of(found));
  }

  static std::string line_of(const workflow::Problem& problem) {
    return fmt::format("{}:{} {}: {}{}", problem.line, problem.column, problem.path, problem.message,
                       problem.hint.empty() ? "" : fmt::format(" (hint: {})", problem.hint));
  }

  void equal(std::string_view path, const Value& expected, const Value& got) {
    for (const offline::Difference& difference : offline::compare(path, expected, got, {.exact_numbers = true}))
      wrongs_ += offline::to_text(difference, "");
  }

  void contains(std::string_view what, const Value& part, std::string_view whole) {
    if (!part.is_string() || part.as_string().empty())
      return wrong(fmt::format("expected.json: {} must be text", what));
    if (whole.find(part.as_string()) == std::string_view::npos)
      wrong(fmt::format("{}\n  must contain: {}\n  got:          {}", what, part.as_string(), whole));
  }

  fs::path folder_;
  std::string wrongs_;
};

}  // namespace

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(kRoot)) {
    if (entry.is_directory()) names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string check_case(const std::string& name) {
  return Case(name).check();
}

}  // namespace r8r::conformance
