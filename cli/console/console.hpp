#pragma once
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "cli/client/failure.hpp"

namespace r8r::cli {

/// Where a command's words go. Results on standard output, everything else on standard error; with --json standard
/// output holds one JSON document and nothing besides.
class Console {
 public:
  Console(std::ostream& out, std::ostream& error) : out_(out), error_(error) {}

  bool json = false;    ///< machine output
  bool utc = false;     ///< times in UTC instead of local time
  bool colour = false;  ///< of errors, on standard error

  /// For people only; nothing with --json.
  void line(std::string_view text);
  void success(std::string_view text);  ///< "✓ text"
  void fact(std::string_view name, std::string_view value);
  void table(const std::vector<std::string>& headers, const std::vector<std::vector<std::string>>& rows);
  /// A result that is data itself: as it is, in both modes.
  void raw(std::string_view text);
  /// What to do next: standard error, nothing with --json.
  void hint(std::string_view text);
  /// Problems and progress that belong to no result: standard error, in both modes.
  void note(std::string_view text);

  /// The one document of --json; nothing without.
  void document(const Json& value);

  /// Shows the failure in the form that was asked for, and returns its exit code.
  int fail(const Failure& failure);

 private:
  std::ostream& out_;
  std::ostream& error_;
};

/// Indented JSON for people and for --json alike; bytes that are not UTF-8 become U+FFFD.
std::string pretty(const Json& value);

}  // namespace r8r::cli
