#include "common/expr/json.hpp"
#include "sketch.hpp"

namespace r8r::expr::testing {
namespace {

using Kind = Syntax::Kind;

std::string literal(const Value& value) {
  if (value.is_string()) {
    // As the sketches write it: ASCII only.
    std::string text = "\"";
    for (const char c : value.as_string()) {
      if (c == '"') text += '\\';
      if (c == '\n') {
        text += "\\n";
      } else if (c == '\xc3') {
        text += "\\u00e9";
      } else if (c != '\xa9') {
        text += c;
      }
    }
    return text + "\"";
  }
  std::string text = to_json(value);
  if (text == "1e+300") text = "1e300";
  return text;
}

std::string name_of(const Local* local) {
  return local->variable->name;
}

}  // namespace

std::string shape_of(const Syntax& syntax) {
  std::string head;
  std::vector<std::string> parts;
  for (const Syntax* child : syntax.children) parts.push_back(shape_of(*child));
  const std::string mark = syntax.optional ? "?" : "";
  switch (syntax.kind) {
    case Kind::constant:
      return literal(syntax.value);
    case Kind::name:
      return syntax.text;
    case Kind::local:
      return name_of(syntax.local);
    case Kind::array:
      head = "array";
      break;
    case Kind::map:
      head = "map";
      for (std::size_t i = 0; i < parts.size(); ++i) parts[i] = syntax.keys[i] + ":" + parts[i];
      break;
    case Kind::interpolated:
      head = "text";
      break;
    case Kind::negate:
      head = "-";
      break;
    case Kind::logical_not:
      head = "!";
      break;
    case Kind::plus:
      head = "+";
      break;
    case Kind::binary:
      head = operator_text(syntax.op);
      break;
    case Kind::logical_and:
      head = "&&";
      break;
    case Kind::logical_or:
      head = "||";
      break;
    case Kind::coalesce:
      head = "\?\?";
      break;
    case Kind::range:
      head = "..";
      break;
    case Kind::range_inclusive:
      head = "..=";
      break;
    case Kind::conditional:
      head = "if";
      break;
    case Kind::switch_:
      head = "switch";
      for (const SwitchArm& arm : syntax.arms)
        parts.push_back("(" + shape_of(*arm.patterns.at(0)) + " => " + shape_of(*arm.body) + ")");
      break;
    case Kind::block:
      head = syntax.valued ? "block!" : "block";
      break;
    case Kind::declare:
      head = "let " + name_of(syntax.local);
      break;
    case Kind::assign:
      head = std::string(operator_text(syntax.op)) + "=";
      break;
    case Kind::assign_if_null:
      head = "\?\?=";
      break;
    case Kind::while_:
      head = syntax.text.empty() ? "while" : syntax.text;
      break;
    case Kind::loop:
      head = "loop";
      break;
    case Kind::for_:
      head = "for " + name_of(syntax.local) + (syntax.second != nullptr ? "," + name_of(syntax.second) : "");
      break;
    case Kind::break_:
      head = "break";
      break;
    case Kind::continue_:
      head = "continue";
      break;
    case Kind::return_:
      head = "return";
      break;
    case Kind::throw_:
      head = "throw";
      break;
    case Kind::try_:
      head = "try" + (syntax.local != nullptr ? " " + name_of(syntax.local) : "");
      break;
    case Kind::property:
      head = mark + "." + syntax.text;
      break;
    case Kind::index:
      head = mark + "[]";
      break;
    case Kind::call:
      head = "call " + syntax.text;
      break;
    case Kind::call_value:
      head = "call-value";
      break;
    case Kind::method:
      head = "method " + mark + syntax.text;
      break;
    case Kind::closure:
      head = "closure";
      for (const Local* parameter : syntax.function->parameters) head += " " + name_of(parameter);
      break;
  }
  for (const std::string& part : parts) head += " " + part;
  return "(" + head + ")";
}

}  // namespace r8r::expr::testing
