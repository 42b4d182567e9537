#include "common/expr/code_access.hpp"

#include "common/expr/operators.hpp"
#include "common/expr/text.hpp"

namespace r8r::expr {
namespace {

const Value kNullValue;

std::string source_text(Run& run, std::uint32_t start, std::uint32_t end) {
  const std::string& source = *run.program().source;
  if (end <= start || end > source.size()) return "the value";
  const std::string_view text = trim(std::string_view(source).substr(start, end - start));
  if (text.size() > 60 || text.find('\n') != std::string_view::npos) return "the value";
  return "'" + std::string(text) + "'";
}

/// The part of a string or array that a range names; clamped to what is there.
Value slice(const Value& object, std::int64_t start, std::int64_t length) {
  const auto size = static_cast<std::int64_t>(object.is_string() ? object.character_count() : object.as_array().size());
  if (start < 0) start = std::max<std::int64_t>(0, size + start);
  start = std::min(start, size);
  length = std::clamp<std::int64_t>(length, 0, size - start);
  if (object.is_array()) {
    const auto begin = object.as_array().begin() + start;
    return Value::array(std::vector<Value>(begin, begin + length));
  }
  const std::string_view text = object.as_string();
  const std::size_t from = byte_offset(text, static_cast<std::size_t>(start));
  return Value::string(text.substr(from, byte_offset(text.substr(from), static_cast<std::size_t>(length))));
}

}  // namespace

bool element_position(std::int64_t index, std::size_t size, std::size_t& position) {
  const auto count = static_cast<std::int64_t>(size);
  if (index < 0) index = index < -count ? -1 : index + count;
  if (index < 0 || index >= count) return false;
  position = static_cast<std::size_t>(index);
  return true;
}

bool as_span(const Value& value, std::int64_t& start, std::int64_t& length) {
  if (!value.is_array()) return false;
  const auto& elements = value.as_array();
  start = 0;
  length = static_cast<std::int64_t>(elements.size());
  if (elements.empty()) return true;
  if (!elements.front().is_int() || !elements.back().is_int()) return false;
  start = elements.front().as_int();
  return elements.back().as_int() - start == length - 1;
}

Path::Path(std::uint32_t at, std::uint32_t start, const Code* root, std::vector<Step> steps, bool lenient)
    : Code(at),
      start_(start),
      root_(root),
      steps_(std::move(steps)),
      lenient_(lenient),
      inert_(root->inert()),
      cost_(static_cast<std::int64_t>(1 + steps_.size() / 4)) {
  for (const Step& step : steps_) inert_ = inert_ && (step.index == nullptr || step.index->inert());
}

bool Path::eval(Run& run, Value& out) const {
  Value spare;
  const Value* value = peek(run, spare);
  if (value == nullptr) return false;
  out = Value(*value);
  return true;
}

std::string Path::text_before(Run& run, const Step& step) const {
  return source_text(run, start_, step.prefix_end);
}

/// A step that leads nowhere. `stop`: the whole path is null.
const Value* Path::missing(Run& run, const Step& step, const Value& object, bool& stop) const {
  if (lenient_ || (object.is_null() && step.optional)) {
    stop = true;
    return &kNullValue;
  }
  const std::string name = step.kind == Step::Kind::index ? "an index" : "'" + std::string(step.key.as_string()) + "'";
  if (object.is_null()) {
    run.fail(step.offset, "cannot read " + name + ": " + text_before(run, step) + " is null");
  } else {
    run.fail(step.offset,
             "cannot read " + name + ": " + text_before(run, step) + " is " + std::string(object.description()));
  }
  return nullptr;
}

const Value* Path::at_index(Run& run, const Step& step, const Value* object, Value& spare, bool& stop) const {
  Value index_spare;
  if (!step.index->inert()) {
    // The index may run code that changes what `object` points into.
    Value held = *object;
    spare = std::move(held);
    object = &spare;
  }
  const Value* index = step.index->peek(run, index_spare);
  if (index == nullptr) return nullptr;
  if (object->is_map()) {
    if (!index->is_string()) {
      if (lenient_) return &kNullValue;
      run.fail(step.offset, "a map is indexed by strings, not by " + std::string(index->description()));
      return nullptr;
    }
    if (!run.charge_text(index->as_string().size(), step.offset)) return nullptr;
    if (step.kind == Step::Kind::node) {
      const Value* output = find_node(object->as_map(), index->as_string());
      return output != nullptr ? output : &kNullValue;
    }
    const Value* found = object->as_map().find(index->as_string(), Map::hash_of(*index));
    return found != nullptr ? found : &kNullValue;
  }
  if (!object->is_array() && !object->is_string()) return missing(run, step, *object, stop);
  std::int64_t start = 0;
  std::int64_t length = 0;
  if (as_span(*index, start, length)) {
    // Finding characters means going through the text.
    const std::size_t work = object->is_string() ? object->as_string().size() / 64 : 0;
    if (!run.charge(static_cast<std::int64_t>(work), step.offset)) return nullptr;
    Value part = slice(*object, start, length);
    if (!run.charge(part.is_array() ? static_cast<std::int64_t>(part.as_array().size() / 4) : 0, step.offset))
      return nullptr;
    spare = std::move(part);
    return &spare;
  }
  if (!index->is_int()) {
    if (lenient_) return &kNullValue;
    run.fail(step.offset, std::string(object->description()) + " is indexed by integers, not by " +
                              std::string(index->description()));
    return nullptr;
  }
  const std::size_t size = object->is_array() ? object->as_array().size() : object->character_count();
  std::size_t position = 0;
  if (!element_position(index->as_int(), size, position)) {
    if (lenient_) return &kNullValue;
    run.fail(step.offset, fmt::format("index {} is out of range: {} has {} {}", index->as_int(), text_before(run, step),
                                      size, object->is_array() ? "elements" : "characters"));
    return nullptr;
  }
  if (object->is_array()) return &object->as_array()[position];
  const std::string_view text = object->as_string();
  const std::size_t from = size == text.size() ? position : byte_offset(text, position);
  if (!run.charge(static_cast<std::int64_t>(from / 64), step.offset)) return nullptr;
  Value character = Value::string(character_at(text, from));
  spare = std::move(character);
  return &spare;
}

const Value* Path::peek(Run& run, Value& spare) const {
  if (!run.charge(cost_, offset)) return nullptr;
  const Value* at = root_.peek(run, spare);
  bool stop = false;
  for (const Step& step : steps_) {
    if (at == nullptr || stop) break;
    if (step.kind == Step::Kind::property && at->is_map()) {
      const Value* found = at->as_map().find(step.key, step.hash, step.position);
      at = found != nullptr ? found : &kNullValue;
      continue;
    }
    if (step.kind == Step::Kind::output) {
      if (!at->is_map()) continue;
      const Value* own = at->as_map().find(step.key.as_string(), step.hash);
      if (own != nullptr) at = own;
      continue;
    }
    if (step.index != nullptr) {
      // Behind ?[ and in lenient paths nothing is evaluated once the object is null.
      at = at->is_null() && (step.optional || lenient_) ? missing(run, step, *at, stop)
                                                        : at_index(run, step, at, spare, stop);
      continue;
    }
    const Function* getter = step.getter != nullptr && !at->is_null() ? step.getter->find(at->kind(), 1) : nullptr;
    if (getter == nullptr) {
      at = missing(run, step, *at, stop);
      continue;
    }
    Value object = *at;
    Value result;
    Call call{run, &object, 1, getter->name, step.offset};
    if (!getter->run(call, result)) return nullptr;
    spare = std::move(result);
    at = &spare;
  }
  return at;
}

int Place::index_count() const {
  return static_cast<int>(
      std::count_if(steps_.begin(), steps_.end(), [](const Step& step) { return step.index != nullptr; }));
}

bool Place::eval_indexes(Run& run, Value* indexes) const {
  for (const Step& step : steps_) {
    if (step.index != nullptr && !step.index->eval(run, *indexes++)) return false;
  }
  return true;
}

std::string Place::text_before(Run& run, const Step& step) const {
  return source_text(run, start_, step.prefix_end);
}

const Value* Place::read(Run& run, const Value* indexes, Value& spare, std::size_t count) const {
  const Value* at = root(run);
  for (std::size_t i = 0; i < count; ++i) {
    const Step& step = steps_[i];
    const Value key = step.index != nullptr ? *indexes++ : step.key;
    if (at->is_map() && key.is_string()) {
      const Value* found = at->as_map().find(key.as_string());
      at = found != nullptr ? found : &kNullValue;
      continue;
    }
    std::size_t position = 0;
    if (at->is_array() && key.is_int()) {
      if (!element_position(key.as_int(), at->as_array().size(), position)) {
        run.fail(step.offset, fmt::format("index {} is out of range: {} has {} elements", key.as_int(),
                                          text_before(run, step), at->as_array().size()));
        return nullptr;
      }
      at = &at->as_array()[position];
      continue;
    }
    if (at->is_string() && key.is_int() && element_position(key.as_int(), at->character_count(), position)) {
      const std::string_view text = at->as_string();
      const std::size_t from = byte_offset(text, position);
      if (!run.charge_text(from, step.offset)) return nullptr;
      Value character = Value::string(character_at(text, from));
      spare = std::move(character);
      at = &spare;
      continue;
    }
    run.fail(step.offset, "cannot reach into " + text_before(run, step) + ": it is " + std::string(at->description()));
    return nullptr;
  }
  return at;
}

Value* Place::locate(Run& run, Value* at, const Value* indexes, bool create, std::size_t count) const {
  for (std::size_t i = 0; i < count; ++i) {
    const Step& step = steps_[i];
    const Value key = step.index != nullptr ? *indexes++ : step.key;
    if (!run.charge_copy(*at, step.offset)) return nullptr;
    if (at->is_map() && key.is_string()) {
      if (!run.charge_text(key.as_string().size(), step.offset)) return nullptr;
      Map& entries = at->mutable_map();
      Value* found = entries.find_mutable(key.as_string());
      if (found == nullptr) {
        if (!create || i + 1 < count) {
          run.fail(step.offset,
                   fmt::format("cannot reach '{}': {} has no such key", key.as_string(), text_before(run, step)));
          return nullptr;
        }
        if (!run.fits_elements(entries.size() + 1, step.offset)) return nullptr;
        entries.set(key, Value());
        found = entries.find_mutable(key.as_string());
      }
      at = found;
      continue;
    }
    if (at->is_array() && key.is_int()) {
      std::size_t position = 0;
      if (!element_position(key.as_int(), at->as_array().size(), position)) {
        run.fail(step.offset, fmt::format("index {} is out of range: {} has {} elements", key.as_int(),
                                          text_before(run, step), at->as_array().size()));
        return nullptr;
      }
      at = &at->mutable_array()[position];
      continue;
    }
    run.fail(step.offset,
             fmt::format("cannot set {} of {}: it is {}",
                         key.is_string() ? "'" + std::string(key.as_string()) + "'" : std::string("an element"),
                         text_before(run, step), at->description()));
    return nullptr;
  }
  return at;
}

bool combine(Run& run, Operator op, Value& target, const Value& value, std::uint32_t offset) {
  if (op == Operator::add && target.is_string() && !value.is_closure()) {
    if (!value.is_string()) {
      Value joined;
      if (!apply_operator(run, op, target, value, offset, joined)) return false;
      target = std::move(joined);
      return true;
    }
    const std::size_t added = value.as_string().size();
    if (target.as_string().size() + added > run.context().limits.bytes)
      return run.fits_text(target.as_string().size() + added, offset);
    // Appending in place costs what is added; copying shared text costs all of it.
    const std::size_t work = target.is_shared() ? target.as_string().size() + added : added;
    if (!run.charge(static_cast<std::int64_t>(work / 64), offset)) return false;
    const Value more = value;
    target.append_text(more.as_string());
    return true;
  }
  if (op == Operator::add && target.is_array()) {
    // As in Rhai: an array is appended, anything else is one more element.
    const std::size_t added = value.is_array() ? value.as_array().size() : 1;
    const std::size_t size = target.as_array().size() + added;
    const std::size_t work = target.is_shared() ? size : added;
    if (!run.fits_elements(size, offset) || !run.charge(static_cast<std::int64_t>(work / 4), offset)) return false;
    const Value more = value;
    std::vector<Value>& elements = target.mutable_array();
    if (more.is_array()) {
      elements.insert(elements.end(), more.as_array().begin(), more.as_array().end());
    } else {
      elements.push_back(more);
    }
    return true;
  }
  Value result;
  if (!apply_operator(run, op, target, value, offset, result)) return false;
  target = std::move(result);
  return true;
}

bool AssignLocal::eval(Run& run, Value& out) const {
  if (!run.charge(cost_, offset)) return false;
  Value spare;
  if (op_ == Operator::none) {
    // Made aside: the variable keeps its value while the new one is computed from it.
    if (!value_.code().eval(run, spare)) return false;
    run.locals[slot_] = std::move(spare);
    out = Value();
    return true;
  }
  const Value* value = value_.peek(run, spare);
  if (value == nullptr) return false;
  out = Value();
  Value& target = run.locals[slot_];
  std::int64_t sum = 0;
  if (op_ == Operator::add && target.is_int() && value->is_int() &&
      !__builtin_add_overflow(target.as_int(), value->as_int(), &sum)) {
    target = Value::integer(sum);
    return true;
  }
  if (op_ == Operator::add && target.is_float() && value->is_number()) {
    target = Value::number(target.as_float() + value->as_number());
    run.note_float(target.as_float());
    return true;
  }
  return combine(run, op_, target, *value, offset);
}

/// text[i] = "c".
bool Assign::set_character(Run& run, const Value* indexes, const Value& value) const {
  Value* target = place_.locate(run, place_.root(run), indexes, false, place_.steps().size() - 1);
  if (target == nullptr) return false;
  const Value& index = indexes[place_.index_count() - 1];
  const std::string_view text = target->as_string();
  std::size_t position = 0;
  if (!index.is_int() || !element_position(index.as_int(), target->character_count(), position)) {
    return run.fail(offset, "this index is not a position in the string");
  }
  if (!value.is_string() || value.character_count() != 1)
    return run.fail(offset, "only a one-character string can replace a character");
  if (!run.charge(static_cast<std::int64_t>(text.size() / 64), offset)) return false;
  const std::size_t from = byte_offset(text, position);
  std::string changed(text.substr(0, from));
  changed.append(value.as_string());
  changed.append(text.substr(from + character_at(text, from).size()));
  *target = Value::string(changed);
  return true;
}

bool Assign::eval(Run& run, Value& out) const {
  if (!run.charge(1, offset)) return false;
  const Slots indexes(run, place_.index_count());
  if (!place_.eval_indexes(run, indexes.begin())) return false;
  if (mode_ == Mode::if_null) {
    Value spare;
    const Value* current = place_.read(run, indexes.begin(), spare, place_.steps().size());
    if (current == nullptr) return false;
    if (!current->is_null()) {
      out = Value();
      return true;
    }
  }
  Value value;
  if (!value_->eval(run, value)) return false;
  out = Value();
  const std::size_t steps = place_.steps().size();
  if (mode_ == Mode::plain && steps > 0 && place_.steps().back().index != nullptr) {
    Value spare;
    const Value* container = place_.read(run, indexes.begin(), spare, steps - 1);
    if (container == nullptr) return false;
    if (container->is_string()) return set_character(run, indexes.begin(), value);
  }
  Value* target = place_.locate(run, place_.root(run), indexes.begin(), true, steps);
  if (target == nullptr) return false;
  if (mode_ == Mode::compound) return combine(run, op_, *target, value, offset);
  *target = std::move(value);
  return true;
}

}  // namespace r8r::expr
