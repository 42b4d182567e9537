#include "tests/unit/nodes/running.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "common/expr/json.hpp"

namespace r8r::nodes {

Segment segment_of(std::string_view yaml) {
  workflow::LoadResult loaded = workflow::load(fmt::format("name: t\n{}", yaml));
  EXPECT_TRUE(loaded.problems.empty()) << workflow::problems_json(loaded.problems) << '\n' << yaml;
  // So that a test which goes on regardless does not crash.
  if (loaded.workflow == nullptr) loaded.workflow = std::make_shared<const workflow::Workflow>();
  ExecutionInfo info;
  info.id = "exec-1";
  info.workflow = "t";
  info.correlation_id = "c-1";
  info.started_at = *parse_rfc3339("2026-01-20T14:30:00Z");
  info.attempt = 2;
  info.webhook = R"({"method": "POST"})";
  info.event = R"({"event": "order.created", "source": null})";
  expr::Map env;
  env.set("R8R_X", expr::Value::string("x"));
  return Segment(loaded.workflow, std::move(info), expr::Value::map(std::move(env)),
                 *parse_rfc3339("2026-01-20T14:30:05Z"), 42);
}

NodeRun run_one(std::string_view type, std::string_view config, std::string_view input) {
  Segment segment = segment_of(fmt::format("nodes:\n  - id: a\n    type: {}\n    config: {}\n", type, config));
  const Result<void> set = segment.set_input(input);
  EXPECT_TRUE(set.has_value()) << input;
  return segment.run(0);
}

std::string run_file(std::string_view path, std::string_view input) {
  namespace fs = std::filesystem;
  // The build folder is somewhere below the repository.
  fs::path root = fs::read_symlink("/proc/self/exe").parent_path();
  while (root.has_relative_path() && !fs::exists(root / "CMakePresets.json")) root = root.parent_path();
  std::ifstream file(root / path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  workflow::LoadResult loaded = workflow::load(text);
  if (loaded.workflow == nullptr) return workflow::problems_json(loaded.problems);
  const Result<std::string> checked = workflow::check_input(*loaded.workflow, input);
  if (!checked) return checked.error().message;
  ExecutionInfo info;
  info.id = "exec-1";
  Segment segment(loaded.workflow, std::move(info), expr::Value::map({}), Timestamp{}, 1);
  if (const Result<void> set = segment.set_input(*checked); !set) return set.error().message;
  NodeRun run;
  for (const int index : loaded.workflow->order) {
    run = segment.run(index);
    if (run.outcome == Outcome::failed) return run.error;
  }
  return run.output;
}

std::string json(const expr::Value& value) {
  return expr::to_json(value);
}

}  // namespace r8r::nodes
