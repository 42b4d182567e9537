// PostgreSQL's binary wire formats: big-endian integers, times as microseconds since 2000-01-01, arrays with a header.
#include <libpq-fe.h>

#include <bit>
#include <cstring>

#include "common/store/connection.hpp"

namespace r8r::store {
namespace {

constexpr std::int64_t kEpochShiftUs = 946'684'800'000'000;  // 1970-01-01 to 2000-01-01

// Type numbers of pg_type, fixed for ever.
constexpr std::int32_t kOidInt4 = 23;
constexpr std::int32_t kOidText = 25;
constexpr std::int32_t kOidTimestamptz = 1184;
constexpr std::int32_t kOidUuid = 2950;

template <class N>
void append_big_endian(std::string& out, N value) {
  for (int shift = static_cast<int>(sizeof(N) - 1) * 8; shift >= 0; shift -= 8)
    out += static_cast<char>(static_cast<std::make_unsigned_t<N>>(value) >> shift);
}

template <class N>
N read_big_endian(std::string_view bytes) {
  R8R_ASSERT(bytes.size() == sizeof(N), "a column of another width than its type");
  std::make_unsigned_t<N> value = 0;
  for (const char c : bytes) value = static_cast<std::make_unsigned_t<N>>(value << 8 | static_cast<unsigned char>(c));
  return static_cast<N>(value);
}

std::string array_header(std::int32_t element_type, std::size_t count, bool has_nulls) {
  std::string out;
  append_big_endian<std::int32_t>(out, 1);  // dimensions
  append_big_endian<std::int32_t>(out, has_nulls ? 1 : 0);
  append_big_endian<std::int32_t>(out, element_type);
  append_big_endian<std::int32_t>(out, static_cast<std::int32_t>(count));
  append_big_endian<std::int32_t>(out, 1);  // lower bound
  return out;
}

void append_element(std::string& out, std::string_view bytes) {
  append_big_endian<std::int32_t>(out, static_cast<std::int32_t>(bytes.size()));
  out += bytes;
}
void append_null(std::string& out) { append_big_endian<std::int32_t>(out, -1); }

std::string_view bytes_of(const Uuid& id) { return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}; }

}  // namespace

Params& Params::add(std::int32_t value) {
  append_big_endian(values_.emplace_back(std::string()).value(), value);
  return *this;
}
Params& Params::add(std::int64_t value) {
  append_big_endian(values_.emplace_back(std::string()).value(), value);
  return *this;
}
Params& Params::add(bool value) {
  values_.emplace_back(std::string(1, value ? '\1' : '\0'));
  return *this;
}
Params& Params::add(std::string_view text) {
  values_.emplace_back(std::string(text));
  return *this;
}
Params& Params::add(const Uuid& id) {
  values_.emplace_back(std::string(bytes_of(id)));
  return *this;
}
Params& Params::add(Timestamp time) { return add(to_unix_us(time) - kEpochShiftUs); }
Params& Params::add_null() {
  values_.emplace_back(std::nullopt);
  return *this;
}

Params& Params::add(const std::vector<Uuid>& ids) {
  std::string out = array_header(kOidUuid, ids.size(), false);
  for (const Uuid& id : ids) append_element(out, bytes_of(id));
  values_.emplace_back(std::move(out));
  return *this;
}

Params& Params::add(const std::vector<std::int32_t>& numbers) {
  std::string out = array_header(kOidInt4, numbers.size(), false);
  for (const std::int32_t number : numbers) {
    append_big_endian<std::int32_t>(out, 4);
    append_big_endian(out, number);
  }
  values_.emplace_back(std::move(out));
  return *this;
}

Params& Params::add(const std::vector<std::string>& texts) {
  std::size_t bytes = 32;
  for (const std::string& text : texts) bytes += 4 + text.size();
  std::string out = array_header(kOidText, texts.size(), false);
  out.reserve(bytes);
  for (const std::string& text : texts) append_element(out, text);
  values_.emplace_back(std::move(out));
  return *this;
}

Params& Params::add(const std::vector<std::optional<std::string>>& texts) {
  std::string out = array_header(kOidText, texts.size(), true);
  for (const auto& text : texts) text ? append_element(out, *text) : append_null(out);
  values_.emplace_back(std::move(out));
  return *this;
}

Params& Params::add(const std::vector<Timestamp>& times) {
  std::string out = array_header(kOidTimestamptz, times.size(), false);
  for (const Timestamp time : times) {
    append_big_endian<std::int32_t>(out, 8);
    append_big_endian(out, to_unix_us(time) - kEpochShiftUs);
  }
  values_.emplace_back(std::move(out));
  return *this;
}

Params& Params::add(const std::vector<std::optional<Timestamp>>& times) {
  std::string out = array_header(kOidTimestamptz, times.size(), true);
  for (const auto& time : times) {
    if (!time) {
      append_null(out);
      continue;
    }
    append_big_endian<std::int32_t>(out, 8);
    append_big_endian(out, to_unix_us(*time) - kEpochShiftUs);
  }
  values_.emplace_back(std::move(out));
  return *this;
}

Rows::Rows(void* result)
    : result_(result, [](void* r) {
        if (r != nullptr) PQclear(static_cast<PGresult*>(r));
      }) {}

std::size_t Rows::size() const {
  return result_ == nullptr ? 0 : static_cast<std::size_t>(PQntuples(static_cast<const PGresult*>(result_.get())));
}

std::string_view Rows::bytes(std::size_t row, int column) const {
  const auto* result = static_cast<const PGresult*>(result_.get());
  return {PQgetvalue(result, static_cast<int>(row), column), static_cast<std::size_t>(PQgetlength(result, static_cast<int>(row), column))};
}

bool Rows::is_null(std::size_t row, int column) const {
  return PQgetisnull(static_cast<const PGresult*>(result_.get()), static_cast<int>(row), column) == 1;
}
std::string Rows::text(std::size_t row, int column) const { return std::string(bytes(row, column)); }
std::optional<std::string> Rows::optional_text(std::size_t row, int column) const {
  if (is_null(row, column)) return std::nullopt;
  return text(row, column);
}
std::int32_t Rows::int4(std::size_t row, int column) const { return read_big_endian<std::int32_t>(bytes(row, column)); }
std::int64_t Rows::int8(std::size_t row, int column) const { return read_big_endian<std::int64_t>(bytes(row, column)); }
bool Rows::boolean(std::size_t row, int column) const { return bytes(row, column) == std::string_view("\1", 1); }
Uuid Rows::uuid(std::size_t row, int column) const {
  const std::string_view raw = bytes(row, column);
  Uuid id;
  R8R_ASSERT(raw.size() == id.bytes.size(), "a uuid column of another width");
  std::memcpy(id.bytes.data(), raw.data(), raw.size());
  return id;
}
Timestamp Rows::time(std::size_t row, int column) const { return from_unix_us(int8(row, column) + kEpochShiftUs); }
std::optional<Timestamp> Rows::optional_time(std::size_t row, int column) const {
  if (is_null(row, column)) return std::nullopt;
  return time(row, column);
}

}  // namespace r8r::store
