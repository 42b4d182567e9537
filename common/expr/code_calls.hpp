#pragma once
#include <optional>

#include "common/expr/code_access.hpp"

namespace r8r::expr {

/// A function of the script: fn name(…).
class CallScript final : public Code {
 public:
  CallScript(std::uint32_t at, const FunctionCode* function, std::vector<const Code*> arguments, bool optional)
      : Code(at), function_(function), arguments_(std::move(arguments)), optional_(optional) {}
  bool eval(Run& run, Value& out) const override;

 private:
  const FunctionCode* function_;
  std::vector<const Code*> arguments_;
  bool optional_;
};

/// A closure that is the value of an expression; the first of `parts`, then the arguments.
class CallValue final : public Code {
 public:
  CallValue(std::uint32_t at, std::vector<const Code*> parts) : Code(at), parts_(std::move(parts)) {}
  bool eval(Run& run, Value& out) const override;

 private:
  std::vector<const Code*> parts_;
};

/// A built-in function, or a closure under that name in a map.
class CallBuiltIn final : public Code {
 public:
  /// `set` may be null when only a closure of that name can be meant. `property`: look for one in maps.
  CallBuiltIn(std::uint32_t at, std::string name, const FunctionSet* set, std::vector<const Code*> arguments,
              bool optional, bool property);
  bool eval(Run& run, Value& out) const override;

 private:
  Value name_;
  const FunctionSet* set_;
  std::vector<const Code*> arguments_;
  bool optional_;
  bool property_;
};

/// A built-in function on a variable, or on something in one, that some overloads change.
class CallOnPlace final : public Code {
 public:
  struct Use {
    bool optional = false;
    bool property = false;
    bool is_used = true;    ///< somebody wants the result
    bool is_outer = false;  ///< the variable is a name from outside, like `input`
  };
  CallOnPlace(std::uint32_t at, std::string name, const FunctionSet* set, Place place,
              std::vector<const Code*> arguments, Use use);
  bool eval(Run& run, Value& out) const override;

 private:
  Value name_;
  const FunctionSet* set_;
  Place place_;
  std::vector<const Code*> arguments_;
  Use use_;
};

/// Says that no overload of a function takes these arguments.
bool fail_overload(Run& run, std::uint32_t offset, const FunctionSet* set, std::string_view name, const Value* args,
                   int count);

}  // namespace r8r::expr
