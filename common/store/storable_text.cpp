#include "common/store/storable_text.hpp"

#include <simdjson.h>

#include <cstring>

namespace r8r::store {

bool is_storable(std::string_view text) {
  if (text.empty()) return true;
  return std::memchr(text.data(), '\0', text.size()) == nullptr && simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace r8r::store
