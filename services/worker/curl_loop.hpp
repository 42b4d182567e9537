#pragma once
#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>

namespace r8r::worker {

/// libcurl's multi interface driven by Asio: curl says which sockets and which time it waits for, the io_context
/// watches them. All transfers of the process share it, and with it the connections that are kept open.
class CurlLoop {
 public:
  /// `code`: CURLcode of the transfer. Called from the loop, outside of curl: it may start and remove transfers.
  using Done = std::function<void(int code)>;

  explicit CurlLoop(boost::asio::io_context& io);
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  /// `easy`: a CURL*, which the caller keeps until `done` was called or remove() was.
  void add(void* easy, Done done);
  /// Stops a transfer; its `done` is not called. Does nothing for one that has ended. Not to be called from a callback
  /// that curl itself calls.
  void remove(void* easy);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace r8r::worker
