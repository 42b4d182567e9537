#include "common/expr/code_calls.hpp"

namespace r8r::expr {

bool fail_overload(Run& run, std::uint32_t offset, const FunctionSet* set, std::string_view name, const Value* args,
                   int count) {
  const std::string_view receiver = count > 0 ? args[0].description() : "nothing";
  for (int i = 0; set != nullptr && i < 64; ++i) {
    if (count > 0 && set->find(args[0].kind(), i) != nullptr) {
      return run.fail(offset, fmt::format("'{}' of {} does not take {} arguments", name, receiver, count - 1));
    }
  }
  return run.fail(offset, fmt::format("{} has no function '{}'", receiver, name));
}

bool CallScript::eval(Run& run, Value& out) const {
  const int count = static_cast<int>(arguments_.size());
  const Slots args(run, count);
  for (int i = 0; i < count; ++i) {
    if (!arguments_[static_cast<std::size_t>(i)]->eval(run, args[i])) return false;
    if (i == 0 && optional_ && args[0].is_null()) {
      out = Value();
      return true;
    }
  }
  return run.enter(*function_, nullptr, args.begin(), count, offset, out);
}

bool CallValue::eval(Run& run, Value& out) const {
  const int count = static_cast<int>(parts_.size());
  const Slots values(run, count);
  for (int i = 0; i < count; ++i) {
    if (!parts_[static_cast<std::size_t>(i)]->eval(run, values[i])) return false;
  }
  const Value function = values[0];
  return run.call(function, values.begin() + 1, count - 1, false, offset, out);
}

CallBuiltIn::CallBuiltIn(std::uint32_t at, std::string name, const FunctionSet* set, std::vector<const Code*> arguments,
                         bool optional, bool property)
    : Code(at),
      name_(Value::string(name)),
      set_(set),
      arguments_(std::move(arguments)),
      optional_(optional),
      property_(property) {}

bool CallBuiltIn::eval(Run& run, Value& out) const {
  if (!run.charge(1, offset)) return false;
  const int count = static_cast<int>(arguments_.size());
  const Slots args(run, count);
  for (int i = 0; i < count; ++i) {
    if (!arguments_[static_cast<std::size_t>(i)]->eval(run, args[i])) return false;
    if (i == 0 && optional_ && args[0].is_null()) {
      out = Value();
      return true;
    }
  }
  if (property_ && count > 0 && args[0].is_map()) {
    const Value* found = args[0].as_map().find(name_.as_string());
    if (found != nullptr && found->is_closure()) {
      const Value function = *found;
      return run.call(function, args.begin() + 1, count - 1, false, offset, out);
    }
  }
  const Function* function =
      set_ != nullptr ? set_->find(count > 0 ? args[0].kind() : Value::Kind::null, count) : nullptr;
  if (function == nullptr) return fail_overload(run, offset, set_, name_.as_string(), args.begin(), count);
  if (function->effect != Effect::none && !run.charge_copy(args[0], offset)) return false;
  Call call{run, args.begin(), count, function->name, offset};
  Value result;
  if (!function->run(call, result)) return false;
  // What has no variable to change gives the changed value instead.
  const bool gives_changed = function->effect == Effect::updates || function->effect == Effect::transforms;
  out = gives_changed ? std::move(args[0]) : std::move(result);
  return true;
}

CallOnPlace::CallOnPlace(std::uint32_t at, std::string name, const FunctionSet* set, Place place,
                         std::vector<const Code*> arguments, Use use)
    : Code(at),
      name_(Value::string(name)),
      set_(set),
      place_(std::move(place)),
      arguments_(std::move(arguments)),
      use_(use) {}

bool CallOnPlace::eval(Run& run, Value& out) const {
  if (!run.charge(1, offset)) return false;
  const int count = static_cast<int>(arguments_.size()) + 1;
  const Slots indexes(run, place_.index_count());
  if (!place_.eval_indexes(run, indexes.begin())) return false;
  const std::size_t steps = place_.steps().size();
  const Slots args(run, count);
  for (int i = 1; i < count; ++i) {
    if (!arguments_[static_cast<std::size_t>(i - 1)]->eval(run, args[i])) return false;
  }
  {
    Value spare;
    const Value* current = place_.read(run, indexes.begin(), spare, steps);
    if (current == nullptr) return false;
    args[0] = *current;
  }
  if (use_.optional && args[0].is_null()) {
    out = Value();
    return true;
  }
  if (use_.property && args[0].is_map()) {
    const Value* found = args[0].as_map().find(name_.as_string());
    if (found != nullptr && found->is_closure()) {
      const Value function = *found;
      return run.call(function, args.begin() + 1, count - 1, false, offset, out);
    }
  }
  const Function* function = set_->find(args[0].kind(), count);
  if (function == nullptr) return fail_overload(run, offset, set_, name_.as_string(), args.begin(), count);
  Call call{run, args.begin(), count, function->name, offset};
  Value result;
  // A new version of something from outside, wanted as a value: leaves the original alone.
  const bool changes_place =
      function->effect != Effect::none && !(function->effect == Effect::transforms && use_.is_outer && use_.is_used);
  if (!changes_place) {
    if (function->effect != Effect::none && !run.charge_copy(args[0], offset)) return false;
    if (!function->run(call, result)) return false;
    out = function->effect == Effect::transforms ? std::move(args[0]) : std::move(result);
    return true;
  }
  // The variable is empty while the function runs: closures that it calls cannot pull the value away from under it, and
  // being its only holder the function changes it without a copy.
  args[0] = Value();
  Value* const root = place_.root(run);
  Value whole = std::move(*root);
  Value* target = place_.locate(run, &whole, indexes.begin(), false, steps);
  if (target == nullptr) {
    *root = std::move(whole);
    return false;
  }
  if (!run.charge_copy(*target, offset)) {
    *root = std::move(whole);
    return false;
  }
  args[0] = std::move(*target);
  const bool good = function->run(call, result);
  if (good && function->effect == Effect::transforms && args[0].is_string()) result = args[0];
  *target = std::move(args[0]);
  *root = std::move(whole);
  if (!good) return false;
  out = std::move(result);
  return true;
}

}  // namespace r8r::expr
