#include <unordered_map>

#include "common/expr/callback.hpp"
#include "common/expr/code_access.hpp"
#include "common/expr/functions.hpp"
#include "common/expr/json.hpp"
#include "common/expr/operators.hpp"

/// Arrays: looking at them and making new ones.
namespace r8r::expr {
namespace {

bool len(Call& call, Value& out) {
  out = Value::integer(static_cast<std::int64_t>(call.list_of(0).size()));
  return true;
}

bool is_empty(Call& call, Value& out) {
  out = Value::boolean(call.list_of(0).empty());
  return true;
}

bool contains_element(Call& call, Value& out) {
  bool found = false;
  if (!contains(call.run, call.args[1], call.args[0], call.offset, found)) return false;
  out = Value::boolean(found);
  return true;
}

/// Position of a value, or of the first element for which a closure holds, at or behind `from`; -1 when there is none.
bool index_of(Call& call, Value& out) {
  const auto& elements = call.list_of(0);
  std::int64_t from = 0;
  if (call.has(2) && !call.integer(2, from)) return false;
  if (from < 0) from = std::max<std::int64_t>(0, static_cast<std::int64_t>(elements.size()) + from);
  if (!call.charge(elements.size() / 4)) return false;
  out = Value::integer(-1);
  Callback callback(call, 1);
  for (auto i = static_cast<std::size_t>(from); i < elements.size(); ++i) {
    bool found = false;
    if (call.args[1].is_closure()) {
      if (!callback.test(elements[i], i, found)) return false;
    } else if (!equals(call.run, elements[i], call.args[1], call.offset, found)) {
      return false;
    }
    if (!found) continue;
    out = Value::integer(static_cast<std::int64_t>(i));
    break;
  }
  return true;
}

bool give_part(Call& call, std::int64_t start, std::int64_t length, Value& out) {
  const auto& elements = call.list_of(0);
  const auto size = static_cast<std::int64_t>(elements.size());
  if (start < 0) start = std::max<std::int64_t>(0, size + start);
  start = std::min(start, size);
  length = std::clamp<std::int64_t>(length, 0, size - start);
  if (!call.charge(static_cast<std::size_t>(length) / 4)) return false;
  return call.give(std::vector<Value>(elements.begin() + start, elements.begin() + start + length), out);
}

/// extract(start[, length]) or extract(range).
bool extract(Call& call, Value& out) {
  std::int64_t start = 0;
  auto length = static_cast<std::int64_t>(call.list_of(0).size());
  if (!call.has(2) && as_span(call.args[1], start, length)) return give_part(call, start, length, out);
  if (!call.integer(1, start) || (call.has(2) && !call.integer(2, length))) return false;
  return give_part(call, start, length, out);
}

bool take(Call& call, Value& out) {
  std::int64_t count = 0;
  return call.integer(1, count) && give_part(call, 0, count, out);
}

bool skip(Call& call, Value& out) {
  std::int64_t count = 0;
  return call.integer(1, count) &&
         give_part(call, std::max<std::int64_t>(0, count), static_cast<std::int64_t>(call.list_of(0).size()), out);
}

bool first(Call& call, Value& out) {
  if (call.has(1)) return take(call, out);
  out = call.list_of(0).empty() ? Value() : Value(call.list_of(0).front());
  return true;
}

bool last(Call& call, Value& out) {
  const auto& elements = call.list_of(0);
  if (!call.has(1)) {
    out = elements.empty() ? Value() : Value(elements.back());
    return true;
  }
  std::int64_t count = 0;
  if (!call.integer(1, count)) return false;
  const auto size = static_cast<std::int64_t>(elements.size());
  count = std::clamp<std::int64_t>(count, 0, size);
  return give_part(call, size - count, count, out);
}

/// An element, or null (or the given value) where there is none.
bool get(Call& call, Value& out) {
  std::int64_t index = 0;
  if (!call.integer(1, index)) return false;
  std::size_t position = 0;
  if (element_position(index, call.list_of(0).size(), position)) {
    out = Value(call.list_of(0)[position]);
  } else {
    out = call.has(2) ? call.args[2] : Value();
  }
  return true;
}

bool join(Call& call, Value& out) {
  std::string_view separator;
  if (call.has(1) && !call.text(1, separator)) return false;
  if (!call.run.admit(call.args[0], call.offset)) return false;
  std::string text;
  bool is_first = true;
  for (const Value& element : call.list_of(0)) {
    if (!is_first) text.append(separator);
    is_first = false;
    append_rendered(text, element);
    if (text.size() > call.run.context().limits.bytes) break;
  }
  return call.charge(call.list_of(0).size() / 4) && call.give(text, out);
}

bool flatten_into(Call& call, const Value& value, std::int64_t levels, std::vector<Value>& flat) {
  for (const Value& element : value.as_array()) {
    if (element.is_array() && levels > 0) {
      if (!flatten_into(call, element, levels - 1, flat)) return false;
      continue;
    }
    flat.push_back(element);
    if (!call.fits_elements(flat.size())) return false;
  }
  return call.charge(1 + value.as_array().size() / 4);
}

bool flatten(Call& call, Value& out) {
  std::int64_t levels = 1;
  if (call.has(1) && !call.integer(1, levels)) return false;
  std::vector<Value> flat;
  return call.run.admit(call.args[0], call.offset) && flatten_into(call, call.args[0], levels, flat) &&
         call.give(std::move(flat), out);
}

bool chunk(Call& call, Value& out) {
  std::int64_t size = 0;
  if (!call.integer(1, size)) return false;
  if (size < 1) return call.fail("'chunk' needs a size of at least 1");
  const auto& elements = call.list_of(0);
  std::vector<Value> chunks;
  const std::size_t step =
      static_cast<std::size_t>(std::min<std::int64_t>(size, static_cast<std::int64_t>(elements.size()) + 1));
  if (!call.charge(elements.size() / 4 + elements.size() / step)) return false;
  for (std::size_t at = 0; at < elements.size(); at += step) {
    const std::size_t end = std::min(elements.size(), at + step);
    chunks.push_back(Value::array(std::vector<Value>(elements.begin() + static_cast<std::ptrdiff_t>(at),
                                                     elements.begin() + static_cast<std::ptrdiff_t>(end))));
  }
  return call.give(std::move(chunks), out);
}

bool unique(Call& call, Value& out) {
  const auto& elements = call.list_of(0);
  if (!call.run.admit(call.args[0], call.offset) || !call.charge(elements.size())) return false;
  std::unordered_multimap<std::uint64_t, Value> seen;
  std::vector<Value> kept;
  Callback callback(call, 1);
  for (std::size_t i = 0; i < elements.size(); ++i) {
    Value key;
    if (!callback.key_of(elements[i], i, key) || !call.run.admit(key, call.offset)) return false;
    if (key.on_heap() && !key.is_string() && !call.charge(key.measure().weight / 64)) return false;
    const std::uint64_t hash = key.hash();
    // Values whose hashes agree cost a comparison each.
    bool known = false;
    for (auto [at, end] = seen.equal_range(hash); at != end && !known; ++at) {
      if (!call.charge(1) || !equals(call.run, at->second, key, call.offset, known)) return false;
    }
    if (known) continue;
    seen.emplace(hash, std::move(key));
    kept.push_back(elements[i]);
  }
  return call.give(std::move(kept), out);
}

bool zip(Call& call, Value& out) {
  if (!call.list(1) || (call.has(2) && !call.closure(2))) return false;
  const auto& left = call.list_of(0);
  const auto& right = call.list_of(1);
  const std::size_t size = std::min(left.size(), right.size());
  if (!call.charge(size)) return false;
  std::vector<Value> pairs;
  pairs.reserve(size);
  for (std::size_t i = 0; i < size; ++i) {
    if (!call.has(2)) {
      pairs.push_back(Value::array({left[i], right[i]}));
      continue;
    }
    Value arguments[3] = {left[i], right[i], Value::integer(static_cast<std::int64_t>(i))};
    Value result;
    if (!call.run.call(call.args[2], arguments, 3, true, call.offset, result)) return false;
    pairs.push_back(std::move(result));
  }
  return call.give(std::move(pairs), out);
}

/// The key and value of [key, value] or #{key: …, value: …}.
bool read_entry(Call& call, const Value& entry, const Value*& key, const Value*& value) {
  key = value = nullptr;
  if (entry.is_array() && entry.as_array().size() == 2) {
    key = &entry.as_array()[0];
    value = &entry.as_array()[1];
  } else if (entry.is_map()) {
    key = entry.as_map().find("key");
    value = entry.as_map().find("value");
  }
  return key != nullptr || call.fail(fmt::format("'{}' needs entries: [key, value] or #{{key, value}}", call.name));
}

bool keys(Call& call, Value& out) {
  std::vector<Value> names;
  for (const Value& entry : call.list_of(0)) {
    const Value* key = nullptr;
    const Value* value = nullptr;
    if (!read_entry(call, entry, key, value)) return false;
    names.push_back(*key);
  }
  return call.charge(names.size()) && call.give(std::move(names), out);
}

bool to_map(Call& call, Value& out) {
  Map entries;
  if (!call.charge(call.list_of(0).size())) return false;
  for (const Value& entry : call.list_of(0)) {
    const Value* key = nullptr;
    const Value* value = nullptr;
    if (!read_entry(call, entry, key, value)) return false;
    std::string name;
    if (!call.run.admit(*key, call.offset)) return false;
    append_rendered(name, *key);
    if (!call.fits_bytes(name.size())) return false;
    entries.set(name, value != nullptr ? *value : Value());
  }
  out = Value::map(std::move(entries));
  return true;
}

bool itself(Call& call, Value& out) {
  out = call.args[0];
  return true;
}

constexpr Function kFunctions[] = {
    {"len", kArray, 1, 1, len},           {"length", kArray, 1, 1, len},
    {"is_empty", kArray, 1, 1, is_empty}, {"contains", kArray, 2, 2, contains_element},
    {"index_of", kArray, 2, 3, index_of}, {"extract", kArray, 2, 3, extract},
    {"slice", kArray, 2, 3, extract},     {"take", kArray, 2, 2, take},
    {"skip", kArray, 2, 2, skip},         {"first", kArray, 1, 2, first},
    {"last", kArray, 1, 2, last},         {"get", kArray, 2, 3, get},
    {"join", kArray, 1, 2, join},         {"flatten", kArray, 1, 2, flatten},
    {"chunk", kArray, 2, 2, chunk},       {"unique", kArray, 1, 2, unique},
    {"zip", kArray, 2, 3, zip},           {"keys", kArray, 1, 1, keys},
    {"to_map", kArray, 1, 1, to_map},     {"from_entries", kArray, 1, 1, to_map},
    {"to_array", kArray, 1, 1, itself},
};

}  // namespace

std::span<const Function> array_functions() {
  return kFunctions;
}

}  // namespace r8r::expr
