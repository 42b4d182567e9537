#include "common/workflow/expression_env.hpp"

#include <algorithm>
#include <array>

extern char** environ;  // NOLINT: POSIX

namespace r8r::workflow {
namespace {

// What would let a workflow act as r8r itself.
constexpr std::array<std::string_view, 6> kOwnSecrets = {"R8R_DATABASE_URL",   "R8R_NATS_URL",
                                                         "R8R_API_KEY",        "R8R_MONITOR_TOKEN",
                                                         "R8R_HEALTH_API_KEY", "R8R_ALLOWED_INTERNAL"};

bool is_own_secret(std::string_view name) {
  if (name.ends_with("_FILE")) name.remove_suffix(5);
  return std::find(kOwnSecrets.begin(), kOwnSecrets.end(), name) != kOwnSecrets.end();
}

std::vector<std::string> words(std::string_view list) {
  std::vector<std::string> out;
  std::string word;
  for (const char c : list) {
    if (c == ',' || c == ' ' || c == '\t') {
      if (!word.empty()) out.push_back(std::move(word));
      word.clear();
    } else {
      word += c;
    }
  }
  if (!word.empty()) out.push_back(std::move(word));
  return out;
}

std::map<std::string, std::string> process_variables() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

}  // namespace

expr::Value expression_env(const std::map<std::string, std::string>& variables,
                           const std::vector<std::string>& allowed) {
  expr::Map map;
  for (const auto& [name, value] : variables) {
    const bool named = std::find(allowed.begin(), allowed.end(), name) != allowed.end();
    if (named || (name.starts_with("R8R_") && !is_own_secret(name))) map.set(name, expr::Value::string(value));
  }
  return expr::Value::map(std::move(map));
}

expr::Value read_expression_env(Environment& env) {
  return expression_env(process_variables(), words(env.text_or("R8R_ALLOWED_ENV_VARS", "")));
}

}  // namespace r8r::workflow
