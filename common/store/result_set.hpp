#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/time.hpp"
#include "common/base/uuid.hpp"

extern "C" {
struct pg_result;
}

namespace r8r::store {

/// The rows that one statement gave, in the binary format. Asking for a column as the wrong type, or for the value of a
/// null, is a broken invariant.
class ResultSet {
 public:
  /// Takes the result over.
  explicit ResultSet(pg_result* result);

  int rows() const;
  bool empty() const { return rows() == 0; }
  /// Rows that an insert, update or delete touched.
  std::int64_t affected() const;

  bool is_null(int row, int column) const;
  std::string_view text_view(int row, int column) const;
  std::string text(int row, int column) const { return std::string(text_view(row, column)); }
  std::string_view bytes_view(int row, int column) const;
  Uuid uuid(int row, int column) const;
  std::int32_t int4(int row, int column) const;
  std::int64_t int8(int row, int column) const;
  bool boolean(int row, int column) const;
  Timestamp time(int row, int column) const;

  /// Empty text for null.
  std::string text_or_empty(int row, int column) const;
  std::optional<std::string> optional_text(int row, int column) const;
  std::optional<Timestamp> optional_time(int row, int column) const;

 private:
  const char* cell(int row, int column, unsigned oid, int length) const;

  std::shared_ptr<pg_result> result_;
};

}  // namespace r8r::store
