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
  // A statement may be a mere name or constant, which costs nothing of its own.
  if (!run.charge(static_cast<std::int64_t>(1 + statements_.size() / 4), offset)) return false;
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
  Value ignored;
  bool first = true;
  while (true) {
    if (!run.charge(1, offset)) return false;
    if (mode_ == Mode::before || (!first && (mode_ == Mode::do_while || mode_ == Mode::do_until))) {
      bool holds = false;
      if (!eval_condition(run, *condition_, holds)) return false;
      if (holds == (mode_ == Mode::do_until)) return true;
    }
    first = false;
    if (body_->eval(run, ignored)) continue;
    const After after = after_body(run, out);
    if (after == After::fail) return false;
    if (after == After::leave) return true;
  }
}

For::Turn For::turn(Run& run, Value item, std::int64_t position, Value& out) const {
  if (!run.charge(1, offset)) return Turn::failed;
  item_.set(run, std::move(item));
  if (has_position_) position_.set(run, Value::integer(position));
  Value ignored;
  if (body_->eval(run, ignored)) return Turn::next;
  const After after = after_body(run, out);
  return after == After::fail ? Turn::failed : after == After::leave ? Turn::stop : Turn::next;
}

bool For::eval(Run& run, Value& out) const {
  out = Value();
  if (range_ != nullptr) {
    std::int64_t from = 0;
    std::int64_t to = 0;
    if (!range_->bounds(run, from, to)) return false;
    for (std::int64_t i = from; i < to; ++i) {
      const Turn done = turn(run, Value::integer(i), i - from, out);
      if (done != Turn::next) return done == Turn::stop;
    }
    return true;
  }
  Value sequence;
  if (!sequence_->eval(run, sequence)) return false;
  if (sequence.is_array()) {
    // The sequence is held here: the body may change the variable that it came from, this stays as it is.
    const auto& elements = sequence.as_array();
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const Turn done = turn(run, elements[i], static_cast<std::int64_t>(i), out);
      if (done != Turn::next) return done == Turn::stop;
    }
    return true;
  }
  if (sequence.is_string()) {
    const std::string_view text = sequence.as_string();
    std::int64_t i = 0;
    for (std::size_t at = 0; at < text.size(); ++i) {
      const std::size_t length = character_length(text[at]);
      const Turn done = turn(run, Value::string(text.substr(at, length)), i, out);
      if (done != Turn::next) return done == Turn::stop;
      at += length;
    }
    return true;
  }
  if (sequence.is_map()) {
    std::int64_t i = 0;
    for (const Map::Entry& entry : sequence.as_map()) {
      Map pair;
      pair.set("key", entry.name);
      pair.set("value", entry.value);
      const Turn done = turn(run, Value::map(std::move(pair)), i++, out);
      if (done != Turn::next) return done == Turn::stop;
    }
    return true;
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
  return arm.guard == nullptr || eval_condition(run, *arm.guard, out);
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
