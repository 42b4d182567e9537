#include "common/expr/callback.hpp"
#include "common/expr/code_access.hpp"
#include "common/expr/functions.hpp"
#include "common/expr/operators.hpp"
#include "common/expr/run.hpp"

/// Arrays: functions that change the variable they are called on.
namespace r8r::expr {
namespace {

std::vector<Value>& elements_of(Call& call) {
  return call.args[0].mutable_array();
}
std::int64_t size_of(Call& call) {
  return static_cast<std::int64_t>(call.list_of(0).size());
}

bool push(Call& call, Value&) {
  if (!call.fits_elements(call.list_of(0).size() + 1)) return false;
  elements_of(call).push_back(call.args[1]);
  return true;
}

bool pop(Call& call, Value& out) {
  if (call.list_of(0).empty()) return true;
  std::vector<Value>& elements = elements_of(call);
  out = std::move(elements.back());
  elements.pop_back();
  return true;
}

bool shift(Call& call, Value& out) {
  if (call.list_of(0).empty()) return true;
  if (!call.charge(call.list_of(0).size() / 16)) return false;
  std::vector<Value>& elements = elements_of(call);
  out = std::move(elements.front());
  elements.erase(elements.begin());
  return true;
}

bool insert(Call& call, Value&) {
  std::int64_t index = 0;
  if (!call.integer(1, index) || !call.fits_elements(call.list_of(0).size() + 1) ||
      !call.charge(call.list_of(0).size() / 16))
    return false;
  const std::int64_t size = size_of(call);
  if (index < 0) index = std::max<std::int64_t>(0, size + index);
  index = std::min(index, size);
  std::vector<Value>& elements = elements_of(call);
  elements.insert(elements.begin() + index, call.args[2]);
  return true;
}

bool append(Call& call, Value&) {
  if (!call.list(1)) return false;
  const std::size_t added = call.list_of(1).size();
  if (!call.fits_elements(call.list_of(0).size() + added) || !call.charge(added / 4)) return false;
  const Value more = call.args[1];
  std::vector<Value>& elements = elements_of(call);
  elements.insert(elements.end(), more.as_array().begin(), more.as_array().end());
  return true;
}

/// The part that arguments 1 (and 2) name: a range, or start and length; within the array.
bool part(Call& call, bool has_length, std::int64_t& start, std::int64_t& length) {
  const std::int64_t size = size_of(call);
  length = size;
  if (!has_length && as_span(call.args[1], start, length)) {
  } else if (!call.integer(1, start) || (has_length && !call.integer(2, length))) {
    return false;
  }
  if (start < 0) start = std::max<std::int64_t>(0, size + start);
  start = std::min(start, size);
  length = std::clamp<std::int64_t>(length, 0, size - start);
  return true;
}

/// splice(start, length, array) or splice(range, array).
bool splice(Call& call, Value&) {
  std::int64_t start = 0;
  std::int64_t length = 0;
  const bool has_length = call.count == 4;
  const int source = has_length ? 3 : 2;
  if (!part(call, has_length, start, length) || !call.list(source)) return false;
  const Value more = call.args[source];
  const std::size_t size = call.list_of(0).size() + more.as_array().size();
  if (!call.fits_elements(size) || !call.charge(size / 4)) return false;
  std::vector<Value>& elements = elements_of(call);
  elements.erase(elements.begin() + start, elements.begin() + start + length);
  elements.insert(elements.begin() + start, more.as_array().begin(), more.as_array().end());
  return true;
}

/// Keeps the last `n` elements.
bool chop(Call& call, Value&) {
  std::int64_t count = 0;
  if (!call.integer(1, count)) return false;
  const std::int64_t size = size_of(call);
  count = std::clamp<std::int64_t>(count, 0, size);
  std::vector<Value>& elements = elements_of(call);
  elements.erase(elements.begin(), elements.begin() + (size - count));
  return call.charge(static_cast<std::size_t>(size) / 16);
}

/// Keeps the first `n` elements.
bool truncate(Call& call, Value&) {
  std::int64_t count = 0;
  if (!call.integer(1, count)) return false;
  count = std::clamp<std::int64_t>(count, 0, size_of(call));
  elements_of(call).resize(static_cast<std::size_t>(count));
  return true;
}

bool clear(Call& call, Value&) {
  call.args[0] = Value::array({});
  return true;
}

bool remove(Call& call, Value& out) {
  std::int64_t index = 0;
  std::size_t position = 0;
  if (!call.integer(1, index)) return false;
  if (!element_position(index, call.list_of(0).size(), position)) return true;
  if (!call.charge(call.list_of(0).size() / 16)) return false;
  std::vector<Value>& elements = elements_of(call);
  out = std::move(elements[position]);
  elements.erase(elements.begin() + static_cast<std::ptrdiff_t>(position));
  return true;
}

bool set(Call& call, Value&) {
  std::int64_t index = 0;
  std::size_t position = 0;
  if (!call.integer(1, index)) return false;
  if (!element_position(index, call.list_of(0).size(), position)) {
    return call.fail(
        fmt::format("'set': index {} is out of range: the array has {} elements", index, call.list_of(0).size()));
  }
  elements_of(call)[position] = call.args[2];
  return true;
}

bool reverse(Call& call, Value&) {
  if (!call.charge(call.list_of(0).size() / 8)) return false;
  std::vector<Value>& elements = elements_of(call);
  std::reverse(elements.begin(), elements.end());
  return true;
}

/// Leaves one of each run of equal neighbours; a closure of two elements may say what equal means.
bool dedup(Call& call, Value&) {
  if (call.has(1) && !call.closure(1)) return false;
  if (!call.charge(call.list_of(0).size())) return false;
  const std::vector<Value> before = call.list_of(0);
  std::vector<Value> kept;
  for (const Value& element : before) {
    bool same = false;
    if (!kept.empty() && !call.has(1) && !equals(call.run, kept.back(), element, call.offset, same)) return false;
    if (!kept.empty() && call.has(1)) {
      Value arguments[2] = {kept.back(), element};
      Value answer;
      if (!call.run.call(call.args[1], arguments, 2, true, call.offset, answer)) return false;
      if (!answer.is_bool()) return call.fail("the closure given to 'dedup' has to give true or false");
      same = answer.as_bool();
    }
    if (!same) kept.push_back(element);
  }
  call.args[0] = Value::array(std::move(kept));
  return true;
}

/// Divides the elements by a closure; the receiver keeps those where it gives `kept`.
bool divide(Call& call, bool kept, Value& out) {
  const Value whole = call.args[0];
  std::vector<Value> stay;
  std::vector<Value> go;
  Callback callback(call, 1);
  for (std::size_t i = 0; i < whole.as_array().size(); ++i) {
    bool holds = false;
    if (!callback.test(whole.as_array()[i], i, holds)) return false;
    (holds == kept ? stay : go).push_back(whole.as_array()[i]);
  }
  call.args[0] = Value::array(std::move(stay));
  out = Value::array(std::move(go));
  return true;
}

/// Takes out the elements for which a closure holds, or a part, and gives them.
bool drain(Call& call, Value& out) {
  if (call.args[1].is_closure() && !call.has(2)) return divide(call, false, out);
  std::int64_t start = 0;
  std::int64_t length = 0;
  if (!part(call, call.has(2), start, length) || !call.charge(call.list_of(0).size() / 8)) return false;
  std::vector<Value>& elements = elements_of(call);
  const auto begin = elements.begin() + start;
  out = Value::array(std::vector<Value>(begin, begin + length));
  elements.erase(begin, begin + length);
  return true;
}

/// Keeps the elements for which a closure holds, or a part, and gives the others.
bool retain(Call& call, Value& out) {
  if (call.args[1].is_closure() && !call.has(2)) return divide(call, true, out);
  std::int64_t start = 0;
  std::int64_t length = 0;
  if (!part(call, call.has(2), start, length) || !call.charge(call.list_of(0).size() / 4)) return false;
  const Value whole = call.args[0];
  const auto& all = whole.as_array();
  const auto begin = all.begin() + start;
  std::vector<Value> others(all.begin(), begin);
  others.insert(others.end(), begin + length, all.end());
  call.args[0] = Value::array(std::vector<Value>(begin, begin + length));
  out = Value::array(std::move(others));
  return true;
}

/// Cuts at a position, or before the first element for which a closure holds, and gives the rest.
bool split(Call& call, Value& out) {
  std::int64_t position = size_of(call);
  if (call.args[1].is_closure()) {
    const Value whole = call.args[0];
    Callback callback(call, 1);
    for (std::size_t i = 0; i < whole.as_array().size(); ++i) {
      bool holds = false;
      if (!callback.test(whole.as_array()[i], i, holds)) return false;
      if (!holds) continue;
      position = static_cast<std::int64_t>(i);
      break;
    }
  } else if (!call.integer(1, position)) {
    return false;
  }
  const std::int64_t size = size_of(call);
  if (position < 0) position = std::max<std::int64_t>(0, size + position);
  position = std::min(position, size);
  std::vector<Value>& elements = elements_of(call);
  out = Value::array(std::vector<Value>(elements.begin() + position, elements.end()));
  elements.resize(static_cast<std::size_t>(position));
  return call.charge(static_cast<std::size_t>(size - position) / 4);
}

constexpr Function kFunctions[] = {
    {"push", kArray, 2, 2, push, Effect::updates},          {"pop", kArray, 1, 1, pop, Effect::changes},
    {"shift", kArray, 1, 1, shift, Effect::changes},        {"insert", kArray, 3, 3, insert, Effect::updates},
    {"append", kArray, 2, 2, append, Effect::updates},      {"extend", kArray, 2, 2, append, Effect::updates},
    {"splice", kArray, 3, 4, splice, Effect::updates},      {"chop", kArray, 2, 2, chop, Effect::updates},
    {"truncate", kArray, 2, 2, truncate, Effect::updates},  {"clear", kArray, 1, 1, clear, Effect::updates},
    {"remove", kArray, 2, 2, remove, Effect::changes},      {"set", kArray, 3, 3, set, Effect::updates},
    {"reverse", kArray, 1, 1, reverse, Effect::transforms}, {"dedup", kArray, 1, 2, dedup, Effect::transforms},
    {"drain", kArray, 2, 3, drain, Effect::changes},        {"retain", kArray, 2, 3, retain, Effect::changes},
    {"split", kArray, 2, 2, split, Effect::changes},
};

}  // namespace

std::span<const Function> array_edit_functions() {
  return kFunctions;
}

}  // namespace r8r::expr
