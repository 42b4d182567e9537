#pragma once
#include <algorithm>

#include "common/expr/parser.hpp"

namespace r8r::expr {

/// Recursive descent over a token list; parser_statements.cpp and parser_expressions.cpp hold the grammar. Functions
/// return nullptr after a mistake, which error_ then describes.
class Parser {
 public:
  Parser(std::string_view source, const std::vector<Token>& tokens, const ParseOptions& options)
      : source_(source), tokens_(&tokens), options_(options) {}
  tl::expected<SyntaxTree, SourceError> run();

 private:
  using Kind = Syntax::Kind;
  static constexpr int kMaxNesting = 128;
  static constexpr int kMaxHeight = 250;
  static constexpr int kMaxSlots = 1'000;
  static constexpr std::size_t kMaxFunctions = 1'000;
  /// Where a `{` that could be empty stands: a value is wanted, or a block is possible.
  enum class Braces { object, block };

  // Statements.
  Syntax* parse_script();
  Syntax* parse_template();
  Syntax* parse_statements(std::string_view closing, std::uint32_t offset);
  Syntax* parse_block();
  Syntax* parse_statement(bool& needs_semicolon);
  Syntax* parse_declaration();
  Syntax* parse_simple_statement();
  Syntax* parse_if();
  Syntax* parse_switch();
  Syntax* parse_while();
  Syntax* parse_do();
  Syntax* parse_for();
  Syntax* parse_try();
  Syntax* parse_jump();
  bool parse_function();
  bool parse_switch_arm(Syntax* node);
  Syntax* parse_pattern();

  // Expressions.
  Syntax* parse_expression(Braces braces);
  Syntax* parse_ternary(Braces braces);
  Syntax* parse_binary(int lowest, Braces braces);
  Syntax* parse_unary(Braces braces);
  Syntax* parse_postfix(Braces braces);
  Syntax* parse_primary(Braces braces);
  Syntax* parse_word();
  Syntax* parse_array();
  Syntax* parse_map();
  Syntax* parse_interpolated(const Token& token);
  Syntax* parse_closure();
  Syntax* parse_filters(Syntax* value);
  Syntax* parse_member(Syntax* object);
  bool parse_arguments(Syntax* call);
  bool dashed_node_id(const Syntax* object, std::string& id);
  bool is_object_ahead() const;
  bool is_filter_ahead() const;
  bool mark_target(Syntax* target, std::string_view what);
  void mark_receiver(const Syntax* receiver, std::string_view function);

  // Tokens.
  const Token& now() const { return (*tokens_)[at_]; }
  const Token& ahead(std::size_t n = 1) const { return (*tokens_)[std::min(at_ + n, tokens_->size() - 1)]; }
  bool at(std::string_view text) const { return now().is(text); }
  bool accept(std::string_view text) {
    if (!at(text)) return false;
    ++at_;
    return true;
  }
  bool expect(std::string_view text, std::string_view where);
  Syntax* unexpected(std::string_view wanted);
  Syntax* fail(std::size_t offset, std::string message, std::string hint = {}) {
    if (error_.message.empty()) error_ = SourceError{offset, std::move(message), std::move(hint)};
    return nullptr;
  }
  bool failed() const { return !error_.message.empty(); }

  // Tree.
  Syntax* make(Kind kind, std::uint32_t offset, std::vector<Syntax*> children = {});
  /// Takes the children's height into account and notes where the node ends.
  Syntax* finish(Syntax* node);
  Syntax* constant(Value value, std::uint32_t offset) {
    Syntax* node = make(Kind::constant, offset);
    node->value = std::move(value);
    return finish(node);
  }

  // Names.
  Local* declare(std::string name, bool is_constant);
  Local* resolve(std::string_view name, FunctionScope* scope);
  FunctionScope* new_scope(FunctionScope* parent, std::uint32_t offset);
  bool parse_parameters(std::string_view closing);

  /// Bounds recursion: Nesting guard(*this); if (!guard.fits()) return nullptr;
  class Nesting {
   public:
    explicit Nesting(Parser& parser) : parser_(parser) { ++parser_.nesting_; }
    ~Nesting() { --parser_.nesting_; }
    bool fits() const {
      if (parser_.nesting_ <= kMaxNesting) return true;
      parser_.fail(parser_.now().begin, "nested too deeply", "split it into several variables");
      return false;
    }

   private:
    Parser& parser_;
  };
  /// Forgets the variables of a block when it ends.
  class Block {
   public:
    explicit Block(Parser& parser) : parser_(parser), count_(parser.scope_->visible.size()) {}
    ~Block() { parser_.scope_->visible.resize(count_); }

   private:
    Parser& parser_;
    std::size_t count_;
  };

  std::string_view source_;
  const std::vector<Token>* tokens_;
  const ParseOptions& options_;
  std::size_t at_ = 0;
  int nesting_ = 0;
  int block_depth_ = 0;
  int parentheses_ = 0;
  SyntaxTree tree_;
  FunctionScope* scope_ = nullptr;
  SourceError error_;
};

}  // namespace r8r::expr
