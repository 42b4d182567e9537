#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "common/http/request.hpp"

namespace r8r::http {

/// A gzip stream that can be used for one text after another (its 260 KB of state are made once).
class GzipCompressor {
 public:
  GzipCompressor();
  ~GzipCompressor();
  GzipCompressor(const GzipCompressor&) = delete;
  GzipCompressor& operator=(const GzipCompressor&) = delete;

  /// Starts a new text.
  void begin();
  /// Appends the compressed form of `slice` to `out`; the end of the text comes with `last`.
  void add(std::string_view slice, bool last, std::string& out);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

/// Whether the client takes gzip and the answer is worth it: text of over 1 KiB that is not encoded yet.
bool wants_gzip(const Request& request, const Response& response);

}  // namespace r8r::http
