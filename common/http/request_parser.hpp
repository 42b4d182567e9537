#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/http/request.hpp"

namespace r8r::http {

struct ParserLimits {
  std::size_t max_body;
  std::size_t max_header;
  std::size_t max_request_line;
  std::size_t max_header_fields;
};

/// Why a request cannot be taken, and the status to say so with.
struct ParserFailure {
  int status;
  ErrorCode code;
  std::string message;
};

/// Turns bytes into a Request, one at a time; no I/O. Beast does the grammar (strictly: CRLF line ends, no conflicting
/// lengths), this adds limits and fills our own type.
class RequestParser {
 public:
  explicit RequestParser(const ParserLimits& limits);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  /// Starts on the next request. `request` must outlive the parsing; what it held is dropped.
  void begin(Request& request);

  /// Parses from `data`, which begins with whatever the last call left over, and returns how many bytes it took. Stops
  /// at the end of the head, at the end of the request, at a failure, or when it needs more.
  std::size_t feed(std::string_view data);

  bool has_begun() const { return begun_; }  ///< saw the first byte of a request
  bool head_complete() const;
  bool complete() const;
  const std::optional<ParserFailure>& failure() const { return failure_; }

  /// Known once the head is complete.
  bool keep_alive() const;

 private:
  class Grammar;
  std::size_t skip_blank_lines(std::string_view data) const;
  bool request_line_fits(std::string_view data);
  void fail(int status, ErrorCode code, std::string message);

  ParserLimits limits_;
  std::unique_ptr<Grammar> grammar_;
  std::optional<ParserFailure> failure_;
  std::size_t head_bytes_ = 0;
  bool begun_ = false;
};

}  // namespace r8r::http
