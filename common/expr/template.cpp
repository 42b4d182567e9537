#include "common/expr/template.hpp"

#include <exception>

#include "common/expr/code.hpp"
#include "common/expr/json.hpp"
#include "common/expr/source_problem.hpp"
#include "common/expr/text.hpp"

namespace r8r::expr {
namespace {

/// A piece of text, or an expression.
struct Part {
  std::string text;
  std::shared_ptr<const ProgramData> program;
};

bool is_blank(const Part& part) {
  return part.program == nullptr && trim(part.text).empty();
}

}  // namespace

struct Template::Data {
  std::shared_ptr<const std::string> source;
  References references;
  std::vector<Part> parts;
  /// The only expression, when nothing but white space is around it.
  std::shared_ptr<const ProgramData> single;
  /// The whole text, when there is no expression.
  Value constant;
  bool is_constant = false;
};

tl::expected<Template, Problem> Template::compile(std::string_view text, const CompileOptions& options) {
  auto data = std::make_shared<Data>();
  data->source = std::make_shared<const std::string>(text);
  const std::string_view source = *data->source;
  PositionCursor positions(source);
  std::string literal;
  int expressions = 0;
  std::size_t at = 0;
  while (true) {
    const std::size_t open = source.find("{{", at);
    literal.append(source.substr(at, open == std::string_view::npos ? std::string_view::npos : open - at));
    if (open == std::string_view::npos) break;
    if (source.substr(open).starts_with("{{{{")) {
      literal += "{{";
      at = open + 4;
      continue;
    }
    auto compiled = compile_range(data->source, open + 2, true, options, positions);
    if (!compiled) return tl::make_unexpected(to_problem(source, std::move(compiled.error())));
    if (!source.substr(compiled->end).starts_with("}}")) {
      return tl::make_unexpected(
          to_problem(source, SourceError{compiled->end, "expected '}}'", "an expression ends with two braces"}));
    }
    at = compiled->end + 2;
    ++expressions;
    data->references.merge(compiled->program->references);
    if (!literal.empty()) data->parts.push_back(Part{std::move(literal), nullptr});
    literal.clear();
    data->parts.push_back(Part{{}, std::move(compiled->program)});
  }
  if (!literal.empty()) data->parts.push_back(Part{std::move(literal), nullptr});
  if (expressions == 0) {
    data->is_constant = true;
    data->constant = Value::string(data->parts.empty() ? std::string_view() : std::string_view(data->parts[0].text));
  } else if (expressions == 1) {
    const Part* expression = nullptr;
    bool alone = true;
    for (const Part& part : data->parts) {
      if (part.program != nullptr) {
        expression = &part;
      } else {
        alone = alone && is_blank(part);
      }
    }
    if (alone) data->single = expression->program;
  }
  return Template(std::move(data));
}

bool Template::is_constant() const {
  return data_->is_constant;
}
const References& Template::references() const {
  return data_->references;
}
const std::string& Template::source() const {
  return *data_->source;
}

Result<Value> Template::evaluate(EvalContext& context) const {
  if (data_->is_constant) return data_->constant;
  try {
    if (data_->single != nullptr) return Run(*data_->single, context).execute();
    std::string text;
    for (const Part& part : data_->parts) {
      if (part.program == nullptr) {
        text += part.text;
        continue;
      }
      Result<Value> value = Run(*part.program, context).execute();
      if (!value) return value;
      if (context.pretty_text && (value->is_array() || value->is_map())) {
        text += to_pretty_json(*value);
      } else {
        append_rendered(text, *value);
      }
      if (text.size() > context.limits.bytes) {
        return fail(ErrorCode::invalid_input,
                    fmt::format("expression limit exceeded: a string of more than {} bytes", context.limits.bytes));
      }
    }
    return Value::string(text);
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal_error, std::string("evaluation failed: ") + error.what());
  }
}

}  // namespace r8r::expr
