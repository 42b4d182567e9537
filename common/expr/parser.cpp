#include "common/expr/parser.hpp"

#include "common/expr/foreign_words.hpp"
#include "common/expr/parser_state.hpp"

namespace r8r::expr {

std::string_view operator_text(Operator op) {
  static constexpr std::string_view kTexts[] = {"+", "-",  "*",  "/", "%",  "**", "<<", ">>", "&",   "|",
                                                "^", "==", "!=", "<", "<=", ">",  ">=", "in", "!in", ""};
  return kTexts[static_cast<int>(op)];
}

tl::expected<SyntaxTree, SourceError> Parser::run() {
  scope_ = new_scope(nullptr, 0);
  tree_.main = scope_;
  const bool script = !options_.in_template || at("let") || at("const") || at("fn") || at("for") || at("while");
  scope_->body = script ? parse_script() : parse_template();
  if (!failed() && now().kind != Token::Kind::end) unexpected("the end of the expression");
  if (failed()) return tl::make_unexpected(std::move(error_));
  return std::move(tree_);
}

Syntax* Parser::parse_template() {
  if (now().kind == Token::Kind::end) return fail(now().begin, "the expression is empty");
  Syntax* value = parse_expression(Braces::object);
  if (value == nullptr) return nullptr;
  if (at("=")) return fail(now().begin, "a template cannot assign", "use '==' to compare");
  return parse_filters(value);
}

Syntax* Parser::make(Kind kind, std::uint32_t offset, std::vector<Syntax*> children) {
  tree_.nodes.push_back(std::make_unique<Syntax>());
  Syntax* node = tree_.nodes.back().get();
  node->kind = kind;
  node->offset = offset;
  node->children = std::move(children);
  return node;
}

Syntax* Parser::finish(Syntax* node) {
  if (failed()) return nullptr;
  int height = 0;
  const auto visit = [&](const Syntax* child) {
    if (child != nullptr) height = std::max<int>(height, child->height);
  };
  for (const Syntax* child : node->children) visit(child);
  for (const SwitchArm& arm : node->arms) {
    for (const Syntax* pattern : arm.patterns) visit(pattern);
    visit(arm.guard);
    visit(arm.body);
  }
  if (height >= kMaxHeight) return fail(node->offset, "the expression is too deep", "split it into several variables");
  node->height = static_cast<std::uint16_t>(height + 1);
  node->end = at_ > 0 ? (*tokens_)[at_ - 1].end : node->offset;
  return node;
}

bool Parser::expect(std::string_view text, std::string_view where) {
  if (accept(text)) return true;
  unexpected("'" + std::string(text) + "' " + std::string(where));
  return false;
}

Syntax* Parser::unexpected(std::string_view wanted) {
  const Token& token = now();
  std::string found;
  if (token.kind == Token::Kind::end) {
    found = "the end of the expression";
  } else if (token.text.size() > 40) {
    found = "a long text";
  } else {
    found = "'" + std::string(token.text) + "'";
  }
  std::string hint;
  if (token.is("=")) hint = "use '==' to compare";
  if (token.is("|") && !options_.in_template)
    hint = "filters ('value | name') work inside {{ }} only; write value.name()";
  if (hint.empty()) hint = hint_for_foreign_syntax(token.text);
  // `not x` and `var x` are only seen to be wrong at what follows.
  if (hint.empty() && at_ > 0) hint = hint_for_foreign_syntax((*tokens_)[at_ - 1].text);
  return fail(token.begin, "expected " + std::string(wanted) + ", found " + found, std::move(hint));
}

Local* Parser::declare(std::string name, bool is_constant) {
  tree_.variables.push_back(std::make_unique<Variable>());
  Variable* variable = tree_.variables.back().get();
  variable->name = std::move(name);
  variable->constant = is_constant;
  tree_.locals.push_back(std::make_unique<Local>());
  Local* local = tree_.locals.back().get();
  local->variable = variable;
  local->slot = scope_->slots++;
  if (scope_->slots > kMaxSlots) fail(now().begin, "too many variables");
  scope_->visible.push_back(local);
  return local;
}

Local* Parser::resolve(std::string_view name, FunctionScope* scope) {
  for (std::size_t i = scope->visible.size(); i-- > 0;) {
    if (scope->visible[i]->variable->name == name) return scope->visible[i];
  }
  if (scope->parent == nullptr) return nullptr;
  Local* outer = resolve(name, scope->parent);
  if (outer == nullptr) return nullptr;
  // By the enclosing variable, not by name: the name may have been declared anew since the last capture.
  for (Local* capture : scope->captures) {
    if (capture->outer == outer) return capture;
  }
  outer->variable->captured = true;
  tree_.locals.push_back(std::make_unique<Local>());
  Local* local = tree_.locals.back().get();
  local->variable = outer->variable;
  local->outer = outer;
  local->slot = scope->slots++;
  scope->captures.push_back(local);
  return local;
}

FunctionScope* Parser::new_scope(FunctionScope* parent, std::uint32_t offset) {
  tree_.scopes.push_back(std::make_unique<FunctionScope>());
  FunctionScope* scope = tree_.scopes.back().get();
  scope->parent = parent;
  scope->offset = offset;
  return scope;
}

bool Parser::parse_parameters(std::string_view closing) {
  while (!accept(closing)) {
    if (!now().is_word() || is_keyword(now().text)) {
      unexpected("a parameter name or '" + std::string(closing) + "'");
      return false;
    }
    for (const Local* other : scope_->parameters) {
      if (other->variable->name == now().text && now().text != "_") {
        fail(now().begin, "two parameters are called '" + std::string(now().text) + "'");
        return false;
      }
    }
    scope_->parameters.push_back(declare(std::string(now().text), false));
    if (scope_->parameters.size() > 32) {
      fail(now().begin, "more than 32 parameters");
      return false;
    }
    ++at_;
    if (!at(closing) && !expect(",", "between parameters")) return false;
  }
  return true;
}

tl::expected<SyntaxTree, SourceError> parse(std::string_view source, const std::vector<Token>& tokens,
                                            const ParseOptions& options) {
  return Parser(source, tokens, options).run();
}

}  // namespace r8r::expr
