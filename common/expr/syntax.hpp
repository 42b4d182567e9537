#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/expr/value.hpp"

/// What the parser makes and the emitter reads: the tree of a source text, with local names already resolved.
namespace r8r::expr {

struct FunctionScope;

/// A variable, seen from every function that uses it.
struct Variable {
  std::string name;
  bool constant = false;
  bool captured = false;  ///< a closure uses it
  bool mutated = false;   ///< something changes it after its declaration
  /// It must live in a box that scope and closures share. A captured variable that never changes is copied instead.
  bool boxed() const { return captured && mutated; }
};

/// A variable within one function: where its value or box lies in the frame.
struct Local {
  Variable* variable = nullptr;
  int slot = 0;
  const Local* outer = nullptr;  ///< of a captured variable: the same one in the enclosing function
};

struct Syntax;

/// A function, a closure or the main script.
struct FunctionScope {
  FunctionScope* parent = nullptr;  ///< of a closure: where it stands
  std::string name;
  std::vector<Local*> parameters;
  std::vector<Local*> captures;
  std::vector<Local*> visible;  ///< while parsing: innermost last
  int slots = 0;
  const Syntax* body = nullptr;
  int loop_depth = 0;
  std::uint32_t offset = 0;
};

enum class Operator : std::uint8_t {
  add,
  subtract,
  multiply,
  divide,
  remainder,
  power,
  shift_left,
  shift_right,
  bit_and,
  bit_or,
  bit_xor,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  in,
  not_in,
  none
};
std::string_view operator_text(Operator op);

struct SwitchArm;

struct Syntax {
  enum class Kind : std::uint8_t {
    constant,      ///< value
    name,          ///< text: a name from outside
    local,         ///< local
    array,         ///< children
    map,           ///< keys, children
    interpolated,  ///< children, rendered one after the other
    negate,
    logical_not,
    plus,
    binary,  ///< op, two children
    logical_and,
    logical_or,
    coalesce,
    range,
    range_inclusive,
    conditional,  ///< condition, then[, else]
    switch_,      ///< subject, kept in local; arms
    block,        ///< statements; `valued` when the last one has no semicolon
    declare,      ///< local[, initial value]
    assign,       ///< op (none for plain or ??=), target, value
    assign_if_null,
    while_,  ///< condition, body; `text` is "do-while" or "do-until" for those
    loop,    ///< body
    for_,    ///< local, second local, sequence, body
    break_,
    continue_,
    return_,
    throw_,
    try_,        ///< body, handler; local
    property,    ///< object; text; optional
    index,       ///< object, index; optional
    call,        ///< text; arguments
    call_value,  ///< function, arguments
    method,      ///< text; receiver, arguments; optional
    closure,     ///< function
  };

  Kind kind = Kind::constant;
  Operator op = Operator::none;
  bool optional = false;  ///< ?. or ?[
  bool valued = false;
  bool filter = false;  ///< a method written as `| name` in a template
  std::uint16_t height = 1;
  std::uint32_t offset = 0;
  std::uint32_t end = 0;
  std::string text;
  Value value;
  std::vector<Syntax*> children;
  std::vector<std::string> keys;
  Local* local = nullptr;
  Local* second = nullptr;
  FunctionScope* function = nullptr;
  std::vector<SwitchArm> arms;
};

struct SwitchArm {
  std::vector<Syntax*> patterns;  ///< none: `_`; ranges match numbers
  Local* binding = nullptr;       ///< `n if n > 9`: the name that the subject gets
  Syntax* guard = nullptr;
  Syntax* body = nullptr;
};

/// All that one source text holds; owns the tree.
struct SyntaxTree {
  std::vector<std::unique_ptr<Syntax>> nodes;
  std::vector<std::unique_ptr<Variable>> variables;
  std::vector<std::unique_ptr<Local>> locals;
  std::vector<std::unique_ptr<FunctionScope>> scopes;
  FunctionScope* main = nullptr;
  std::vector<FunctionScope*> functions;  ///< fn name(…) {…}
  /// Every string that could be the key of a map which the script makes: `m.f(1)` may then call a closure.
  std::vector<std::string> possible_keys;
};

}  // namespace r8r::expr
