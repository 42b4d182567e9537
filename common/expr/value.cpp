#include "common/expr/value.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <new>

#include "common/base/result.hpp"
#include "common/expr/cells.hpp"

namespace r8r::expr {
namespace {

constexpr int kMeasureLevels = 1'000;
constexpr std::uint64_t kTooHeavy = std::uint64_t{1} << 62;

StringCell* new_string(std::size_t size, std::size_t capacity) {
  R8R_ASSERT(capacity < std::numeric_limits<std::uint32_t>::max(), "string of " + std::to_string(capacity) + " bytes");
  auto* cell = new (::operator new(sizeof(StringCell) + capacity)) StringCell;
  cell->size = static_cast<std::uint32_t>(size);
  cell->capacity = static_cast<std::uint32_t>(capacity);
  return cell;
}

int compare_exactly(std::int64_t i, double d) {
  // Every int64 lies in [-2^63, 2^63); inside it the integer part of d is exact as an int64.
  if (d >= 9223372036854775808.0) return -1;
  if (d < -9223372036854775808.0) return 1;
  const auto whole = static_cast<std::int64_t>(d);
  if (i != whole) return i < whole ? -1 : 1;
  const double fraction = d - static_cast<double>(whole);
  return fraction > 0 ? -1 : fraction < 0 ? 1 : 0;
}

Measure measure_value(const Value& value, int levels_left, std::uint64_t& visited);

template <class Children>
Measure measure_container(Cell* cell, const Children& each_child, int levels_left, std::uint64_t& visited) {
  if (cell->height != 0) return {cell->height, cell->weight};
  if (levels_left == 0) return {std::numeric_limits<std::uint16_t>::max(), kTooHeavy};
  Measure total{1, 2};
  each_child([&](const Value& child, std::uint64_t key_weight) {
    ++visited;
    const Measure part = measure_value(child, levels_left - 1, visited);
    total.height = std::max(total.height, part.height + 1);
    total.weight = std::min(kTooHeavy, total.weight + part.weight + key_weight);
  });
  cell->height = static_cast<std::uint16_t>(std::min<std::uint32_t>(total.height, 0xffff));
  cell->weight = total.weight;
  return total;
}

Measure measure_value(const Value& value, int levels_left, std::uint64_t& visited) {
  switch (value.kind()) {
    case Value::Kind::string:
      return {1, value.as_string().size() + 3};
    case Value::Kind::array: {
      const auto& elements = value.as_array();
      // The cell behind a const Value is only touched in its measurement, which is a cache.
      return measure_container(
          value.cell(),
          [&](auto visit) {
            for (const Value& element : elements) visit(element, 0);
          },
          levels_left, visited);
    }
    case Value::Kind::map: {
      const Map& entries = value.as_map();
      return measure_container(
          value.cell(),
          [&](auto visit) {
            for (const Map::Entry& entry : entries) visit(entry.value, entry.key().size() + 4);
          },
          levels_left, visited);
    }
    default:
      return {1, 8};
  }
}

/// Containers that are being freed right now, nested: past this depth they wait in a list instead of on the stack.
constexpr int kFreeLevels = 64;
struct Freeing {
  int depth = 0;
  std::vector<std::pair<Value::Kind, Cell*>> waiting;
};
thread_local Freeing freeing;

}  // namespace

std::int64_t& live_closures() {
  thread_local std::int64_t count = 0;
  return count;
}

Value Value::string(std::string_view text) {
  StringCell* cell = new_string(text.size(), text.size());
  if (!text.empty()) std::memcpy(cell->data(), text.data(), text.size());
  return adopt(Kind::string, cell);
}

Value Value::array(std::vector<Value> elements) {
  auto* cell = new ArrayCell;
  cell->elements = std::move(elements);
  return adopt(Kind::array, cell);
}

Value Value::map(Map entries) {
  auto* cell = new MapCell;
  cell->entries = std::move(entries);
  return adopt(Kind::map, cell);
}

ClosureCell* Value::closure_cell() const {
  return static_cast<ClosureCell*>(bits_.cell);
}
BoxCell* Value::box_cell() const {
  return static_cast<BoxCell*>(bits_.cell);
}

void Value::free_cell(Kind kind, Cell* cell) noexcept {
  switch (kind) {
    case Kind::string:
      static_cast<StringCell*>(cell)->~StringCell();
      ::operator delete(cell);
      break;
    case Kind::array:
      delete static_cast<ArrayCell*>(cell);
      break;
    case Kind::map:
      delete static_cast<MapCell*>(cell);
      break;
    case Kind::closure:
      --live_closures();
      delete static_cast<ClosureCell*>(cell);
      break;
    case Kind::box:
      delete static_cast<BoxCell*>(cell);
      break;
    default:
      break;
  }
}

void Value::destroy(Kind kind, Cell* cell) noexcept {
  if (kind == Kind::string) return free_cell(kind, cell);
  if (freeing.depth == kFreeLevels) {
    freeing.waiting.emplace_back(kind, cell);
    return;
  }
  ++freeing.depth;
  free_cell(kind, cell);
  --freeing.depth;
  if (freeing.depth != 0) return;
  while (!freeing.waiting.empty()) {
    const auto [next_kind, next] = freeing.waiting.back();
    freeing.waiting.pop_back();
    ++freeing.depth;
    free_cell(next_kind, next);
    --freeing.depth;
  }
}

std::vector<Value>& Value::mutable_array() {
  auto* mine = static_cast<ArrayCell*>(bits_.cell);
  if (mine->references > 1) {
    *this = array(mine->elements);
    mine = static_cast<ArrayCell*>(bits_.cell);
  }
  mine->height = 0;
  return mine->elements;
}

Map& Value::mutable_map() {
  auto* mine = static_cast<MapCell*>(bits_.cell);
  if (mine->references > 1) {
    *this = map(mine->entries);
    mine = static_cast<MapCell*>(bits_.cell);
  }
  mine->height = 0;
  return mine->entries;
}

void Value::append_text(std::string_view more) {
  StringCell* mine = string_cell();
  const std::size_t size = mine->size + more.size();
  if (mine->references == 1 && size <= mine->capacity) {
    std::memcpy(mine->data() + mine->size, more.data(), more.size());
    mine->size = static_cast<std::uint32_t>(size);
    mine->hash = 0;
    mine->characters = ~0u;
    return;
  }
  StringCell* grown = new_string(size, std::max(size, std::min<std::size_t>(size * 2, 64u << 20)));
  std::memcpy(grown->data(), mine->data(), mine->size);
  std::memcpy(grown->data() + mine->size, more.data(), more.size());
  *this = adopt(Kind::string, grown);
}

bool Value::equal(const Value& a, const Value& b) {
  // Containers that are still to be compared wait here rather than on the call stack: values may nest without bound.
  std::vector<std::pair<const Value*, const Value*>> waiting;
  const auto shallow = [&](const Value& x, const Value& y) {
    if (x.kind_ != y.kind_) {
      if (x.kind_ == Kind::integer && y.kind_ == Kind::number) return compare_exactly(x.as_int(), y.as_float()) == 0;
      if (x.kind_ == Kind::number && y.kind_ == Kind::integer) return compare_exactly(y.as_int(), x.as_float()) == 0;
      return false;
    }
    switch (x.kind_) {
      case Kind::null:
        return true;
      case Kind::boolean:
        return x.as_bool() == y.as_bool();
      case Kind::integer:
        return x.as_int() == y.as_int();
      case Kind::number:
        return x.as_float() == y.as_float();
      case Kind::string:
        return x.as_string() == y.as_string();
      case Kind::array:
        if (x.bits_.cell == y.bits_.cell) return true;
        if (x.as_array().size() != y.as_array().size()) return false;
        break;
      case Kind::map:
        if (x.bits_.cell == y.bits_.cell) return true;
        if (x.as_map().size() != y.as_map().size()) return false;
        break;
      default:
        return x.bits_.cell == y.bits_.cell;
    }
    waiting.emplace_back(&x, &y);
    return true;
  };
  if (!shallow(a, b)) return false;
  while (!waiting.empty()) {
    const auto [x, y] = waiting.back();
    waiting.pop_back();
    if (x->is_array()) {
      const auto& left = x->as_array();
      const auto& right = y->as_array();
      for (std::size_t i = 0; i < left.size(); ++i) {
        if (!shallow(left[i], right[i])) return false;
      }
    } else {
      for (const Map::Entry& entry : x->as_map()) {
        const Value* other = y->as_map().find(entry.key(), entry.hash);
        if (other == nullptr || !shallow(entry.value, *other)) return false;
      }
    }
  }
  return true;
}

std::uint64_t Value::hash() const {
  const auto mix = [](std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
  };
  switch (kind_) {
    case Kind::null:
      return 1;
    case Kind::boolean:
      return as_bool() ? 3 : 2;
    case Kind::integer:
    case Kind::number: {
      const double number = as_number() + 0.0;  // -0 and 0 are equal
      std::uint64_t bits = 0;
      std::memcpy(&bits, &number, sizeof bits);
      return mix(bits);
    }
    case Kind::string:
      return mix(Map::hash_of(*this));
    case Kind::array: {
      std::uint64_t total = 5;
      for (const Value& element : as_array())
        total = mix(total + (element.on_heap() && !element.is_string() ? 7 : element.hash()));
      return total;
    }
    case Kind::map: {
      // The order of keys does not count; nested containers are left out so that the depth of a value does not matter.
      std::uint64_t total = 11;
      for (const Map::Entry& entry : as_map()) {
        total += mix(entry.hash + (entry.value.on_heap() && !entry.value.is_string() ? 7 : entry.value.hash()));
      }
      return mix(total);
    }
    default:
      return 13;
  }
}

std::string_view Value::type_name() const {
  static constexpr std::string_view kNames[] = {"()", "bool", "i64", "f64", "string", "array", "map", "Fn", "Fn"};
  return kNames[static_cast<int>(kind_)];
}

std::string_view Value::description() const {
  static constexpr std::string_view kNames[] = {"null",     "a boolean", "an integer", "a float",   "a string",
                                                "an array", "a map",     "a closure",  "a variable"};
  return kNames[static_cast<int>(kind_)];
}

std::size_t Value::character_count() const {
  const StringCell* cell = string_cell();
  if (cell->characters == ~0u) {
    std::uint32_t count = 0;
    for (const char c : as_string()) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    cell->characters = count;
  }
  return cell->characters;
}

Measure Value::measure(std::uint64_t& visited) const {
  return measure_value(*this, kMeasureLevels, visited);
}

}  // namespace r8r::expr
