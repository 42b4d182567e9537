#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/expr/value.hpp"

/// The built-in functions: one table per family (functions_*.cpp), one registry over them.
namespace r8r::expr {

class Run;

/// One call of a built-in function. args[0] is what the function is called on.
struct Call {
  Run& run;
  Value* args;
  int count;
  std::string_view name;
  std::uint32_t offset;

  bool has(int i) const { return i < count; }
  /// Always false, for `return call.fail(…)`.
  bool fail(std::string message) const;
  /// "'trim' needs …, not …" for argument i.
  bool wrong(int i, std::string_view needed) const;

  // An argument of the given type, or a failure.
  bool integer(int i, std::int64_t& out) const;
  bool number(int i, double& out) const;
  bool text(int i, std::string_view& out) const;
  bool list(int i) const;
  bool closure(int i) const;

  std::string_view text_of(int i) const { return args[i].as_string(); }
  const std::vector<Value>& list_of(int i) const { return args[i].as_array(); }
  const Map& map_of(int i) const { return args[i].as_map(); }

  /// Counts steps; false when there are none left.
  bool charge(std::size_t steps) const;
  bool charge_text(std::size_t bytes) const { return charge(bytes / 64); }
  /// out = text, if that is within the limits.
  bool give(std::string_view text, Value& out) const;
  bool give(std::vector<Value> elements, Value& out) const;
  bool fits_elements(std::size_t count) const;
  bool fits_bytes(std::size_t bytes) const;
};

using BuiltIn = bool (*)(Call& call, Value& out);

/// The types that a function may be called on, as a set of bits by Value::Kind.
using Receivers = std::uint16_t;
inline constexpr Receivers kNull = 1u << 0, kBool = 1u << 1, kInteger = 1u << 2, kFloat = 1u << 3, kString = 1u << 4,
                           kArray = 1u << 5, kMap = 1u << 6, kClosure = 1u << 7, kNumber = kInteger | kFloat,
                           kAnything = 0xff;

/// What calling the function does to args[0].
enum class Effect : std::uint8_t {
  none,
  changes,     ///< and gives a result of its own (pop)
  updates,     ///< and gives nothing (push)
  transforms,  ///< makes a new version of it (sort, trim)
};

struct Function {
  const char* name;
  Receivers receivers;
  int min;  ///< arguments, args[0] included
  int max;
  BuiltIn run;
  Effect effect = Effect::none;
};

/// All functions of one name.
struct FunctionSet {
  std::string name;
  std::vector<const Function*> functions;
  int min = 64;
  int max = 0;
  bool changes = false;  ///< some of them change what they are called on
  const Function* find(Value::Kind receiver, int count) const;
};

/// The functions called `name`, or null.
const FunctionSet* find_function(std::string_view name);
const std::vector<std::string>& function_names();

std::span<const Function> string_functions();
std::span<const Function> string_edit_functions();
std::span<const Function> encoding_functions();
std::span<const Function> regex_functions();
std::span<const Function> array_functions();
std::span<const Function> array_edit_functions();
std::span<const Function> array_closure_functions();
std::span<const Function> array_order_functions();
std::span<const Function> map_functions();
std::span<const Function> number_functions();
std::span<const Function> general_functions();
std::span<const Function> time_functions();

}  // namespace r8r::expr
