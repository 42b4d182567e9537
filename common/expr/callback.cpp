#include "common/expr/callback.hpp"

namespace r8r::expr {
namespace {

const FunctionCode* script_code(const Call& call, int argument, int offered) {
  if (!call.has(argument) || !call.args[argument].is_closure()) return nullptr;
  const ClosureCell& closure = *call.args[argument].closure_cell();
  const bool plain = closure.builtin == nullptr && closure.bound.empty() && closure.code->parameters <= offered;
  return plain ? closure.code : nullptr;
}

}  // namespace

Callback::Callback(Call& call, int argument, int offered)
    : call_(call),
      argument_(argument),
      code_(script_code(call, argument, offered)),
      frame_(call.run, code_ != nullptr ? code_->slots : 0) {
  if (code_ == nullptr) return;
  // Captured values never change and captured boxes stay the same box: they last for all calls.
  const ClosureCell& closure = *call.args[argument].closure_cell();
  for (std::size_t i = 0; i < code_->capture_slots.size(); ++i) frame_[code_->capture_slots[i]] = closure.captured[i];
}

bool Callback::enter(Value& out) {
  Run& run = call_.run;
  for (const int slot : code_->boxed_parameters) frame_[slot] = run.make_box(std::move(frame_[slot]));
  const bool good = run.enter_frame(*code_, frame_.begin(), call_.offset, out);
  // As if the frame were new each time: nothing that a call made stays alive, or counts as shared, in the next one.
  for (const int slot : code_->own_slots) frame_[slot] = Value();
  return good;
}

bool Callback::call_with(const Value& first, const Value& second, Value& out) {
  if (code_ == nullptr) {
    Value arguments[2] = {first, second};
    return call_.run.call(call_.args[argument_], arguments, 2, true, call_.offset, out);
  }
  if (code_->parameters > 0) frame_[0] = first;
  if (code_->parameters > 1) frame_[1] = second;
  return enter(out);
}

bool Callback::test(const Value& element, std::size_t index, bool& out) {
  Value answer;
  if (!apply(element, index, answer)) return false;
  if (!answer.is_bool()) {
    return call_.fail(
        fmt::format("the closure given to '{}' has to give true or false, not {}", call_.name, answer.description()));
  }
  out = answer.as_bool();
  return true;
}

bool Callback::fold(Value& total, const Value& element, std::size_t index) {
  const Value position = Value::integer(static_cast<std::int64_t>(index));
  if (code_ == nullptr) {
    Value arguments[3] = {std::move(total), element, position};
    return call_.run.call(call_.args[argument_], arguments, 3, true, call_.offset, total);
  }
  if (code_->parameters > 0) frame_[0] = std::move(total);
  if (code_->parameters > 1) frame_[1] = element;
  if (code_->parameters > 2) frame_[2] = position;
  return enter(total);
}

bool Callback::key_of(const Value& element, std::size_t index, Value& out) {
  if (!call_.has(argument_)) {
    out = element;
    return true;
  }
  const Value& key = call_.args[argument_];
  if (key.is_closure()) return apply(element, index, out);
  if (!key.is_string()) return call_.wrong(argument_, "a key or a closure");
  if (!element.is_map()) {
    return call_.fail(fmt::format("'{}' by key needs maps in the array, not {}", call_.name, element.description()));
  }
  const Value* found = element.as_map().find(key, Map::hash_of(key), key_position_);
  out = found != nullptr ? *found : Value();
  return true;
}

}  // namespace r8r::expr
