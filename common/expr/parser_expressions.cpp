#include "common/expr/functions.hpp"
#include "common/expr/parser_state.hpp"

namespace r8r::expr {
namespace {

struct Infix {
  std::string_view text;
  int level;
  Syntax::Kind kind;
  Operator op;
};
using Kind = Syntax::Kind;
constexpr int kPower = 13;
constexpr int kBitOr = 3;
// Higher binds tighter; all but ** group from the left.
constexpr Infix kInfixes[] = {
    {"**", kPower, Kind::binary, Operator::power},  {"*", 12, Kind::binary, Operator::multiply},
    {"/", 12, Kind::binary, Operator::divide},      {"%", 12, Kind::binary, Operator::remainder},
    {"+", 11, Kind::binary, Operator::add},         {"-", 11, Kind::binary, Operator::subtract},
    {"<<", 10, Kind::binary, Operator::shift_left}, {">>", 10, Kind::binary, Operator::shift_right},
    {"..", 9, Kind::range, Operator::none},         {"..=", 9, Kind::range_inclusive, Operator::none},
    {"<", 8, Kind::binary, Operator::less},         {"<=", 8, Kind::binary, Operator::less_equal},
    {">", 8, Kind::binary, Operator::greater},      {">=", 8, Kind::binary, Operator::greater_equal},
    {"in", 7, Kind::binary, Operator::in},          {"!in", 7, Kind::binary, Operator::not_in},
    {"==", 6, Kind::binary, Operator::equal},       {"!=", 6, Kind::binary, Operator::not_equal},
    {"&", 5, Kind::binary, Operator::bit_and},      {"^", 4, Kind::binary, Operator::bit_xor},
    {"|", kBitOr, Kind::binary, Operator::bit_or},  {"&&", 2, Kind::logical_and, Operator::none},
    {"||", 1, Kind::logical_or, Operator::none},    {"\?\?", 0, Kind::coalesce, Operator::none}};

const Infix* find_infix(const Token& token) {
  if (token.kind != Token::Kind::symbol && token.text != "in") return nullptr;
  for (const Infix& infix : kInfixes) {
    if (token.is(infix.text)) return &infix;
  }
  return nullptr;
}

}  // namespace

Syntax* Parser::parse_expression(Braces braces) {
  Nesting nesting(*this);
  if (!nesting.fits()) return nullptr;
  Syntax* value = parse_ternary(braces);
  if (value != nullptr && parentheses_ > 0 && is_filter_ahead()) return parse_filters(value);
  return value;
}

Syntax* Parser::parse_ternary(Braces braces) {
  Syntax* condition = parse_binary(0, braces);
  if (condition == nullptr || !accept("?")) return condition;
  Syntax* then = parse_expression(Braces::object);
  if (then == nullptr || !expect(":", "in a choice 'c ? a : b'")) return nullptr;
  Syntax* otherwise = parse_expression(Braces::object);
  if (otherwise == nullptr) return nullptr;
  return finish(make(Kind::conditional, condition->offset, {condition, then, otherwise}));
}

bool Parser::is_filter_ahead() const {
  if (!options_.in_template || !at("|") || !ahead().is_word()) return false;
  if (parentheses_ == 0) return true;
  // Inside parentheses a bit operation is possible too: it has a name that means something on its right.
  const std::string_view name = ahead().text;
  for (const FunctionScope* scope = scope_; scope != nullptr; scope = scope->parent) {
    for (const Local* local : scope->visible) {
      if (local->variable->name == name) return false;
    }
  }
  return find_function(name) != nullptr && !options_.is_known_name(name);
}

Syntax* Parser::parse_binary(int lowest, Braces braces) {
  Syntax* left = parse_unary(braces);
  while (left != nullptr) {
    const Infix* infix = find_infix(now());
    if (infix == nullptr || infix->level < lowest) break;
    if (infix->level == kBitOr && is_filter_ahead()) break;
    const std::uint32_t offset = now().begin;
    ++at_;
    Syntax* right = nullptr;
    if (infix->level == kPower) {
      Nesting nesting(*this);
      if (!nesting.fits()) return nullptr;
      right = parse_binary(kPower, Braces::block);
    } else {
      right = parse_binary(infix->level + 1, Braces::block);
    }
    if (right == nullptr) return nullptr;
    Syntax* node = make(infix->kind, offset, {left, right});
    node->op = infix->op;
    left = finish(node);
  }
  return left;
}

Syntax* Parser::parse_unary(Braces braces) {
  const Token& token = now();
  Kind kind = Kind::negate;
  if (token.is("!")) {
    kind = Kind::logical_not;
  } else if (token.is("+")) {
    kind = Kind::plus;
  } else if (!token.is("-")) {
    return parse_postfix(braces);
  }
  Nesting nesting(*this);
  if (!nesting.fits()) return nullptr;
  ++at_;
  if (kind == Kind::negate && now().kind == Token::Kind::big) {
    ++at_;
    return constant(Value::integer(std::numeric_limits<std::int64_t>::min()), token.begin);
  }
  Syntax* operand = parse_unary(Braces::block);
  if (operand == nullptr) return nullptr;
  return finish(make(kind, token.begin, {operand}));
}

Syntax* Parser::parse_postfix(Braces braces) {
  Syntax* node = parse_primary(braces);
  while (node != nullptr) {
    if (at(".") || at("?.")) {
      node = parse_member(node);
    } else if (at("[") || at("?[")) {
      const Token& bracket = now();
      Syntax* index = make(Kind::index, bracket.begin, {node});
      index->optional = bracket.is("?[");
      ++at_;
      ++parentheses_;
      Syntax* inner = parse_expression(Braces::object);
      --parentheses_;
      if (inner == nullptr || !expect("]", "after an index")) return nullptr;
      index->children.push_back(inner);
      node = finish(index);
    } else if (at("(") && node->kind != Kind::constant) {
      Syntax* call = make(Kind::call_value, node->offset);
      if (node->kind == Kind::name) {
        call->kind = Kind::call;
        call->text = node->text;
      } else {
        call->children.push_back(node);
      }
      if (!parse_arguments(call)) return nullptr;
      if (call->kind == Kind::call && !call->children.empty()) mark_receiver(call->children[0], call->text);
      node = finish(call);
    } else {
      break;
    }
  }
  return node;
}

bool Parser::dashed_node_id(const Syntax* object, std::string& id) {
  if (object->kind != Kind::name || object->text != "nodes") return false;
  const std::string_view rest = source_.substr(now().begin);
  std::size_t length = 0;
  for (const std::string& candidate : options_.node_ids) {
    if (candidate.size() <= length || !rest.starts_with(candidate)) continue;
    const bool is_plain_name = candidate.find('-') == std::string::npos && is_name_start(candidate[0]);
    if (is_plain_name) continue;
    const char next = rest.size() > candidate.size() ? rest[candidate.size()] : '\0';
    if (is_name_part(next)) continue;
    length = candidate.size();
    id = candidate;
  }
  if (length == 0) return false;
  const std::size_t end = now().begin + length;
  std::size_t last = at_;
  while ((*tokens_)[last].end < end) ++last;
  if ((*tokens_)[last].end != end) return false;
  at_ = last + 1;
  return true;
}

Syntax* Parser::parse_member(Syntax* object) {
  const bool optional = at("?.");
  ++at_;
  const std::uint32_t offset = now().begin;
  std::string name;
  if (!dashed_node_id(object, name)) {
    if (!now().is_word()) {
      if (now().kind == Token::Kind::literal && now().value.is_int())
        return fail(offset, "a position goes in brackets", "write [" + std::string(now().text) + "]");
      return unexpected("a name after '.'");
    }
    name = std::string(now().text);
    ++at_;
  }
  if (!at("(")) {
    Syntax* node = make(Kind::property, offset, {object});
    node->text = std::move(name);
    node->optional = optional;
    return finish(node);
  }
  Syntax* node = make(Kind::method, offset, {object});
  node->text = std::move(name);
  node->optional = optional;
  if (!parse_arguments(node)) return nullptr;
  mark_receiver(object, node->text);
  return finish(node);
}

/// Notes that a function may change the variable that it is called on.
void Parser::mark_receiver(const Syntax* receiver, std::string_view function) {
  const FunctionSet* set = find_function(function);
  if (set == nullptr || !set->changes) return;
  const Syntax* root = receiver;
  while ((root->kind == Kind::property || root->kind == Kind::index) && !root->optional) root = root->children[0];
  if (root->kind == Kind::local && !root->local->variable->constant) root->local->variable->mutated = true;
}

bool Parser::parse_arguments(Syntax* call) {
  if (!expect("(", "before arguments")) return false;
  ++parentheses_;
  while (!accept(")")) {
    Syntax* argument = parse_expression(Braces::object);
    if (argument == nullptr) return false;
    call->children.push_back(argument);
    if (call->children.size() > 64) {
      fail(argument->offset, "more than 63 arguments");
      return false;
    }
    if (!at(")") && !expect(",", "between arguments")) return false;
  }
  --parentheses_;
  return true;
}

Syntax* Parser::parse_filters(Syntax* value) {
  while (is_filter_ahead()) {
    ++at_;
    Syntax* node = make(Kind::method, now().begin, {value});
    node->text = std::string(now().text);
    node->filter = true;
    ++at_;
    if (at("(") && !parse_arguments(node)) return nullptr;
    value = finish(node);
    if (value == nullptr) return nullptr;
  }
  return value;
}

bool Parser::is_object_ahead() const {
  if (!at("{")) return false;
  const Token& key = ahead(1);
  const bool key_like = key.is_word() || (key.kind == Token::Kind::literal && key.value.is_string());
  return key_like && ahead(2).is(":");
}

Syntax* Parser::parse_primary(Braces braces) {
  const Token& token = now();
  switch (token.kind) {
    case Token::Kind::literal:
      ++at_;
      if (token.value.is_string()) tree_.possible_keys.emplace_back(token.value.as_string());
      return constant(token.value, token.begin);
    case Token::Kind::malformed:
      return fail(token.begin, std::string(token.value.as_string()));
    case Token::Kind::big:
      return fail(token.begin, "an integer outside the range of 64 bits",
                  "write it with a fraction to make it a float");
    case Token::Kind::interpolated:
      ++at_;
      return parse_interpolated(token);
    case Token::Kind::word:
      return parse_word();
    case Token::Kind::end:
      return unexpected("a value");
    case Token::Kind::symbol:
      break;
  }
  if (token.is("(")) {
    ++at_;
    if (accept(")")) return constant(Value(), token.begin);
    ++parentheses_;
    Syntax* inner = parse_expression(Braces::object);
    --parentheses_;
    if (inner == nullptr || !expect(")", "to close '('")) return nullptr;
    return inner;
  }
  if (token.is("[")) return parse_array();
  if (token.is("#{")) return parse_map();
  if (token.is("{")) {
    if (is_object_ahead() || (braces == Braces::object && ahead().is("}"))) return parse_map();
    return parse_block();
  }
  if (token.is("|") || token.is("||")) return parse_closure();
  return unexpected("a value");
}

Syntax* Parser::parse_word() {
  const Token& token = now();
  if (token.is("true") || token.is("false") || token.is("null")) {
    ++at_;
    return constant(token.is("null") ? Value() : Value::boolean(token.is("true")), token.begin);
  }
  if (token.is("if")) return parse_if();
  if (token.is("switch")) return parse_switch();
  if (token.is("loop") || token.is("while")) return parse_while();
  if (token.is("do")) return parse_do();
  if (token.is("for")) return parse_for();
  if (token.is("try")) return parse_try();
  if (token.is("return") || token.is("throw") || token.is("break") || token.is("continue")) return parse_jump();
  if (is_keyword(token.text)) return unexpected("a value");
  ++at_;
  if (Local* local = resolve(token.text, scope_)) {
    Syntax* node = make(Kind::local, token.begin);
    node->local = local;
    return finish(node);
  }
  Syntax* node = make(Kind::name, token.begin);
  node->text = std::string(token.text);
  return finish(node);
}

Syntax* Parser::parse_array() {
  Syntax* node = make(Kind::array, now().begin);
  ++at_;
  ++parentheses_;
  while (!accept("]")) {
    Syntax* element = parse_expression(Braces::object);
    if (element == nullptr) return nullptr;
    node->children.push_back(element);
    if (!at("]") && !expect(",", "between elements")) return nullptr;
  }
  --parentheses_;
  return finish(node);
}

Syntax* Parser::parse_map() {
  Syntax* node = make(Kind::map, now().begin);
  ++at_;
  ++parentheses_;
  while (!accept("}")) {
    const Token& key = now();
    if (key.kind == Token::Kind::literal && key.value.is_string()) {
      node->keys.emplace_back(key.value.as_string());
    } else if (key.is_word()) {
      node->keys.emplace_back(key.text);
    } else {
      return unexpected("a key or '}'");
    }
    tree_.possible_keys.push_back(node->keys.back());
    ++at_;
    if (!expect(":", "after a key")) return nullptr;
    Syntax* value = parse_expression(Braces::object);
    if (value == nullptr) return nullptr;
    node->children.push_back(value);
    if (!at("}") && !expect(",", "between entries")) return nullptr;
  }
  --parentheses_;
  return finish(node);
}

Syntax* Parser::parse_interpolated(const Token& token) {
  Nesting nesting(*this);
  if (!nesting.fits()) return nullptr;
  Syntax* node = make(Kind::interpolated, token.begin);
  for (std::size_t i = 0; i < token.parts.size(); ++i) {
    const std::vector<Token>& part = token.parts[i];
    if (i % 2 == 0) {
      if (!part[0].value.as_string().empty()) node->children.push_back(constant(part[0].value, token.begin));
      continue;
    }
    const auto* outer_tokens = std::exchange(tokens_, &part);
    const std::size_t outer_at = std::exchange(at_, 0);
    const int parentheses = std::exchange(parentheses_, 1);
    Syntax* value = nullptr;
    if (now().kind == Token::Kind::end) {
      fail(now().begin, "'${}' is empty");
    } else {
      Block block(*this);
      ++block_depth_;
      value = parse_statements("", now().begin);
      --block_depth_;
    }
    tokens_ = outer_tokens;
    at_ = outer_at;
    parentheses_ = parentheses;
    if (value == nullptr) return nullptr;
    node->children.push_back(value);
  }
  return finish(node);
}

Syntax* Parser::parse_closure() {
  const std::uint32_t offset = now().begin;
  FunctionScope* closure = new_scope(scope_, offset);
  FunctionScope* outer = std::exchange(scope_, closure);
  Syntax* node = make(Kind::closure, offset);
  bool good = accept("||");
  if (!good) {
    ++at_;
    good = parse_parameters("|");
  }
  if (good) {
    // A body like |x| total += x is a statement.
    Nesting nesting(*this);
    Syntax* body = nullptr;
    if (nesting.fits()) body = parse_simple_statement();
    closure->body = body;
    if (body != nullptr) node->children.push_back(body);
  }
  scope_ = outer;
  if (closure->body == nullptr) return nullptr;
  node->function = closure;
  return finish(node);
}

}  // namespace r8r::expr
