#include "cli/testing/test_file.hpp"

#include <algorithm>
#include <filesystem>

#include "cli/client/json_argument.hpp"
#include "common/expr/json.hpp"
#include "common/workflow/field_reader.hpp"
#include "common/workflow/format_problem.hpp"
#include "common/workflow/source_reader.hpp"

namespace r8r::cli {
namespace {

namespace fs = std::filesystem;
using workflow::FieldReader;
using workflow::Problem;
using workflow::ProblemList;
using workflow::SourceNode;

constexpr std::string_view kExtensions[] = {".yaml", ".yml", ".json"};
constexpr std::size_t kMaxText = 64 * 1024;

/// Reads one file; the workflows that its tests name are loaded once each.
class Reader {
 public:
  Reader(TestFile& file, std::string& notes) : file_(file), notes_(notes), problems_(file.text) {}

  Outcome<void> read() {
    workflow::ReadResult source = workflow::read_source(file_.text);
    for (Problem& problem : source.problems) problems_.add(std::move(problem));
    if (source.root) read_top(*source.root);
    const std::vector<Problem> found = problems_.take_problems();
    if (found.empty() && broken_workflows_.empty()) return {};
    note(file_.text, file_.path, found);
    std::vector<std::string> parts = broken_workflows_;
    if (!found.empty())
      parts.push_back(fmt::format("{}: {} problem{}", file_.path, found.size(), found.size() == 1 ? "" : "s"));
    return failed({"VALIDATION_ERROR",
                   fmt::format("{}", fmt::join(parts, "; ")),
                   exit_code::kError,
                   {},
                   {},
                   {},
                   {},
                   std::move(details_)});
  }

 private:
  using Loaded = std::shared_ptr<const workflow::Workflow>;

  void note(std::string_view text, const std::string& shown, const std::vector<Problem>& problems) {
    for (const Problem& problem : problems) notes_ += workflow::format_problem(text, shown, problem);
    for (Json& problem : Json::parse(workflow::problems_json(problems))) {
      Json entry = {{"file", shown}};
      entry.update(problem);
      details_.push_back(std::move(entry));
    }
  }

  void read_top(const SourceNode& root) {
    if (!root.is_map()) {
      problems_.add("", root, "a file of tests is a map with 'tests'");
      return;
    }
    const SourceNode* list = root.find("tests");
    if (list == nullptr) {
      problems_.add("", root, "there are no tests in this file", "add 'tests:' with a list of {name, input, expected}");
      return;
    }
    Loaded common;
    const bool is_workflow = root.find("nodes") != nullptr;
    if (is_workflow) {
      common = load(file_.text, file_.path);
    } else {
      FieldReader top(root, "", problems_);
      top.take("tests");
      common = named_workflow(top);
      has_common_ = common != nullptr || top.source().find("workflow") != nullptr ||
                    top.source().find("workflow_yaml") != nullptr;
      top.finish();
      if (!has_common_) common = workflow_beside();
    }
    if (!list->is_sequence()) {
      problems_.add("tests", *list, fmt::format("'tests' must be a list, not {}", list->kind_name()));
      return;
    }
    for (std::size_t i = 0; i < list->children.size(); ++i) read_test(list->children[i], i, common, is_workflow);
  }

  // NAME.test.yaml without a workflow of its own is about NAME.yaml.
  Loaded workflow_beside() {
    const fs::path path(file_.path);
    const fs::path stem = path.stem();
    if (stem.extension() != ".test") return nullptr;
    for (const std::string_view extension : kExtensions) {
      const fs::path candidate = path.parent_path() / fs::path(stem.stem().string() + std::string(extension));
      if (fs::exists(candidate)) return load_file(candidate.string());
    }
    return nullptr;
  }

  /// The workflow that `workflow_yaml` or `workflow` gives; null when neither is there or it is broken.
  Loaded named_workflow(FieldReader& fields) {
    const auto inline_text = fields.text("workflow_yaml", workflow::kMaxFileBytes);
    const auto name = fields.text("workflow", 4'096);
    if (inline_text) return load(*inline_text, fmt::format("{} ({})", file_.path, fields.path_of("workflow_yaml")));
    if (!name) return nullptr;
    const fs::path path = fs::path(file_.path).parent_path() / *name;
    if (std::error_code ignored; !fs::is_regular_file(path, ignored)) {
      problems_.add(fields.path_of("workflow"), *fields.source().find("workflow"),
                    fmt::format("there is no file '{}'", path.string()), "the path is relative to this file");
      return nullptr;
    }
    return load_file(path.string());
  }

  Loaded load_file(const std::string& path) {
    if (const auto known = loaded_.find(path); known != loaded_.end()) return known->second;
    auto text = cli::read_file(path);
    if (!text) {
      broken_workflows_.push_back(text.error().message);
      return nullptr;
    }
    return load(*text, path);
  }

  Loaded load(const std::string& text, const std::string& shown) {
    if (const auto known = loaded_.find(shown); known != loaded_.end()) return known->second;
    workflow::LoadResult result = workflow::load(text);
    // A trigger that does not fire yet is no matter here; a node that would not do what it says is.
    for (Problem& problem : result.not_run) {
      if (!problem.path.starts_with("nodes")) continue;
      result.problems.push_back(std::move(problem));
      result.workflow = nullptr;
    }
    if (result.workflow == nullptr) {
      note(text, shown, result.problems);
      broken_workflows_.push_back(
          fmt::format("{}: {} problem{}", shown, result.problems.size(), result.problems.size() == 1 ? "" : "s"));
    }
    return loaded_[shown] = result.workflow;
  }

  void read_test(const SourceNode& source, std::size_t position, const Loaded& common, bool in_workflow) {
    const std::string path = fmt::format("tests[{}]", position);
    if (!source.is_map()) {
      problems_.add(path, source, fmt::format("a test is a map with 'name', not {}", source.kind_name()));
      return;
    }
    FieldReader fields(source, path, problems_);
    TestCase test{.file = file_.path, .position = position, .workflow = common};
    read_name(fields, test);
    if (!in_workflow) {
      const bool own = source.find("workflow_yaml") != nullptr || source.find("workflow") != nullptr;
      if (own) {
        test.workflow = named_workflow(fields);
      } else if (common == nullptr && !has_common_ && broken_workflows_.empty()) {
        problems_.add(path, source, "the test names no workflow",
                      "give 'workflow: FILE' or 'workflow_yaml' here or at the top of the file");
      }
      fields.take("workflow");
      fields.take("workflow_yaml");
    }
    if (const SourceNode* input = fields.take("input")) test.input = expr::to_json(to_value(*input));
    if (const SourceNode* pinned = fields.take("pinned", {"mocks"})) read_pinned(*pinned, path + ".pinned", test);
    read_expectations(fields, test);
    read_chance(fields, test);
    fields.finish();
    file_.tests.push_back(std::move(test));
  }

  void read_name(FieldReader& fields, TestCase& test) {
    const auto name = fields.text("name", 256);
    if (!name || name->empty()) {
      if (fields.source().find("name") == nullptr || name)
        problems_.add(fields.path_of("name"), fields.source(), "the test has no name");
      return;
    }
    test.name = *name;
    const bool twice = std::any_of(file_.tests.begin(), file_.tests.end(),
                                   [&](const TestCase& other) { return other.name == test.name; });
    if (twice)
      problems_.add(fields.path_of("name"), *fields.source().find("name"),
                    fmt::format("there is a test '{}' before this one", test.name));
  }

  bool names_node(const TestCase& test, const std::string& path, const SourceNode::Key& key) {
    if (test.workflow == nullptr || test.workflow->find(key.text) >= 0) return true;
    std::vector<std::string> ids;
    for (const workflow::Node& node : test.workflow->nodes) ids.push_back(node.id);
    problems_.add(path, key, fmt::format("workflow '{}' has no node '{}'", test.workflow->name, key.text),
                  workflow::nearest_hint(key.text, ids));
    return false;
  }

  bool is_map(const SourceNode& source, const std::string& path, std::string_view of_what) {
    if (source.is_map()) return true;
    if (!source.is_null()) problems_.add(path, source, fmt::format("{} must be a map of {}", path, of_what));
    return false;
  }

  void read_pinned(const SourceNode& source, const std::string& path, TestCase& test) {
    if (!is_map(source, path, "node ids to outputs")) return;
    for (std::size_t i = 0; i < source.keys.size(); ++i) {
      if (names_node(test, fmt::format("{}.{}", path, source.keys[i].text), source.keys[i]))
        test.options.pinned[source.keys[i].text] = expr::to_json(to_value(source.children[i]));
    }
  }

  void read_expectations(FieldReader& fields, TestCase& test) {
    if (const SourceNode* output = fields.take("expected")) test.output = to_value(*output);
    test.error = fields.text("expected_error", kMaxText);
    if (const auto mode = fields.word("mode", {"exact", "contains"})) test.rules.extra_keys = *mode == "contains";
    const SourceNode* source = fields.map("expect");
    if (source == nullptr) return;
    FieldReader expect(*source, fields.path_of("expect"), problems_);
    test.status = expect.word("status", {"completed", "failed"});
    if (const SourceNode* output = expect.take("output")) {
      if (test.output)
        problems_.add(expect.path_of("output"), *output, "the output is expected twice: here and in 'expected'");
      test.output = to_value(*output);
    }
    if (auto error = expect.text("error", kMaxText)) {
      if (test.error)
        problems_.add(expect.path_of("error"), *source, "the error is expected twice: here and in 'expected_error'");
      test.error = std::move(error);
    }
    if (const SourceNode* nodes = expect.map("nodes")) read_nodes(*nodes, expect.path_of("nodes"), test);
    expect.finish();
  }

  void read_nodes(const SourceNode& source, const std::string& path, TestCase& test) {
    for (std::size_t i = 0; i < source.keys.size(); ++i) {
      const std::string at = fmt::format("{}.{}", path, source.keys[i].text);
      if (!names_node(test, at, source.keys[i]) || !is_map(source.children[i], at, "'status', 'output' and 'error'"))
        continue;
      FieldReader fields(source.children[i], at, problems_);
      ExpectedNode node{.id = source.keys[i].text};
      node.status = fields.word("status", {"completed", "failed", "skipped", "cancelled", "pending"});
      if (const SourceNode* output = fields.take("output")) node.output = to_value(*output);
      node.error = fields.text("error", kMaxText);
      fields.finish();
      test.nodes.push_back(std::move(node));
    }
  }

  void read_chance(FieldReader& fields, TestCase& test) {
    if (const auto now = fields.text("now", 64)) {
      const auto time = parse_rfc3339(*now);
      if (!time) {
        problems_.add(fields.path_of("now"), *fields.source().find("now"),
                      fmt::format("'{}' is not an RFC 3339 time", *now), "for example 2026-01-20T14:30:00Z");
      }
      test.options.now = time.value_or(test.options.now);
    }
    if (const auto seed = fields.integer("seed", 0, std::numeric_limits<std::int64_t>::max()))
      test.options.seed = static_cast<std::uint64_t>(*seed);
  }

  TestFile& file_;
  std::string& notes_;
  ProblemList problems_;
  std::map<std::string, Loaded> loaded_;
  Json details_ = Json::array();
  std::vector<std::string> broken_workflows_;
  bool has_common_ = false;
};

}  // namespace

Outcome<TestFile> read_tests(const std::string& path, std::string& notes) {
  auto text = read_file(path);
  if (!text) return failed(std::move(text.error()));
  if (text->starts_with("\xef\xbb\xbf")) text->erase(0, 3);
  TestFile file{.path = path, .text = std::move(*text)};
  if (auto read = Reader(file, notes).read(); !read) return failed(std::move(read.error()));
  return file;
}

bool is_test_file(std::string_view file_name) {
  return std::any_of(std::begin(kExtensions), std::end(kExtensions), [&](std::string_view extension) {
    return file_name == fmt::format("r8r-tests{}", extension) || file_name.ends_with(fmt::format(".test{}", extension));
  });
}

Outcome<std::vector<std::string>> find_test_files(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    const std::size_t before = files.size();
    for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
      if (is_test_file(entry.path().filename().string()) && entry.is_regular_file(error))
        files.push_back(entry.path().string());
    }
    std::sort(files.begin() + static_cast<std::ptrdiff_t>(before), files.end());
    if (files.size() == before)
      return failed("IO_ERROR", fmt::format("{}: there are no test files (NAME.test.yaml, r8r-tests.yaml)", path));
  }
  return files;
}

}  // namespace r8r::cli
