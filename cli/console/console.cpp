#include "cli/console/console.hpp"

#include <ostream>

#include "cli/console/table.hpp"
#include "cli/console/text.hpp"

namespace r8r::cli {

void Console::line(std::string_view text) {
  if (!json) out_ << printable(text) << '\n';
}

void Console::success(std::string_view text) {
  if (!json) out_ << "✓ " << printable(text) << '\n';
}

void Console::fact(std::string_view name, std::string_view value) {
  if (!json) out_ << name << ": " << printable(value) << '\n';
}

void Console::table(const std::vector<std::string>& headers, const std::vector<std::vector<std::string>>& rows) {
  if (!json) out_ << format_table(headers, rows);
}

void Console::raw(std::string_view text) {
  out_ << text;
}

void Console::hint(std::string_view text) {
  if (!json) error_ << printable(text) << '\n';
}

void Console::note(std::string_view text) {
  error_ << printable(text) << '\n';
}

void Console::document(const Json& value) {
  if (json) out_ << pretty(value) << '\n';
}

int Console::fail(const Failure& failure) {
  out_.flush();
  if (json) {
    error_ << json_form(failure).dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  } else if (colour) {
    std::string text = human_text(failure);
    text.insert(text.find(':'), "\x1b[0m");
    error_ << "\x1b[1;31m" << text << '\n';
  } else {
    error_ << human_text(failure) << '\n';
  }
  return failure.exit;
}

std::string pretty(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace r8r::cli
