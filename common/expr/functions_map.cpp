#include "common/expr/callback.hpp"
#include "common/expr/functions.hpp"
#include "common/expr/operators.hpp"
#include "common/expr/run.hpp"

/// Maps.
namespace r8r::expr {
namespace {

bool len(Call& call, Value& out) {
  out = Value::integer(static_cast<std::int64_t>(call.map_of(0).size()));
  return true;
}

bool is_empty(Call& call, Value& out) {
  out = Value::boolean(call.map_of(0).empty());
  return true;
}

bool get(Call& call, Value& out) {
  std::string_view key;
  if (!call.text(1, key) || !call.charge_text(key.size())) return false;
  const Value* found = call.map_of(0).find(key);
  if (found != nullptr) {
    out = Value(*found);
  } else {
    out = call.has(2) ? call.args[2] : Value();
  }
  return true;
}

bool contains_key(Call& call, Value& out) {
  std::string_view key;
  if (!call.text(1, key) || !call.charge_text(key.size())) return false;
  out = Value::boolean(call.map_of(0).contains(key));
  return true;
}

bool set(Call& call, Value&) {
  std::string_view key;
  if (!call.text(1, key) || !call.charge_text(key.size()) || !call.fits_elements(call.map_of(0).size() + 1))
    return false;
  call.args[0].mutable_map().set(call.args[1], call.args[2]);
  return true;
}

bool remove(Call& call, Value& out) {
  std::string_view key;
  if (!call.text(1, key) || !call.charge(call.map_of(0).size() / 4 + key.size() / 64)) return false;
  const Value* found = call.map_of(0).find(key);
  if (found == nullptr) return true;
  out = Value(*found);
  call.args[0].mutable_map().erase(key);
  return true;
}

bool clear(Call& call, Value&) {
  call.args[0] = Value::map({});
  return true;
}

bool keys(Call& call, Value& out) {
  const Map& map = call.map_of(0);
  if (!call.charge(map.size() / 4)) return false;
  std::vector<Value> names;
  names.reserve(map.size());
  for (const Map::Entry& entry : map) names.push_back(entry.name);
  return call.give(std::move(names), out);
}

bool values(Call& call, Value& out) {
  const Map& map = call.map_of(0);
  if (!call.charge(map.size() / 4)) return false;
  std::vector<Value> all;
  all.reserve(map.size());
  for (const Map::Entry& entry : map) all.push_back(entry.value);
  return call.give(std::move(all), out);
}

/// [#{key, value}, …]
bool entries(Call& call, Value& out) {
  const Map& map = call.map_of(0);
  if (!call.charge(map.size())) return false;
  const Value key_name = Value::string("key");
  const Value value_name = Value::string("value");
  std::vector<Value> all;
  all.reserve(map.size());
  for (const Map::Entry& entry : map) {
    Map pair;
    pair.reserve(2);
    pair.set(key_name, entry.name);
    pair.set(value_name, entry.value);
    all.push_back(Value::map(std::move(pair)));
  }
  return call.give(std::move(all), out);
}

/// [[key, value], …]
bool to_array(Call& call, Value& out) {
  const Map& map = call.map_of(0);
  if (!call.charge(map.size())) return false;
  std::vector<Value> all;
  all.reserve(map.size());
  for (const Map::Entry& entry : map) all.push_back(Value::array({entry.name, entry.value}));
  return call.give(std::move(all), out);
}

bool needs_map(Call& call) {
  return call.args[1].is_map() || call.wrong(1, "a map");
}

bool merged(Call& call, Value& out) {
  if (!needs_map(call)) return false;
  const std::size_t size = call.map_of(0).size() + call.map_of(1).size();
  if (!call.fits_elements(size) || !call.charge(size / 2)) return false;
  out = merge_maps(call.args[0], call.args[1]);
  return true;
}

bool mixin(Call& call, Value&) {
  if (!needs_map(call)) return false;
  if (!call.fits_elements(call.map_of(0).size() + call.map_of(1).size()) || !call.charge(call.map_of(1).size() / 2))
    return false;
  const Value other = call.args[1];
  Map& mine = call.args[0].mutable_map();
  for (const Map::Entry& entry : other.as_map()) mine.set(entry.name, entry.value);
  return true;
}

/// Adds the keys that are missing.
bool fill_with(Call& call, Value&) {
  if (!needs_map(call)) return false;
  if (!call.fits_elements(call.map_of(0).size() + call.map_of(1).size()) || !call.charge(call.map_of(1).size() / 2))
    return false;
  const Value other = call.args[1];
  Map& mine = call.args[0].mutable_map();
  for (const Map::Entry& entry : other.as_map()) {
    if (mine.find(entry.key(), entry.hash) == nullptr) mine.set(entry.name, entry.value);
  }
  return true;
}

bool merge_deeply(Call& call, Value& left, const Value& right) {
  if (!call.charge(1 + right.as_map().size() / 2) || !call.fits_elements(left.as_map().size() + right.as_map().size()))
    return false;
  Map& mine = left.mutable_map();
  for (const Map::Entry& entry : right.as_map()) {
    Value* existing = mine.find_mutable(entry.key());
    if (existing != nullptr && existing->is_map() && entry.value.is_map()) {
      if (!merge_deeply(call, *existing, entry.value)) return false;
    } else {
      mine.set(entry.name, entry.value);
    }
  }
  return true;
}

/// Maps within maps are merged too; anything else of the right wins.
bool deep_merge(Call& call, Value& out) {
  if (!needs_map(call) || !call.run.admit(call.args[0], call.offset) || !call.run.admit(call.args[1], call.offset))
    return false;
  Value result = call.args[0];
  if (!merge_deeply(call, result, call.args[1])) return false;
  out = std::move(result);
  return true;
}

/// The entries for which the closure (key, value) holds.
bool filter(Call& call, Value& out) {
  if (!call.closure(1)) return false;
  Callback callback(call, 1);
  Map kept;
  for (const Map::Entry& entry : call.map_of(0)) {
    Value answer;
    if (!callback.call_with(entry.name, entry.value, answer)) return false;
    if (!answer.is_bool())
      return call.fail("the closure given to 'filter' has to give true or false, not " +
                       std::string(answer.description()));
    if (answer.as_bool()) kept.set(entry.name, entry.value);
  }
  out = Value::map(std::move(kept));
  return true;
}

/// Each value replaced by what the closure (value, key) makes of it.
bool map_values(Call& call, Value& out) {
  if (!call.closure(1)) return false;
  Callback callback(call, 1);
  Map changed;
  changed.reserve(call.map_of(0).size());
  for (const Map::Entry& entry : call.map_of(0)) {
    Value value;
    if (!callback.call_with(entry.value, entry.name, value)) return false;
    changed.set(entry.name, std::move(value));
  }
  out = Value::map(std::move(changed));
  return true;
}

/// Takes out the entries for which the closure (key, value) gives `taken`, and gives them.
bool divide(Call& call, bool taken, Value& out) {
  if (!call.closure(1)) return false;
  const Value whole = call.args[0];
  Callback callback(call, 1);
  Map stay;
  Map go;
  for (const Map::Entry& entry : whole.as_map()) {
    Value answer;
    if (!callback.call_with(entry.name, entry.value, answer)) return false;
    if (!answer.is_bool())
      return call.fail(fmt::format("the closure given to '{}' has to give true or false", call.name));
    (answer.as_bool() == taken ? go : stay).set(entry.name, entry.value);
  }
  call.args[0] = Value::map(std::move(stay));
  out = Value::map(std::move(go));
  return true;
}
bool drain(Call& call, Value& out) {
  return divide(call, true, out);
}
bool retain(Call& call, Value& out) {
  return divide(call, false, out);
}

/// The keys named by an array of strings, or one by one.
bool named_keys(Call& call, Map& names) {
  for (int i = 1; i < call.count; ++i) {
    if (call.args[i].is_string()) {
      names.set(call.args[i], Value());
      continue;
    }
    if (!call.args[i].is_array()) return call.wrong(i, "keys");
    for (const Value& name : call.list_of(i)) {
      if (!name.is_string())
        return call.fail(fmt::format("'{}' needs strings as keys, not {}", call.name, name.description()));
      names.set(name, Value());
    }
  }
  return call.charge(names.size() + call.map_of(0).size() / 2);
}

bool select(Call& call, bool picked, Value& out) {
  Map names;
  if (!named_keys(call, names)) return false;
  Map kept;
  for (const Map::Entry& entry : call.map_of(0)) {
    if ((names.find(entry.key(), entry.hash) != nullptr) == picked) kept.set(entry.name, entry.value);
  }
  out = Value::map(std::move(kept));
  return true;
}
bool pick(Call& call, Value& out) {
  return select(call, true, out);
}
bool omit(Call& call, Value& out) {
  return select(call, false, out);
}

constexpr Function kFunctions[] = {
    {"len", kMap, 1, 1, len},
    {"length", kMap, 1, 1, len},
    {"is_empty", kMap, 1, 1, is_empty},
    {"get", kMap, 2, 3, get},
    {"contains", kMap, 2, 2, contains_key},
    {"set", kMap, 3, 3, set, Effect::updates},
    {"remove", kMap, 2, 2, remove, Effect::changes},
    {"clear", kMap, 1, 1, clear, Effect::updates},
    {"keys", kMap, 1, 1, keys},
    {"values", kMap, 1, 1, values},
    {"entries", kMap, 1, 1, entries},
    {"to_array", kMap, 1, 1, to_array},
    {"merge", kMap, 2, 2, merged},
    {"mixin", kMap, 2, 2, mixin, Effect::updates},
    {"fill_with", kMap, 2, 2, fill_with, Effect::updates},
    {"deep_merge", kMap, 2, 2, deep_merge},
    {"filter", kMap, 2, 2, filter},
    {"map_values", kMap, 2, 2, map_values},
    {"drain", kMap, 2, 2, drain, Effect::changes},
    {"retain", kMap, 2, 2, retain, Effect::changes},
    {"pick", kMap, 2, 32, pick},
    {"omit", kMap, 2, 32, omit},
};

}  // namespace

std::span<const Function> map_functions() {
  return kFunctions;
}

}  // namespace r8r::expr
