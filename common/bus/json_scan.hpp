#pragma once
#include <string_view>

namespace r8r::bus {

/// Whether `text` is exactly one JSON value (RFC 8259), with nothing but white space around it. Linear, any depth; does
/// not look at UTF-8 well-formedness.
bool is_complete_json(std::string_view text);

}  // namespace r8r::bus
