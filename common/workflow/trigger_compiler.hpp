#pragma once
#include <optional>
#include <string>
#include <vector>

#include "common/workflow/field_reader.hpp"
#include "common/workflow/workflow.hpp"

namespace r8r::workflow {

/// Compiles the expressions and templates of triggers. They are evaluated before any node has run, so they see the
/// workflow's variables, `env` and what the trigger itself brings, and nothing else.
class TriggerCompiler {
 public:
  /// `names`: what the trigger brings besides `input`.
  TriggerCompiler(const Workflow& workflow, ProblemList& problems, std::vector<std::string> names)
      : workflow_(workflow), problems_(problems), options_{{}, std::move(names)} {}

  std::optional<expr::Program> expression(const SourceNode& source, const std::string& path);
  std::optional<expr::ValueTemplate> value(const SourceNode& source, const std::string& path);

 private:
  bool check(const expr::References& references, const SourceNode& text, const std::string& path);
  bool check_strings(const SourceNode& source, const std::string& path);

  const Workflow& workflow_;
  ProblemList& problems_;
  expr::CompileOptions options_;
};

}  // namespace r8r::workflow
