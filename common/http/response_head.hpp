#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "common/http/request.hpp"

namespace r8r::http {

struct HeadFacts {
  std::size_t body_size = 0;  ///< what Content-Length says
  std::string_view request_id;
  std::string_view date;  ///< IMF-fixdate
  bool close = false;
  bool say_keep_alive = false;  ///< HTTP/1.0 clients must be told
  bool gzipped = false;
};

/// Whether an answer of this status has a body at all.
bool status_has_body(int status);

/// Appends status line and headers with the empty line at the end. Headers that are the server's own business
/// (Content-Length, Connection, …) are not taken from `response`; control characters in values become spaces.
void append_response_head(std::string& out, const Response& response, const HeadFacts& facts);

/// The time of an answer as the Date header writes it ("Sun, 06 Nov 1994 08:49:37 GMT"), formatted once per second.
class DateText {
 public:
  std::string_view at(Timestamp now);

 private:
  std::int64_t second_ = -1;
  std::string text_;
};

}  // namespace r8r::http
