#pragma once
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/client/failure.hpp"

namespace r8r::cli {

/// The text of a file, whole. Errors: IO_ERROR with the reason.
Outcome<std::string> read_file(const std::string& path);
/// The same, and "-" is standard input.
Outcome<std::string> read_file_or(const std::string& path, std::istream& standard_input);

/// The text of an argument that holds JSON: the text itself, @file, or - for standard input. Errors: IO_ERROR, and
/// JSON_ERROR with the position for what is not JSON.
Outcome<std::string> read_json_argument(const std::string& argument, std::istream& standard_input);

/// One `-p key=value`: the value is JSON when it parses as such, else text.
struct Parameter {
  std::string key;
  std::string value;  ///< raw JSON
};
Outcome<Parameter> parse_parameter(std::string_view text);

/// The input of a run as raw JSON: `input` (raw JSON, or none) with the parameters written over it. Without parameters
/// the text stays as it is, to the digit. Errors: wrong usage when there are parameters and the input is not an object.
Outcome<std::string> merge_input(const std::optional<std::string>& input, const std::vector<Parameter>& parameters);

}  // namespace r8r::cli
