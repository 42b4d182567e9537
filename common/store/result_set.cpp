#include "common/store/result_set.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "common/base/result.hpp"
#include "common/store/params.hpp"
#include "common/store/wire.hpp"

namespace r8r::store {

ResultSet::ResultSet(pg_result* result) : result_(result, PQclear) {}

int ResultSet::rows() const {
  return PQntuples(result_.get());
}

std::int64_t ResultSet::affected() const {
  const char* text = PQcmdTuples(result_.get());
  std::int64_t count = 0;
  std::from_chars(text, text + std::strlen(text), count);
  return count;
}

bool ResultSet::is_null(int row, int column) const {
  return PQgetisnull(result_.get(), row, column) != 0;
}

const char* ResultSet::cell(int row, int column, unsigned oid, int length) const {
  const unsigned actual = PQftype(result_.get(), column);
  R8R_ASSERT(
      actual == oid && !is_null(row, column) && (length < 0 || PQgetlength(result_.get(), row, column) == length),
      fmt::format("row {} column {} has type {} and {} bytes, wanted type {}", row, column, actual,
                  PQgetlength(result_.get(), row, column), oid));
  return PQgetvalue(result_.get(), row, column);
}

std::string_view ResultSet::text_view(int row, int column) const {
  const char* value = cell(row, column, static_cast<unsigned>(Type::text), -1);
  return {value, static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::string_view ResultSet::bytes_view(int row, int column) const {
  const char* value = cell(row, column, static_cast<unsigned>(Type::bytea), -1);
  return {value, static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

Uuid ResultSet::uuid(int row, int column) const {
  const char* value = cell(row, column, static_cast<unsigned>(Type::uuid), 16);
  Uuid id;
  std::copy_n(reinterpret_cast<const std::uint8_t*>(value), 16, id.bytes.begin());
  return id;
}

std::int32_t ResultSet::int4(int row, int column) const {
  return static_cast<std::int32_t>(wire::load32(cell(row, column, static_cast<unsigned>(Type::int4), 4)));
}

std::int64_t ResultSet::int8(int row, int column) const {
  return static_cast<std::int64_t>(wire::load64(cell(row, column, static_cast<unsigned>(Type::int8), 8)));
}

bool ResultSet::boolean(int row, int column) const {
  return *cell(row, column, static_cast<unsigned>(Type::boolean), 1) != 0;
}

Timestamp ResultSet::time(int row, int column) const {
  return wire::from_pg_time(
      static_cast<std::int64_t>(wire::load64(cell(row, column, static_cast<unsigned>(Type::timestamptz), 8))));
}

std::string ResultSet::text_or_empty(int row, int column) const {
  return is_null(row, column) ? std::string() : text(row, column);
}

std::optional<std::string> ResultSet::optional_text(int row, int column) const {
  if (is_null(row, column)) return std::nullopt;
  return text(row, column);
}

std::optional<Timestamp> ResultSet::optional_time(int row, int column) const {
  if (is_null(row, column)) return std::nullopt;
  return time(row, column);
}

}  // namespace r8r::store
