#include "services/worker/settings.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

extern char** environ;  // NOLINT: POSIX

namespace r8r::worker {
namespace {

// What would let a workflow act as r8r itself.
constexpr std::array<std::string_view, 5> kOwnSecrets = {"R8R_DATABASE_URL", "R8R_NATS_URL", "R8R_API_KEY",
                                                         "R8R_MONITOR_TOKEN", "R8R_ALLOWED_INTERNAL"};

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

// A pool's name is one token of a NATS subject and part of a consumer's name.
bool is_pool_name(std::string_view name) {
  return name.size() <= 64 && std::all_of(name.begin(), name.end(),
                                          [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
}

AddressGuard read_guard(Environment& env) {
  const std::string exceptions = env.text_or("R8R_ALLOWED_INTERNAL", "");
  Result<AddressGuard> guard = AddressGuard::with_exceptions(exceptions);
  if (!guard) env.add_problem("R8R_ALLOWED_INTERNAL: " + guard.error().message);
  if (env.flag("R8R_ALLOW_INTERNAL_URLS", false)) return AddressGuard::open();
  return guard ? std::move(*guard) : AddressGuard();
}

std::string process_name() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return fmt::format("{}:{}", host[0] == '\0' ? "worker" : host.data(), ::getpid());
}

}  // namespace

Settings read_settings(Environment& env) {
  Settings settings;
  settings.common = read_common_settings(env);
  settings.pools = words(env.text_or("R8R_WORKER_POOLS", "default"));
  std::sort(settings.pools.begin(), settings.pools.end());
  settings.pools.erase(std::unique(settings.pools.begin(), settings.pools.end()), settings.pools.end());
  if (settings.pools.empty()) env.add_problem("R8R_WORKER_POOLS names no pool");
  for (const std::string& pool : settings.pools) {
    if (!is_pool_name(pool))
      env.add_problem(
          fmt::format("R8R_WORKER_POOLS: '{}' is no pool name; use letters, digits, '-' and '_', at most 64", pool));
  }
  settings.concurrency = static_cast<std::size_t>(env.integer("R8R_WORKER_CONCURRENCY", 256, 1, 100'000));
  settings.metrics_host = env.text_or("R8R_METRICS_HOST", "127.0.0.1");
  settings.metrics_port = static_cast<unsigned short>(env.integer("R8R_METRICS_PORT", 9103, 0, 65'535));
  settings.guard = read_guard(env);
  settings.allowed_env = words(env.text_or("R8R_ALLOWED_ENV_VARS", ""));
  settings.name = process_name();
  return settings;
}

expr::Value expression_env(const std::map<std::string, std::string>& variables,
                           const std::vector<std::string>& allowed) {
  expr::Map map;
  for (const auto& [name, value] : variables) {
    const bool named = std::find(allowed.begin(), allowed.end(), name) != allowed.end();
    if (named || (name.starts_with("R8R_") && !is_own_secret(name))) map.set(name, expr::Value::string(value));
  }
  return expr::Value::map(std::move(map));
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

}  // namespace r8r::worker
