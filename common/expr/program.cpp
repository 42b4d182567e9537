#include "common/expr/program.hpp"

#include "common/expr/code.hpp"
#include "common/expr/emitter.hpp"
#include "common/expr/parser.hpp"
#include "common/expr/source_problem.hpp"
#include "common/expr/text.hpp"

namespace r8r::expr {
namespace {

constexpr std::size_t kMaxSource = 1u << 20;

}  // namespace

Problem to_problem(std::string_view source, SourceError error) {
  const Position place = position_of(source, error.offset);
  return Problem{std::move(error.message), place.line, place.column, std::move(error.hint)};
}

tl::expected<CompiledRange, SourceError> compile_range(const std::shared_ptr<const std::string>& source,
                                                       std::size_t begin, bool in_template,
                                                       const CompileOptions& options, PositionCursor& positions) {
  if (source->size() > kMaxSource) return tl::make_unexpected(SourceError{0, "the text is longer than 1 MiB", {}});
  auto list = tokenize(*source, begin, in_template);
  if (!list) return tl::make_unexpected(std::move(list.error()));
  const NameTable names(options);
  ParseOptions parsing;
  parsing.in_template = in_template;
  parsing.node_ids = options.node_ids;
  parsing.is_known_name = [&](std::string_view name) {
    GlobalName ignored;
    return names.find(name, ignored);
  };
  if (in_template && list->end == source->size()) {
    return tl::make_unexpected(SourceError{begin >= 2 ? begin - 2 : 0, "'{{' is not closed",
                                           "end it with '}}', or write '{{{{' for the characters themselves"});
  }
  auto tree = parse(*source, list->tokens, parsing);
  if (!tree) return tl::make_unexpected(std::move(tree.error()));
  auto program = Emitter(source, *tree, names, in_template, positions).run();
  if (!program) return tl::make_unexpected(std::move(program.error()));
  return CompiledRange{std::move(*program), list->end};
}

tl::expected<Program, Problem> Program::compile(std::string_view source, const CompileOptions& options) {
  const auto shared = std::make_shared<const std::string>(source);
  PositionCursor positions(*shared);
  // An expression with braces around the whole means the same as without them, filters included.
  const std::string_view text = trim(*shared);
  if (text.starts_with("{{") && text.ends_with("}}") && text.size() >= 4) {
    const auto begin = static_cast<std::size_t>(text.data() - shared->data()) + 2;
    const std::size_t end = begin + text.size() - 4;
    const auto list = tokenize(*shared, begin, true);
    if (list && list->end == end) {
      auto whole = compile_range(shared, begin, true, options, positions);
      if (!whole) return tl::make_unexpected(to_problem(source, std::move(whole.error())));
      return Program(std::move(whole->program));
    }
  }
  auto compiled = compile_range(shared, 0, false, options, positions);
  if (!compiled) return tl::make_unexpected(to_problem(source, std::move(compiled.error())));
  return Program(std::move(compiled->program));
}

const References& Program::references() const {
  return data_->references;
}
const std::string& Program::source() const {
  return *data_->source;
}

}  // namespace r8r::expr
