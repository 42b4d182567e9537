#pragma once
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "common/base/metrics.hpp"

namespace r8r::api {

/// r8r_api_requests_total and r8r_api_request_duration_seconds. Handles are kept, so that a request costs one look-up
/// in a small map.
class RequestMetrics {
 public:
  /// `route` is a template like /api/workflows/{name}; empty when no route matched.
  void record(std::string_view method, std::string_view route, int status, std::chrono::microseconds took);

 private:
  struct Series {
    metrics::Counter requests;
    metrics::Histogram duration;
  };
  using Key = std::tuple<std::string, std::string, int>;
  using KeyView = std::tuple<std::string_view, std::string_view, int>;
  struct Less {
    using is_transparent = void;
    static KeyView view(const Key& key) { return {std::get<0>(key), std::get<1>(key), std::get<2>(key)}; }
    static KeyView view(const KeyView& key) { return key; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return view(a) < view(b);
    }
  };
  std::map<Key, Series, Less> series_;
};

}  // namespace r8r::api
