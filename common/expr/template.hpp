#pragma once
#include <memory>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "common/base/result.hpp"
#include "common/expr/evaluate.hpp"
#include "common/expr/problem.hpp"
#include "common/expr/program.hpp"

namespace r8r::expr {

/// Text with {{ expressions }} in it.
class Template {
 public:
  static tl::expected<Template, Problem> compile(std::string_view text, const CompileOptions& options);

  /// Without any {{ }}: evaluate() gives the text.
  bool is_constant() const;
  const References& references() const;
  const std::string& source() const;
  /// The value itself when the text is one {{ }} with only white space around it; a string otherwise.
  Result<Value> evaluate(EvalContext& context) const;

 private:
  struct Data;
  explicit Template(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  std::shared_ptr<const Data> data_;
};

/// A mistake in one string of a tree.
struct TreeProblem {
  std::string path;  ///< JSON pointer of the string, "" for the root
  Problem problem;
};

/// A JSON or YAML tree whose strings (not its keys) may be templates.
class ValueTemplate {
 public:
  static tl::expected<ValueTemplate, TreeProblem> compile(const Value& tree, const CompileOptions& options);

  bool is_constant() const;
  const References& references() const;
  /// A copy of the tree with each template replaced by its value; parts without templates are shared. Errors name the
  /// place in the tree.
  Result<Value> evaluate(EvalContext& context) const;

 private:
  struct Data;
  explicit ValueTemplate(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  std::shared_ptr<const Data> data_;
};

}  // namespace r8r::expr
