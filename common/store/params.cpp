#include "common/store/params.hpp"

#include "common/base/result.hpp"
#include "common/store/wire.hpp"

namespace r8r::store {
namespace {

// ndim, flags, element type, then size and lower bound of the one dimension.
constexpr std::size_t kArrayHeader = 5 * 4;

unsigned array_oid(Type element) {
  switch (element) {
    case Type::boolean:
      return 1000;
    case Type::bytea:
      return 1001;
    case Type::int4:
      return 1007;
    case Type::text:
      return 1009;
    case Type::int8:
      return 1016;
    case Type::timestamptz:
      return 1185;
    case Type::uuid:
      return 2951;
  }
  R8R_ASSERT(false, "no array of type " + std::to_string(static_cast<unsigned>(element)));
}

void append_uuid(std::string& out, const Uuid& id) {
  out.append(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
}

}  // namespace

Column::Column(Type element) : element_(element), bytes_(kArrayHeader, '\0') {}

void Column::begin(Type type, std::size_t length) {
  R8R_ASSERT(type == element_, "a column of type " + std::to_string(static_cast<unsigned>(element_)) +
                                   " got a value of type " + std::to_string(static_cast<unsigned>(type)));
  ++count_;
  wire::append32(bytes_, static_cast<std::uint32_t>(length));
}

Column& Column::add(const Uuid& value) {
  begin(Type::uuid, 16);
  append_uuid(bytes_, value);
  return *this;
}

Column& Column::add(std::int32_t value) {
  begin(Type::int4, 4);
  wire::append32(bytes_, static_cast<std::uint32_t>(value));
  return *this;
}

Column& Column::add(std::int64_t value) {
  begin(Type::int8, 8);
  wire::append64(bytes_, static_cast<std::uint64_t>(value));
  return *this;
}

Column& Column::add(bool value) {
  begin(Type::boolean, 1);
  bytes_.push_back(value ? '\1' : '\0');
  return *this;
}

Column& Column::add(std::string_view value) {
  begin(Type::text, value.size());
  bytes_.append(value);
  return *this;
}

Column& Column::add(Timestamp value) {
  begin(Type::timestamptz, 8);
  wire::append64(bytes_, static_cast<std::uint64_t>(wire::to_pg_time(value)));
  return *this;
}

Column& Column::add_null() {
  ++count_;
  has_null_ = true;
  wire::append32(bytes_, 0xffffffffu);
  return *this;
}

std::string Column::take() {
  wire::store32(bytes_.data(), count_ == 0 ? 0 : 1);
  wire::store32(bytes_.data() + 4, has_null_ ? 1 : 0);
  wire::store32(bytes_.data() + 8, static_cast<std::uint32_t>(element_));
  wire::store32(bytes_.data() + 12, count_);
  wire::store32(bytes_.data() + 16, 1);
  // An array of no elements has no dimension.
  if (count_ == 0) bytes_.resize(12);
  std::string finished = std::move(bytes_);
  bytes_.assign(kArrayHeader, '\0');
  count_ = 0;
  has_null_ = false;
  return finished;
}

Params& Params::add(const Uuid& value) {
  Value& slot = values_.emplace_back(Value{static_cast<unsigned>(Type::uuid)});
  append_uuid(slot.bytes, value);
  return *this;
}

Params& Params::add(std::int32_t value) {
  Value& slot = values_.emplace_back(Value{static_cast<unsigned>(Type::int4)});
  wire::append32(slot.bytes, static_cast<std::uint32_t>(value));
  return *this;
}

Params& Params::add(std::int64_t value) {
  Value& slot = values_.emplace_back(Value{static_cast<unsigned>(Type::int8)});
  wire::append64(slot.bytes, static_cast<std::uint64_t>(value));
  return *this;
}

Params& Params::add(bool value) {
  values_.push_back(Value{static_cast<unsigned>(Type::boolean), false, std::string(1, value ? '\1' : '\0')});
  return *this;
}

Params& Params::add(std::string value) {
  values_.push_back(Value{static_cast<unsigned>(Type::text), false, std::move(value)});
  return *this;
}

Params& Params::add_bytes(std::string value) {
  values_.push_back(Value{static_cast<unsigned>(Type::bytea), false, std::move(value)});
  return *this;
}

Params& Params::add(Timestamp value) {
  Value& slot = values_.emplace_back(Value{static_cast<unsigned>(Type::timestamptz)});
  wire::append64(slot.bytes, static_cast<std::uint64_t>(wire::to_pg_time(value)));
  return *this;
}

Params& Params::add(Column&& column) {
  values_.push_back(Value{array_oid(column.element()), false, column.take()});
  return *this;
}

Params& Params::add_null(Type type) {
  values_.push_back(Value{static_cast<unsigned>(type), true, {}});
  return *this;
}

Params& Params::add(std::span<const Uuid> values) {
  Column column(Type::uuid);
  for (const Uuid& value : values) column.add(value);
  return add(std::move(column));
}

Params& Params::add(std::span<const int> values) {
  Column column(Type::int4);
  for (const int value : values) column.add(std::int32_t{value});
  return add(std::move(column));
}

}  // namespace r8r::store
