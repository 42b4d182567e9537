#pragma once
#include <string_view>

namespace r8r::store {

/// Whether PostgreSQL takes it as text: well-formed UTF-8 without NUL. Cheap: gigabytes per second.
bool is_storable(std::string_view text);

}  // namespace r8r::store
