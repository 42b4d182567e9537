#include "common/expr/functions.hpp"

#include <unordered_map>

#include "common/expr/run.hpp"

namespace r8r::expr {
namespace {

struct Registry {
  std::unordered_map<std::string_view, FunctionSet> sets;
  std::vector<std::string> names;

  Registry() {
    for (const auto& family :
         {string_functions(), string_edit_functions(), encoding_functions(), regex_functions(), array_functions(),
          array_edit_functions(), array_closure_functions(), array_order_functions(), map_functions(),
          number_functions(), general_functions(), time_functions()}) {
      for (const Function& function : family) {
        FunctionSet& set = sets[function.name];
        if (set.name.empty()) {
          set.name = function.name;
          names.push_back(set.name);
        }
        set.functions.push_back(&function);
        set.min = std::min(set.min, function.min);
        set.max = std::max(set.max, function.max);
        set.changes = set.changes || function.effect != Effect::none;
      }
    }
  }
};

const Registry& registry() {
  static const Registry all;
  return all;
}

}  // namespace

const Function* FunctionSet::find(Value::Kind receiver, int count) const {
  const auto bit = static_cast<Receivers>(1u << static_cast<int>(receiver));
  for (const Function* function : functions) {
    if ((function->receivers & bit) != 0 && count >= function->min && count <= function->max) return function;
  }
  return nullptr;
}

const FunctionSet* find_function(std::string_view name) {
  const auto found = registry().sets.find(name);
  return found != registry().sets.end() ? &found->second : nullptr;
}

const std::vector<std::string>& function_names() {
  return registry().names;
}

bool Call::fail(std::string message) const {
  return run.fail(offset, std::move(message));
}

bool Call::wrong(int i, std::string_view needed) const {
  if (i == 0) return fail(fmt::format("'{}' needs {}, not {}", name, needed, args[0].description()));
  return fail(fmt::format("'{}' needs {} as argument {}, not {}", name, needed, i, args[i].description()));
}

bool Call::integer(int i, std::int64_t& out) const {
  if (!args[i].is_int()) return wrong(i, "an integer");
  out = args[i].as_int();
  return true;
}

bool Call::number(int i, double& out) const {
  if (!args[i].is_number()) return wrong(i, "a number");
  out = args[i].as_number();
  return true;
}

bool Call::text(int i, std::string_view& out) const {
  if (!args[i].is_string()) return wrong(i, "a string");
  out = args[i].as_string();
  return true;
}

bool Call::list(int i) const {
  return args[i].is_array() || wrong(i, "an array");
}
bool Call::closure(int i) const {
  return args[i].is_closure() || wrong(i, "a closure");
}

bool Call::charge(std::size_t steps) const {
  return run.charge(static_cast<std::int64_t>(steps), offset);
}

bool Call::give(std::string_view text, Value& out) const {
  if (!run.fits_text(text.size(), offset)) return false;
  out = Value::string(text);
  return true;
}

bool Call::give(std::vector<Value> elements, Value& out) const {
  if (!run.fits_elements(elements.size(), offset)) return false;
  out = Value::array(std::move(elements));
  return true;
}

bool Call::fits_elements(std::size_t count) const {
  return run.fits_elements(count, offset);
}
bool Call::fits_bytes(std::size_t bytes) const {
  return run.fits_text(bytes, offset);
}

}  // namespace r8r::expr
