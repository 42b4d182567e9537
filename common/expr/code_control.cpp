#include "common/expr/code_control.hpp"

#include "common/expr/text.hpp"

namespace r8r::expr {
namespace {

/// What a loop does when its body stopped in the middle.
enum class After { next_turn, leave, fail };
After after_body(Run& run, Value& out) {
  if (run.flow == Flow::next_turn) {
    run.flow = Flow::none;
    return After::next_turn;
  }
  if (run.flow != Flow::break_loop) return After::fail;
  run.flow = Flow::none;
  out = std::move(run.carried);
  return After::leave;
}

}  // namespace

bool Block::eval(Run& run, Value& out) const {
  if (statements_.empty()) {
    out = Value();
    return true;
  }
  if (!run.charge(cost_, offset)) return false;
  for (const Code* statement : statements_) {
    if (!statement->eval(run, out)) return false;
  }
  if (!valued_) out = Value();
  return true;
}

bool Declare::eval(Run& run, Value& out) const {
  Value value;
  if (!run.charge(1, offset) || (value_ != nullptr && !value_->eval(run, value))) return false;
  target_.set(run, std::move(value));
  out = Value();
  return true;
}

bool While::eval(Run& run, Value& out) const {
  out = Value();
  bool first = true;
  while (true) {
    if (!run.charge(1, offset)) return false;
    if (mode_ == Mode::before || (!first && (mode_ == Mode::do_while || mode_ == Mode::do_until))) {
      const Truth holds = condition_->test(run, kConditionNeeds);
      if (holds == Truth::failed) return false;
      if ((holds == Truth::yes) == (mode_ == Mode::do_until)) return true;
    }
    first = false;
    Value ignored;
    if (body_->eval(run, ignored)) continue;
    const After after = after_body(run, out);
    if (after == After::fail) return false;
    if (after == After::leave) return true;
  }
}

[[gnu::always_inline]] inline For::Turn For::turn(Run& run, std::int64_t position, Value& out) const {
  if (!run.charge(1, offset)) return Turn::failed;
  if (has_position_) position_.set_integer(run, position);
  Value ignored;  // gone before the next turn: what the body came to must not count as shared there
  if (body_->eval(run, ignored)) return Turn::next;
  const After after = after_body(run, out);
  return after == After::fail ? Turn::failed : after == After::leave ? Turn::stop : Turn::next;
}

bool For::eval(Run& run, Value& out) const {
  out = Value();
  Turn done = Turn::next;
  if (range_ != nullptr) {
    std::int64_t from = 0;
    std::int64_t to = 0;
    if (!range_->bounds(run, from, to)) return false;
    for (std::int64_t i = from; i < to && done == Turn::next; ++i) {
      item_.set_integer(run, i);
      done = turn(run, i - from, out);
    }
    return done != Turn::failed;
  }
  Value sequence;
  if (!sequence_->eval(run, sequence)) return false;
  std::int64_t i = 0;
  if (sequence.is_array()) {
    // The sequence is held here: the body may change the variable that it came from, this stays as it is.
    for (const Value& element : sequence.as_array()) {
      item_.set(run, element);
      done = turn(run, i++, out);
      if (done != Turn::next) break;
    }
    return done != Turn::failed;
  }
  if (sequence.is_string()) {
    const std::string_view text = sequence.as_string();
    for (std::size_t at = 0; at < text.size() && done == Turn::next;) {
      const std::size_t length = character_length(text[at]);
      item_.set(run, Value::string(text.substr(at, length)));
      done = turn(run, i++, out);
      at += length;
    }
    return done != Turn::failed;
  }
  if (sequence.is_map()) {
    for (const Map::Entry& entry : sequence.as_map()) {
      Map pair;
      pair.set("key", entry.name);
      pair.set("value", entry.value);
      item_.set(run, Value::map(std::move(pair)));
      done = turn(run, i++, out);
      if (done != Turn::next) break;
    }
    return done != Turn::failed;
  }
  return run.fail(sequence_->offset,
                  "'for' needs an array, a range, a string or a map, not " + std::string(sequence.description()));
}

bool Jump::eval(Run& run, Value&) const {
  Value value;
  if (!run.charge(1, offset) || (value_ != nullptr && !value_->eval(run, value))) return false;
  if (flow_ == Flow::error) {
    if (!run.admit(value, offset)) return false;
    run.fail(offset, "");
    run.thrown = true;
  }
  run.carried = std::move(value);
  run.flow = flow_;
  return false;
}

bool Try::eval(Run& run, Value& out) const {
  if (body_->eval(run, out)) return true;
  if (run.flow != Flow::error) return false;
  Value caught;
  if (run.thrown) {
    caught = std::move(run.carried);
  } else {
    // Finding the line takes time in proportion to the text.
    if (!run.charge(run.error_offset / 64, offset)) return false;
    const Position place = position_of(*run.program().source, run.error_offset);
    Map entries;
    entries.set("error", Value::string("ErrorRuntime"));
    entries.set("message", Value::string(run.message));
    entries.set("line", Value::integer(place.line));
    entries.set("position", Value::integer(place.column));
    caught = Value::map(std::move(entries));
  }
  run.flow = Flow::none;
  run.thrown = false;
  run.carried = Value();
  if (has_name_) caught_.set(run, std::move(caught));
  return handler_->eval(run, out);
}

bool Switch::matches(Run& run, const Arm& arm, bool& out) const {
  out = arm.patterns.empty();
  for (const Pattern& pattern : arm.patterns) {
    const Value& subject = run.locals[slot_];
    if (pattern.range != nullptr) {
      const Value held = subject;
      if (!pattern.range->covers(run, held, out)) return false;
    } else {
      Value candidate;
      if (!pattern.value->eval(run, candidate)) return false;
      if (!equals(run, run.locals[slot_], candidate, pattern.value->offset, out)) return false;
    }
    if (out) break;
  }
  if (!out) return true;
  if (arm.binds) arm.binding.set(run, run.locals[slot_]);
  if (arm.guard == nullptr) return true;
  const Truth holds = arm.guard->test(run, kConditionNeeds);
  out = holds == Truth::yes;
  return holds != Truth::failed;
}

bool Switch::eval(Run& run, Value& out) const {
  Value subject;
  if (!subject_->eval(run, subject)) return false;
  run.locals[slot_] = std::move(subject);
  for (const Arm& arm : arms_) {
    bool taken = false;
    if (!run.charge(static_cast<std::int64_t>(1 + arm.patterns.size()), offset) || !matches(run, arm, taken))
      return false;
    if (taken) return arm.body->eval(run, out);
  }
  out = Value();
  return true;
}

}  // namespace r8r::expr
