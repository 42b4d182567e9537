#pragma once
#include <optional>
#include <string>

#include "common/http/request.hpp"

namespace r8r::api {

/// The Prefer header (RFC 7240) as far as we honour it; what we do not know is ignored, as the RFC wants it.
struct Preferences {
  bool respond_async = false;
  bool representation = false;  ///< return=representation
  std::optional<double> wait_seconds;
};

Preferences preferences_of(const http::Request& request);

}  // namespace r8r::api
