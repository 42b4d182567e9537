#include "common/expr/callback.hpp"
#include "common/expr/functions.hpp"
#include "common/expr/json.hpp"
#include "common/expr/operators.hpp"
#include "common/expr/run.hpp"

/// Arrays and closures. The array is held by the call, so that a closure may change the variable it came from.
namespace r8r::expr {
namespace {

bool map(Call& call, Value& out) {
  if (!call.closure(1)) return false;
  const auto& elements = call.list_of(0);
  std::vector<Value> results(elements.size());
  Callback callback(call, 1);
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (!callback.apply(elements[i], i, results[i])) return false;
  }
  return call.give(std::move(results), out);
}

bool filter(Call& call, Value& out) {
  if (!call.closure(1)) return false;
  const auto& elements = call.list_of(0);
  std::vector<Value> kept;
  Callback callback(call, 1);
  for (std::size_t i = 0; i < elements.size(); ++i) {
    bool holds = false;
    if (!callback.test(elements[i], i, holds)) return false;
    if (holds) kept.push_back(elements[i]);
  }
  return call.give(std::move(kept), out);
}

bool reduce_from(Call& call, bool backwards, Value& out) {
  if (!call.closure(1)) return false;
  const auto& elements = call.list_of(0);
  Value total = call.has(2) ? call.args[2] : Value();
  if (total.is_closure()) {
    Value made;
    if (!call.run.call(total, nullptr, 0, false, call.offset, made)) return false;
    total = std::move(made);
  }
  Callback callback(call, 1, 3);
  for (std::size_t n = 0; n < elements.size(); ++n) {
    const std::size_t i = backwards ? elements.size() - 1 - n : n;
    if (!callback.fold(total, elements[i], i)) return false;
  }
  out = std::move(total);
  return true;
}
/// reduce(|total, element, index| …[, start]); the start is null, as in Rhai, or what a closure gives.
bool reduce(Call& call, Value& out) {
  return reduce_from(call, false, out);
}
bool reduce_rev(Call& call, Value& out) {
  return reduce_from(call, true, out);
}

bool some(Call& call, Value& out) {
  if (!call.closure(1)) return false;
  bool holds = false;
  Callback callback(call, 1);
  for (std::size_t i = 0; i < call.list_of(0).size() && !holds; ++i) {
    if (!callback.test(call.list_of(0)[i], i, holds)) return false;
  }
  out = Value::boolean(holds);
  return true;
}

bool all(Call& call, Value& out) {
  if (!call.closure(1)) return false;
  bool holds = true;
  Callback callback(call, 1);
  for (std::size_t i = 0; i < call.list_of(0).size() && holds; ++i) {
    if (!callback.test(call.list_of(0)[i], i, holds)) return false;
  }
  out = Value::boolean(holds);
  return true;
}

bool find(Call& call, Value& out) {
  if (!call.closure(1)) return false;
  Callback callback(call, 1);
  for (std::size_t i = 0; i < call.list_of(0).size(); ++i) {
    bool holds = false;
    if (!callback.test(call.list_of(0)[i], i, holds)) return false;
    if (!holds) continue;
    out = Value(call.list_of(0)[i]);
    return true;
  }
  out = Value();
  return true;
}

/// The first result of the closure that is not null.
bool find_map(Call& call, Value& out) {
  if (!call.closure(1)) return false;
  Callback callback(call, 1);
  for (std::size_t i = 0; i < call.list_of(0).size(); ++i) {
    if (!callback.apply(call.list_of(0)[i], i, out)) return false;
    if (!out.is_null()) return true;
  }
  out = Value();
  return true;
}

bool for_each(Call& call, Value& out) {
  if (!call.closure(1)) return false;
  Callback callback(call, 1);
  for (std::size_t i = 0; i < call.list_of(0).size(); ++i) {
    Value ignored;
    if (!callback.apply(call.list_of(0)[i], i, ignored)) return false;
  }
  out = Value();
  return true;
}

bool count(Call& call, Value& out) {
  std::int64_t total = 0;
  const auto& elements = call.list_of(0);
  if (!call.has(1)) {
    total = static_cast<std::int64_t>(elements.size());
  } else if (call.args[1].is_closure()) {
    Callback callback(call, 1);
    for (std::size_t i = 0; i < elements.size(); ++i) {
      bool holds = false;
      if (!callback.test(elements[i], i, holds)) return false;
      total += holds;
    }
  } else {
    if (!call.charge(elements.size() / 4)) return false;
    for (const Value& element : elements) {
      bool same = false;
      if (!equals(call.run, element, call.args[1], call.offset, same)) return false;
      total += same;
    }
  }
  out = Value::integer(total);
  return true;
}

/// A map from each key, as text, to the elements that have it.
bool group_by(Call& call, Value& out) {
  const auto& elements = call.list_of(0);
  if (!call.charge(elements.size())) return false;
  Map groups;
  Callback callback(call, 1);
  std::string name;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    Value key;
    if (!callback.key_of(elements[i], i, key) || !call.run.admit(key, call.offset)) return false;
    name.clear();
    if (key.is_null()) {
      name = "null";
    } else {
      append_rendered(name, key);
    }
    if (!call.fits_bytes(name.size())) return false;
    Value* group = groups.find_mutable(name);
    if (group == nullptr) {
      groups.set(name, Value::array({}));
      group = groups.find_mutable(name);
    }
    group->mutable_array().push_back(elements[i]);
  }
  out = Value::map(std::move(groups));
  return true;
}

constexpr Function kFunctions[] = {
    {"map", kArray, 2, 2, map},           {"filter", kArray, 2, 2, filter},
    {"reduce", kArray, 2, 3, reduce},     {"reduce_rev", kArray, 2, 3, reduce_rev},
    {"some", kArray, 2, 2, some},         {"any", kArray, 2, 2, some},
    {"all", kArray, 2, 2, all},           {"find", kArray, 2, 2, find},
    {"find_map", kArray, 2, 2, find_map}, {"for_each", kArray, 2, 2, for_each},
    {"count", kArray, 1, 2, count},       {"group_by", kArray, 2, 2, group_by},
};

}  // namespace

std::span<const Function> array_closure_functions() {
  return kFunctions;
}

}  // namespace r8r::expr
