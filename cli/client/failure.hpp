#pragma once
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include "cli/client/exit_code.hpp"
#include "common/base/result.hpp"

namespace r8r::cli {

/// JSON as users see it: keys stay in their order.
using Json = nlohmann::ordered_json;

/// Why a command could not do what it was asked, ready to be shown in either form.
struct Failure {
  std::string code;  ///< a code of the API, or a local one such as IO_ERROR
  std::string message;
  int exit = exit_code::kError;
  std::vector<std::string> hints;
  std::vector<std::string> suggestions;  ///< near names
  std::string request_id;
  std::string execution_id;
  Json details;  ///< as the API gave them
};

template <class T = void>
using Outcome = tl::expected<T, Failure>;

inline tl::unexpected<Failure> failed(Failure failure) {
  return tl::make_unexpected(std::move(failure));
}
inline tl::unexpected<Failure> failed(std::string code, std::string message, int exit = exit_code::kError) {
  return tl::make_unexpected(Failure{std::move(code), std::move(message), exit, {}, {}, {}, {}, {}});
}
inline Failure failure_of(const Error& error) {
  return Failure{std::string(error_code_name(error.code)), error.message, exit_code::kError, {}, {}, {}, {}, {}};
}

/// "error[CODE]: message" and indented lines below it; no colour, no newline at the end.
std::string human_text(const Failure& failure);
/// {"error": {code, message, hints, suggestions, request_id, …}}
Json json_form(const Failure& failure);

}  // namespace r8r::cli
