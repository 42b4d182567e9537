#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "common/http/request.hpp"

namespace r8r::api {

/// One JSON line per request on stderr. Lines of one turn of the event loop are written together, so that a line costs
/// a copy and not a system call.
class AccessLog {
 public:
  using Writer = std::function<void(const std::string& lines)>;

  /// `writer` is stderr unless a test says otherwise.
  explicit AccessLog(boost::asio::io_context& io, Writer writer = {});
  ~AccessLog();

  void record(const http::Request& request, const http::Response& response, std::chrono::microseconds took);
  void flush();

 private:
  boost::asio::io_context& io_;
  Writer writer_;
  std::string lines_;
  bool scheduled_ = false;
  std::shared_ptr<AccessLog*> self_;  // null once this is gone: a posted flush may come later
};

/// The query of `target` with the values of names that carry secrets replaced by ***.
std::string masked_query(std::string_view target);

}  // namespace r8r::api
