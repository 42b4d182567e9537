#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "common/expr/short_text.hpp"

/// The values that expressions compute with: JSON and closures. A Value is 16 bytes and copying one is cheap: text and
/// containers are shared and copied only when one of the holders changes them. The counts are not atomic: values, and
/// the programs and templates that hold constants, belong to one thread.
namespace r8r::expr {

class Value;
class Map;

/// The head of everything that lives on the heap.
struct Cell {
  std::uint32_t references = 1;
  /// Levels of nesting from here down, 0 while not measured (see Value::measure).
  std::uint16_t height = 0;
  /// Approximate length as JSON; means something only when `height` does.
  std::uint64_t weight = 0;
};

/// Text of immutable length; the bytes follow the struct. Grows in place only while it has one holder.
struct StringCell : Cell {
  std::uint32_t size = 0;
  std::uint32_t capacity = 0;
  mutable std::uint32_t hash = 0;          ///< 0: not computed
  mutable std::uint32_t characters = ~0u;  ///< code points, ~0: not counted
  char* data() { return reinterpret_cast<char*>(this + 1); }
  const char* data() const { return reinterpret_cast<const char*>(this + 1); }
};
struct ArrayCell;
struct MapCell;
struct ClosureCell;
struct BoxCell;

/// How large a value is: see Value::measure.
struct Measure {
  std::uint32_t height = 1;
  std::uint64_t weight = 0;
};

class Value {
 public:
  /// `box` never leaves the evaluator: a variable that a closure shares with its scope.
  enum class Kind : std::uint8_t { null, boolean, integer, number, string, array, map, closure, box };

  Value() noexcept : kind_(Kind::null) { bits_.integer = 0; }
  Value(const Value& other) noexcept : kind_(other.kind_), bits_(other.bits_) {
    if (on_heap()) ++bits_.cell->references;
  }
  Value(Value&& other) noexcept : kind_(other.kind_), bits_(other.bits_) { other.kind_ = Kind::null; }
  Value& operator=(const Value& other) noexcept {
    if (other.on_heap()) ++other.bits_.cell->references;
    replace(other.kind_, other.bits_);
    return *this;
  }
  Value& operator=(Value&& other) noexcept {
    const Kind kind = other.kind_;
    const Bits bits = other.bits_;
    other.kind_ = Kind::null;
    replace(kind, bits);
    return *this;
  }
  ~Value() {
    if (on_heap() && --bits_.cell->references == 0) destroy(kind_, bits_.cell);
  }
  void swap(Value& other) noexcept {
    std::swap(kind_, other.kind_);
    std::swap(bits_, other.bits_);
  }

  static Value null() { return Value(); }
  static Value boolean(bool b) {
    // All of the bits: who reads them as a whole does not wait for a byte that was written alone.
    Value v(Kind::boolean);
    v.bits_.integer = b ? 1 : 0;
    return v;
  }
  static Value integer(std::int64_t i) {
    Value v(Kind::integer);
    v.bits_.integer = i;
    return v;
  }
  static Value number(double d) {
    Value v(Kind::number);
    v.bits_.number = d;
    return v;
  }
  /// Copies `text`, at most 4 GiB of it.
  static Value string(std::string_view text);
  static Value array(std::vector<Value> elements);
  static Value map(Map entries);

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }
  bool is_bool() const { return kind_ == Kind::boolean; }
  bool is_int() const { return kind_ == Kind::integer; }
  bool is_float() const { return kind_ == Kind::number; }
  bool is_number() const { return kind_ == Kind::integer || kind_ == Kind::number; }
  bool is_string() const { return kind_ == Kind::string; }
  bool is_array() const { return kind_ == Kind::array; }
  bool is_map() const { return kind_ == Kind::map; }
  bool is_closure() const { return kind_ == Kind::closure; }

  // What the value holds; asking for another type than it has is a broken invariant of the caller.
  bool as_bool() const { return bits_.integer != 0; }
  std::int64_t as_int() const { return bits_.integer; }
  double as_float() const { return bits_.number; }
  /// An integer or a float as a float.
  double as_number() const { return kind_ == Kind::integer ? static_cast<double>(bits_.integer) : bits_.number; }
  /// Valid as long as a holder of this text exists and does not change it.
  std::string_view as_string() const { return {string_cell()->data(), string_cell()->size}; }
  const std::vector<Value>& as_array() const;
  const Map& as_map() const;

  /// The container itself for changing, copied first when it is shared.
  std::vector<Value>& mutable_array();
  Map& mutable_map();
  /// Appends to the text, in place when nobody else holds it.
  void append_text(std::string_view more);

  /// The language's `==`: numbers by value whatever their type, containers by content, maps in any order.
  friend bool operator==(const Value& a, const Value& b) {
    if (a.kind_ == b.kind_ && a.bits_.integer == b.bits_.integer && a.kind_ != Kind::number) return true;
    return equal(a, b);
  }
  /// Agrees with ==.
  std::uint64_t hash() const;
  /// What `type_of` gives: `()`, `bool`, `i64`, `f64`, `string`, `array`, `map`, `Fn`.
  std::string_view type_name() const;
  /// For messages: "null", "an integer", "a map", …
  std::string_view description() const;
  /// Code points of a string.
  std::size_t character_count() const;

  /// Height and JSON weight of the whole tree, remembered in its containers until they change; shared parts count each
  /// time they occur. Saturates: past 1,000 levels or 2^62 bytes it just says "too much". Adds to `visited` how many
  /// values it had to look at.
  Measure measure(std::uint64_t& visited) const;
  Measure measure() const {
    std::uint64_t ignored = 0;
    return measure(ignored);
  }

  // For the evaluator and the container types.
  Cell* cell() const { return bits_.cell; }
  StringCell* string_cell() const { return static_cast<StringCell*>(bits_.cell); }
  ClosureCell* closure_cell() const;
  BoxCell* box_cell() const;
  static Value adopt(Kind kind, Cell* cell) {
    Value v(kind);
    v.bits_.cell = cell;
    return v;
  }
  static Value share(StringCell* text) {
    ++text->references;
    return adopt(Kind::string, text);
  }
  bool is_shared() const { return bits_.cell->references > 1; }
  bool on_heap() const { return kind_ >= Kind::string; }
  /// Whether both are the same piece of heap.
  bool same_cell(const Value& other) const { return on_heap() && bits_.cell == other.bits_.cell; }

 private:
  explicit Value(Kind kind) noexcept : kind_(kind) {}
  static bool equal(const Value& a, const Value& b);
  static void destroy(Kind kind, Cell* cell) noexcept;
  static void free_cell(Kind kind, Cell* cell) noexcept;

  union Bits {
    std::int64_t integer;
    double number;
    Cell* cell;
  };
  /// Takes over a counted reference, then lets go of the old value: that may free it, and with it the source.
  void replace(Kind kind, Bits bits) noexcept {
    const Kind old_kind = kind_;
    const Bits old = bits_;
    kind_ = kind;
    bits_ = bits;
    if (old_kind >= Kind::string && --old.cell->references == 0) destroy(old_kind, old.cell);
  }

  Kind kind_;
  Bits bits_;
};
static_assert(sizeof(Value) == 16);

/// A map that keeps the order in which its keys came: entries in a row, and past 16 of them an index by hash.
///   for (const auto& [key, value] : map) …      key is a std::string_view
class Map {
 public:
  struct Entry {
    Value name;  ///< always a string
    Value value;
    std::uint32_t hash = 0;
    std::string_view key() const { return name.as_string(); }
    template <std::size_t I>
    decltype(auto) get() const {
      if constexpr (I == 0) {
        return key();
      } else {
        return static_cast<const Value&>(value);
      }
    }
  };

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  const Value* find(std::string_view key) const { return find(key, hash_of(key)); }
  /// With the key's hash (hash_of) known already.
  const Value* find(std::string_view key, std::uint32_t hash) const {
    const std::uint32_t position = position_of(key, hash);
    return position == kNone ? nullptr : &entries_[position].value;
  }
  /// The same for maps that tend to look alike: tries position `hint` first, and notes where the key was.
  const Value* find(const Value& key, std::uint32_t hash, std::uint32_t& hint) const {
    if (hint < entries_.size()) {
      const Entry& entry = entries_[hint];
      if (entry.hash == hash && (entry.name.cell() == key.cell() || same_text(entry.key(), key.as_string())))
        return &entry.value;
    }
    const std::uint32_t position = position_of(key.as_string(), hash);
    if (position == kNone) return nullptr;
    hint = position;
    return &entries_[position].value;
  }
  Value* find_mutable(std::string_view key) { return const_cast<Value*>(find(key)); }
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  /// Replaces the value of an existing key where it stands, or adds the key at the end.
  void set(std::string_view key, Value value);
  /// The same, sharing the text of `key`, a string.
  void set(const Value& key, Value value);
  /// Adds a key that is known not to be there.
  void add(const Value& key, Value value) { append(key, hash_of(key), std::move(value)); }
  /// Takes entries in order, with their hashes; of those with the same key the last value stays at the first place.
  static Map of(Entry* begin, Entry* end);
  /// Removes the key, keeping the order of the others; false when it is not there. O(size).
  bool erase(std::string_view key);
  void clear();
  void reserve(std::size_t count) { entries_.reserve(count); }

  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  const Entry& at(std::size_t position) const { return entries_[position]; }
  Value& value_at(std::size_t position) { return entries_[position].value; }

  /// Seeded once per process; never 0.
  static std::uint32_t hash_of(std::string_view key);
  static std::uint32_t hash_of(const Value& key);

 private:
  static constexpr std::size_t kIndexedFrom = 17;
  static constexpr std::uint32_t kNone = ~0u;
  std::uint32_t position_of(std::string_view key, std::uint32_t hash) const;
  void build_index() const;
  void append(Value name, std::uint32_t hash, Value value);

  std::vector<Entry> entries_;
  /// Open addressing, a power of two, position + 1 or 0; empty while the map is small or nobody has searched it.
  mutable std::vector<std::uint32_t> index_;
};

struct ArrayCell : Cell {
  std::vector<Value> elements;
};
struct MapCell : Cell {
  Map entries;
};

inline const std::vector<Value>& Value::as_array() const {
  return static_cast<ArrayCell*>(bits_.cell)->elements;
}
inline const Map& Value::as_map() const {
  return static_cast<MapCell*>(bits_.cell)->entries;
}

}  // namespace r8r::expr

template <>
struct std::tuple_size<r8r::expr::Map::Entry> : std::integral_constant<std::size_t, 2> {};
template <>
struct std::tuple_element<0, r8r::expr::Map::Entry> {
  using type = std::string_view;
};
template <>
struct std::tuple_element<1, r8r::expr::Map::Entry> {
  using type = const r8r::expr::Value&;
};
