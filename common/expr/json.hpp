#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/expr/value.hpp"

namespace r8r::expr {

/// Reads one JSON document. Integers outside 64 bits become floats; of duplicate keys the last value wins. Fails with
/// invalid_request and the line and column; nesting of more than `max_depth` containers is an error.
Result<Value> parse_json(std::string_view text, int max_depth = 128);

/// Compact JSON. NaN, infinity and closures become null; what is not UTF-8 becomes U+FFFD.
void append_json(std::string& out, const Value& value);
std::string to_json(const Value& value);
/// The same, unless it comes to more than `limit` bytes: then nullopt, as soon as that is known.
std::optional<std::string> to_json_within(const Value& value, std::size_t limit);
/// With two spaces of indentation per level.
std::string to_pretty_json(const Value& value);

/// A float as JSON: the shortest digits that read back as the same float, always with a fraction or an exponent.
void append_number(std::string& out, double number);

/// What a value looks like inside text: strings as they are, null as nothing, everything else as compact JSON.
void append_rendered(std::string& out, const Value& value);

}  // namespace r8r::expr
