#pragma once
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace r8r::cli {

/// An HTTP server on a free loopback port that gives prepared answers, for tests of what the client makes of them.
class FakeApi {
 public:
  struct Request {
    std::string line;  ///< "GET /api/workflows"
    std::string head;
    std::string body;
  };

  FakeApi();
  ~FakeApi();
  FakeApi(const FakeApi&) = delete;
  FakeApi& operator=(const FakeApi&) = delete;

  std::string url() const;
  /// What to answer to this request line; anything else gets 404 in the API's envelope.
  void answer(const std::string& line, int status, const std::string& body);
  std::vector<Request> requests() const;

 private:
  void serve();
  void serve_one(int connection);

  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, std::pair<int, std::string>> answers_;
  std::vector<Request> requests_;
  std::thread thread_;
};

/// The API's error envelope.
std::string envelope(const std::string& code, const std::string& message, const std::string& execution_id = {});

}  // namespace r8r::cli
