#include "common/expr/parser_state.hpp"

namespace r8r::expr {
namespace {

struct AssignOperator {
  std::string_view text;
  Operator op;
};
constexpr AssignOperator kAssignOperators[] = {
    {"=", Operator::none},      {"+=", Operator::add},          {"-=", Operator::subtract},
    {"*=", Operator::multiply}, {"/=", Operator::divide},       {"%=", Operator::remainder},
    {"**=", Operator::power},   {"<<=", Operator::shift_left},  {"&=", Operator::bit_and},
    {"|=", Operator::bit_or},   {">>=", Operator::shift_right}, {"^=", Operator::bit_xor},
    {"\?\?=", Operator::none}};

}  // namespace

Syntax* Parser::parse_script() {
  if (now().kind == Token::Kind::end) return fail(now().begin, "the expression is empty");
  return parse_statements("", now().begin);
}

Syntax* Parser::parse_block() {
  Nesting nesting(*this);
  if (!nesting.fits()) return nullptr;
  const std::uint32_t offset = now().begin;
  if (!expect("{", "before a block")) return nullptr;
  const int parentheses = std::exchange(parentheses_, 1);
  ++block_depth_;
  Block block(*this);
  Syntax* node = parse_statements("}", offset);
  --block_depth_;
  parentheses_ = parentheses;
  if (node == nullptr || !expect("}", "at the end of a block")) return nullptr;
  return node;
}

Syntax* Parser::parse_statements(std::string_view closing, std::uint32_t offset) {
  Syntax* node = make(Kind::block, offset);
  while (now().kind != Token::Kind::end && (closing.empty() || !at(closing))) {
    if (accept(";")) continue;
    if (at("fn") && ahead().is_word()) {
      if (block_depth_ > 0 || scope_ != tree_.main) {
        return fail(now().begin, "functions are declared at the top level only", "use a closure: let f = |x| …");
      }
      if (!parse_function()) return nullptr;
      node->valued = false;
      continue;
    }
    bool needs_semicolon = true;
    Syntax* statement = parse_statement(needs_semicolon);
    if (statement == nullptr) return nullptr;
    node->children.push_back(statement);
    node->valued = true;
    if (accept(";")) {
      node->valued = false;
    } else if (needs_semicolon && now().kind != Token::Kind::end && !at(closing.empty() ? ";" : closing)) {
      return unexpected("';'");
    }
  }
  return finish(node);
}

Syntax* Parser::parse_statement(bool& needs_semicolon) {
  Nesting nesting(*this);
  if (!nesting.fits()) return nullptr;
  needs_semicolon = false;
  if (at("if")) return parse_if();
  if (at("switch")) return parse_switch();
  if (at("while") || at("loop")) return parse_while();
  if (at("do")) {
    needs_semicolon = true;
    return parse_do();
  }
  if (at("for")) return parse_for();
  if (at("try")) return parse_try();
  if (at("{") && !is_object_ahead()) return parse_block();
  needs_semicolon = true;
  if (at("let") || at("const")) return parse_declaration();
  return parse_simple_statement();
}

Syntax* Parser::parse_declaration() {
  const bool is_constant = at("const");
  const std::uint32_t offset = now().begin;
  ++at_;
  if (!now().is_word() || is_keyword(now().text)) return unexpected("a variable name");
  std::string name(now().text);
  ++at_;
  Syntax* node = make(Kind::declare, offset);
  if (accept("=")) {
    Syntax* initial = parse_expression(Braces::object);
    if (initial == nullptr) return nullptr;
    node->children.push_back(initial);
  }
  // Declared behind its value: `let x = x + 1` means the x from before.
  node->local = declare(std::move(name), is_constant);
  return finish(node);
}

bool Parser::mark_target(Syntax* target, std::string_view what) {
  const Syntax* root = target;
  while (root->kind == Kind::property || root->kind == Kind::index) {
    if (root->optional) {
      fail(root->offset, "cannot " + std::string(what) + " behind '?.'");
      return false;
    }
    if (root->kind == Kind::property) tree_.possible_keys.push_back(root->text);
    root = root->children[0];
  }
  if (root->kind == Kind::local) {
    if (root->local->variable->constant) {
      fail(root->offset, "'" + root->local->variable->name + "' is a constant");
      return false;
    }
    root->local->variable->mutated = true;
    return true;
  }
  if (root->kind == Kind::name) return true;
  fail(target->offset, "cannot " + std::string(what) + " this", "only variables and what is in them can change");
  return false;
}

Syntax* Parser::parse_simple_statement() {
  if (at("return") || at("throw") || at("break") || at("continue")) return parse_jump();
  Syntax* target = parse_expression(Braces::block);
  if (target == nullptr || now().kind != Token::Kind::symbol) return target;
  for (const AssignOperator& candidate : kAssignOperators) {
    if (!at(candidate.text)) continue;
    if (!mark_target(target, "assign to")) return nullptr;
    ++at_;
    Syntax* value = parse_expression(Braces::object);
    if (value == nullptr) return nullptr;
    Syntax* node =
        make(candidate.text == "\?\?=" ? Kind::assign_if_null : Kind::assign, target->offset, {target, value});
    node->op = candidate.op;
    return finish(node);
  }
  return target;
}

Syntax* Parser::parse_jump() {
  const Token& word = now();
  ++at_;
  Kind kind = Kind::return_;
  if (word.is("throw")) kind = Kind::throw_;
  if (word.is("break")) kind = Kind::break_;
  if (word.is("continue")) kind = Kind::continue_;
  Syntax* node = make(kind, word.begin);
  if ((kind == Kind::break_ || kind == Kind::continue_) && scope_->loop_depth == 0) {
    return fail(word.begin, "'" + std::string(word.text) + "' outside a loop");
  }
  const bool ends = now().kind == Token::Kind::end || at(";") || at("}") || at(",") || at(")") || at("]");
  if (kind != Kind::continue_ && !ends) {
    Syntax* value = parse_expression(Braces::object);
    if (value == nullptr) return nullptr;
    node->children.push_back(value);
  }
  return finish(node);
}

Syntax* Parser::parse_if() {
  // A chain of `else if` is one level of nesting however long it is: conditions and blocks in turn, then the last
  // block.
  Syntax* node = make(Kind::conditional, now().begin);
  while (true) {
    ++at_;
    Syntax* condition = parse_expression(Braces::block);
    if (condition == nullptr) return nullptr;
    if (at("=")) return unexpected("a block");
    Syntax* then = parse_block();
    if (then == nullptr) return nullptr;
    node->children.push_back(condition);
    node->children.push_back(then);
    if (!accept("else")) break;
    if (at("if")) continue;
    Syntax* otherwise = parse_block();
    if (otherwise == nullptr) return nullptr;
    node->children.push_back(otherwise);
    break;
  }
  return finish(node);
}

Syntax* Parser::parse_switch() {
  Syntax* node = make(Kind::switch_, now().begin);
  ++at_;
  Syntax* subject = parse_expression(Braces::block);
  if (subject == nullptr || !expect("{", "after the value of a switch")) return nullptr;
  node->children.push_back(subject);
  Block block(*this);
  node->local = declare("", false);
  ++block_depth_;
  const int parentheses = std::exchange(parentheses_, 1);
  while (!accept("}")) {
    if (!parse_switch_arm(node)) return nullptr;
  }
  parentheses_ = parentheses;
  --block_depth_;
  return finish(node);
}

bool Parser::parse_switch_arm(Syntax* node) {
  Block block(*this);
  if (!node->arms.empty() && node->arms.back().patterns.empty() && node->arms.back().guard == nullptr) {
    fail(now().begin, "this case cannot be reached: '_' has to be the last");
    return false;
  }
  SwitchArm arm;
  if (accept("_")) {
  } else if (now().is_word() && !is_keyword(now().text) && (ahead().is("if") || ahead().is("=>"))) {
    arm.binding = declare(std::string(now().text), false);
    ++at_;
  } else {
    do {
      Syntax* pattern = parse_pattern();
      if (pattern == nullptr) return false;
      arm.patterns.push_back(pattern);
    } while (accept("|"));
  }
  if (accept("if")) {
    arm.guard = parse_expression(Braces::block);
    if (arm.guard == nullptr) return false;
  }
  if (!expect("=>", "after a case of a switch")) return false;
  const bool is_block = at("{") && !is_object_ahead();
  arm.body = is_block ? parse_block() : parse_simple_statement();
  if (arm.body == nullptr) return false;
  node->arms.push_back(std::move(arm));
  if (accept(",") || at("}") || is_block) return true;
  unexpected("',' or '}' after a case of a switch");
  return false;
}

Syntax* Parser::parse_pattern() {
  // One level above `|`, which separates patterns here.
  constexpr int kAboveBitOr = 4;
  return parse_binary(kAboveBitOr, Braces::object);
}

Syntax* Parser::parse_while() {
  const bool endless = at("loop");
  Syntax* node = make(endless ? Kind::loop : Kind::while_, now().begin);
  ++at_;
  if (!endless) {
    Syntax* condition = parse_expression(Braces::block);
    if (condition == nullptr) return nullptr;
    node->children.push_back(condition);
  }
  ++scope_->loop_depth;
  Syntax* body = parse_block();
  --scope_->loop_depth;
  if (body == nullptr) return nullptr;
  node->children.push_back(body);
  return finish(node);
}

Syntax* Parser::parse_do() {
  Syntax* node = make(Kind::while_, now().begin);
  ++at_;
  ++scope_->loop_depth;
  Syntax* body = parse_block();
  --scope_->loop_depth;
  if (body == nullptr) return nullptr;
  if (!at("while") && !at("until")) return unexpected("'while' or 'until' after the block of a do");
  node->text = at("while") ? "do-while" : "do-until";
  ++at_;
  Syntax* condition = parse_expression(Braces::block);
  if (condition == nullptr) return nullptr;
  node->children = {condition, body};
  return finish(node);
}

Syntax* Parser::parse_for() {
  Syntax* node = make(Kind::for_, now().begin);
  ++at_;
  std::string names[2];
  const bool pair = accept("(");
  for (int i = 0; i < (pair ? 2 : 1); ++i) {
    if (i == 1 && !expect(",", "between the names of a for")) return nullptr;
    if (!now().is_word() || is_keyword(now().text)) return unexpected("a variable name");
    names[i] = std::string(now().text);
    ++at_;
  }
  if (pair && !expect(")", "after the names of a for")) return nullptr;
  if (!expect("in", "after the name of a for")) return nullptr;
  Syntax* sequence = parse_expression(Braces::block);
  if (sequence == nullptr) return nullptr;
  Block block(*this);
  node->local = declare(names[0], false);
  if (pair) node->second = declare(names[1], false);
  ++scope_->loop_depth;
  Syntax* body = parse_block();
  --scope_->loop_depth;
  if (body == nullptr) return nullptr;
  node->children = {sequence, body};
  return finish(node);
}

Syntax* Parser::parse_try() {
  Syntax* node = make(Kind::try_, now().begin);
  ++at_;
  Syntax* body = parse_block();
  if (body == nullptr || !expect("catch", "after the block of a try")) return nullptr;
  Block block(*this);
  if (accept("(")) {
    if (!now().is_word() || is_keyword(now().text)) return unexpected("a variable name");
    node->local = declare(std::string(now().text), false);
    ++at_;
    if (!expect(")", "after the name of a catch")) return nullptr;
  }
  Syntax* handler = parse_block();
  if (handler == nullptr) return nullptr;
  node->children = {body, handler};
  return finish(node);
}

bool Parser::parse_function() {
  ++at_;
  FunctionScope* function = new_scope(nullptr, now().begin);
  function->name = std::string(now().text);
  if (is_keyword(now().text)) {
    unexpected("a function name");
    return false;
  }
  ++at_;
  FunctionScope* outer = std::exchange(scope_, function);
  ++block_depth_;
  bool good = expect("(", "after the name of a function") && parse_parameters(")");
  if (good) {
    function->body = parse_block();
    good = function->body != nullptr;
  }
  --block_depth_;
  scope_ = outer;
  if (!good) return false;
  for (const FunctionScope* other : tree_.functions) {
    if (other->name == function->name && other->parameters.size() == function->parameters.size()) {
      fail(function->offset, "the function '" + function->name + "' is declared twice");
      return false;
    }
  }
  if (tree_.functions.size() == kMaxFunctions) {
    fail(function->offset, "too many functions");
    return false;
  }
  tree_.functions.push_back(function);
  return true;
}

}  // namespace r8r::expr
