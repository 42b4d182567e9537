#include "cli/client/json_argument.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <istream>
#include <iterator>

#include "common/base/json_text.hpp"

namespace r8r::cli {
namespace {

tl::unexpected<Failure> unreadable(const std::string& path, int error) {
  return failed("IO_ERROR", fmt::format("cannot read '{}': {}", path, std::strerror(error)));
}

}  // namespace

Outcome<std::string> read_file(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return unreadable(path, errno);
  std::string text;
  std::array<char, 65536> block;
  while (in.read(block.data(), block.size()) || in.gcount() > 0)
    text.append(block.data(), static_cast<std::size_t>(in.gcount()));
  // A folder opens like a file and fails at the first read.
  if (in.bad()) return unreadable(path, errno != 0 ? errno : EIO);
  return text;
}

Outcome<std::string> read_file_or(const std::string& path, std::istream& standard_input) {
  if (path != "-") return read_file(path);
  return std::string{std::istreambuf_iterator<char>(standard_input), {}};
}

Outcome<std::string> read_json_argument(const std::string& argument, std::istream& standard_input) {
  std::string text = argument;
  std::string where = "the argument";
  if (argument == "-" || argument.starts_with('@')) {
    where = argument == "-" ? "standard input" : fmt::format("'{}'", argument.substr(1));
    auto file = read_file_or(argument == "-" ? argument : argument.substr(1), standard_input);
    if (!file) return failed(std::move(file.error()));
    text = std::move(*file);
  }
  try {
    // Parsed for the check alone: what is sent is the text.
    [[maybe_unused]] const Json checked = Json::parse(text);
  } catch (const Json::exception& error) {
    std::string reason = error.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 2: …": the part in brackets is the library's.
    if (const auto bracket = reason.find("] "); bracket != std::string::npos) reason.erase(0, bracket + 2);
    Failure failure{
        "JSON_ERROR", fmt::format("{} is not JSON: {}", where, reason), exit_code::kError, {}, {}, {}, {}, {}};
    failure.hints.push_back("quote it for the shell: -i '{\"key\": \"value\"}', or give a file: -i @input.json");
    return failed(std::move(failure));
  }
  return text;
}

Outcome<Parameter> parse_parameter(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0)
    return failed("USAGE_ERROR", fmt::format("'{}' is not of the form key=value", text), exit_code::kUsage);
  Parameter parameter{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
  if (Json::parse(parameter.value, nullptr, false).is_discarded()) parameter.value = json_string(parameter.value);
  return parameter;
}

Outcome<std::string> merge_input(const std::optional<std::string>& input, const std::vector<Parameter>& parameters) {
  if (parameters.empty()) return input.value_or("{}");
  const Json base = input ? Json::parse(*input) : Json(nullptr);
  if (!base.is_object() && !base.is_null())
    return failed("USAGE_ERROR",
                  fmt::format("--param needs an input that is an object, and --input is {}",
                              base.is_array() ? std::string("an array") : fmt::format("a {}", base.type_name())),
                  exit_code::kUsage);
  // Later parameters win over earlier ones and over the input; each key stays where it first stood.
  std::vector<Parameter> members;
  const auto put = [&members](Parameter member) {
    for (Parameter& known : members) {
      if (known.key != member.key) continue;
      known.value = std::move(member.value);
      return;
    }
    members.push_back(std::move(member));
  };
  if (base.is_object())
    for (const auto& [key, value] : base.items()) put({key, value.dump()});
  for (const Parameter& parameter : parameters) put(parameter);
  std::string text = "{";
  for (const Parameter& member : members) {
    if (text.size() > 1) text += ',';
    append_json_string(text, member.key);
    text += ':';
    text += member.value;
  }
  return text + '}';
}

}  // namespace r8r::cli
