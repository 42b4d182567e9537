#include "services/worker/settings.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "common/workflow/expression_env.hpp"

namespace r8r::worker {
namespace {

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
  settings.expression_env = workflow::read_expression_env(env);
  settings.name = process_name();
  return settings;
}

}  // namespace r8r::worker
