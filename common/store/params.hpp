#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/time.hpp"
#include "common/base/uuid.hpp"

namespace r8r::store {

/// A statement that each connection prepares when it first needs it. Always a constant with static storage: connections
/// remember its address. `name` is unique in the program.
struct Statement {
  const char* name;
  const char* sql;
};

/// PostgreSQL's numbers of the types that we send; the same in every database.
enum class Type : unsigned {
  boolean = 16,
  bytea = 17,
  int8 = 20,
  int4 = 23,
  text = 25,
  timestamptz = 1184,
  uuid = 2950,
};

/// One array parameter in the binary format, built element by element: `unnest` turns several into the rows of a
/// multi-row statement.
class Column {
 public:
  explicit Column(Type element);

  Column& add(const Uuid& value);
  Column& add(std::int32_t value);
  Column& add(std::int64_t value);
  Column& add(bool value);
  Column& add(std::string_view value);
  Column& add(const std::string& value) { return add(std::string_view(value)); }
  Column& add(const char*) = delete;
  Column& add(Timestamp value);
  Column& add_null();
  template <class T>
  Column& add(const std::optional<T>& value) {
    return value ? add(*value) : add_null();
  }
  /// Null for an empty text.
  Column& add_text_or_null(std::string_view value) { return value.empty() ? add_null() : add(value); }

  std::size_t size() const { return count_; }
  std::size_t bytes() const { return bytes_.size(); }
  Type element() const { return element_; }
  /// The finished parameter; the column is empty afterwards.
  std::string take();

 private:
  void begin(Type type, std::size_t length);

  Type element_;
  std::uint32_t count_ = 0;
  bool has_null_ = false;
  std::string bytes_;
};

/// The parameters of one execution of a statement, in order, in the binary format.
class Params {
 public:
  struct Value {
    unsigned oid = 0;
    bool null = false;
    std::string bytes;
  };

  Params& add(const Uuid& value);
  Params& add(std::int32_t value);
  Params& add(std::int64_t value);
  Params& add(bool value);
  Params& add(std::string value);
  Params& add(const char* value) { return add(std::string(value)); }
  Params& add_bytes(std::string value);
  Params& add(Timestamp value);
  Params& add(Column&& column);
  Params& add_null(Type type);

  /// An array of ids.
  Params& add(std::span<const Uuid> values);
  Params& add(std::span<const int> values);

  const std::vector<Value>& values() const { return values_; }

 private:
  std::vector<Value> values_;
};

struct Query {
  const Statement* statement;
  Params params;
};

}  // namespace r8r::store
