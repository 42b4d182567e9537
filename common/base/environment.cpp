#include "common/base/environment.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>

#include "common/base/log.hpp"
#include "common/base/payload.hpp"

extern char** environ;  // NOLINT: POSIX

namespace r8r {
namespace {

// Every name that some part of the system reads; docs/configuration.md is the same list with meanings.
const std::vector<std::string>& known_names() {
  static const std::vector<std::string> names = {"R8R_SERVER_PORT",
                                                 "R8R_SERVER_HOST",
                                                 "R8R_METRICS_PORT",
                                                 "R8R_METRICS_HOST",
                                                 "R8R_DATABASE_URL",
                                                 "R8R_DB_POOL_SIZE",
                                                 "R8R_DB_POOL_TIMEOUT_SECS",
                                                 "R8R_NATS_URL",
                                                 "R8R_DATA_DIR",
                                                 "R8R_THREADS",
                                                 "R8R_PARTITIONS",
                                                 "R8R_LEASE_SECONDS",
                                                 "R8R_WORKER_POOLS",
                                                 "R8R_WORKER_CONCURRENCY",
                                                 "R8R_API_KEY",
                                                 "R8R_MONITOR_TOKEN",
                                                 "R8R_MONITOR_PUBLIC",
                                                 "R8R_MONITOR_BUFFER",
                                                 "R8R_MONITOR_MAX_CLIENTS",
                                                 "R8R_MAX_CONCURRENT_REQUESTS",
                                                 "R8R_MAX_REQUEST_BODY_BYTES",
                                                 "R8R_MAX_BACKLOG",
                                                 "R8R_MAX_WAIT_SECONDS",
                                                 "R8R_FAILED_STATUS",
                                                 "R8R_WEBHOOK_INPUT",
                                                 "R8R_TRUST_REQUEST_ID",
                                                 "R8R_ACCESS_LOG",
                                                 "R8R_CORS_ORIGINS",
                                                 "R8R_CORS_ALLOW_ALL",
                                                 "R8R_ALLOWED_ENV_VARS",
                                                 "R8R_ALLOW_INTERNAL_URLS",
                                                 "R8R_ALLOWED_INTERNAL",
                                                 "R8R_SHUTDOWN_TIMEOUT_SECONDS",
                                                 "R8R_SHUTDOWN_DELAY_SECONDS",
                                                 "R8R_LOG_LEVEL",
                                                 "R8R_LOG_FORMAT",
                                                 "R8R_URL",
                                                 "R8R_SERVER_URL",
                                                 "R8R_BASE_URL",
                                                 "R8R_MAX_CONNECTIONS",
                                                 "R8R_MAX_OUTPUT_BYTES",
                                                 "R8R_RETENTION_DAYS",
                                                 "R8R_IDEMPOTENCY_TTL_HOURS",
                                                 "R8R_HEALTH_API_KEY"};
  return names;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

Environment Environment::of_process() {
  std::map<std::string, std::string> values;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) values.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return Environment(std::move(values));
}

std::optional<std::string> Environment::text(std::string_view name) {
  if (const auto found = values_.find(std::string(name)); found != values_.end() && !found->second.empty())
    return found->second;
  if (const auto file = values_.find(std::string(name) + "_FILE"); file != values_.end() && !file->second.empty()) {
    std::ifstream in(file->second);
    if (!in) {
      add_problem(fmt::format("{}_FILE: cannot read '{}'", name, file->second));
      return std::nullopt;
    }
    std::string value{std::istreambuf_iterator<char>(in), {}};
    while (!value.empty() && (value.back() == '\n' || value.back() == '\r')) value.pop_back();
    if (!value.empty()) return value;
  }
  return std::nullopt;
}

std::string Environment::text_or(std::string_view name, std::string_view fallback) {
  return text(name).value_or(std::string(fallback));
}

std::int64_t Environment::integer(std::string_view name, std::int64_t fallback, std::int64_t low, std::int64_t high) {
  const auto value = text(name);
  if (!value) return fallback;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
  if (error != std::errc() || end != value->data() + value->size() || number < low || number > high) {
    add_problem(fmt::format("{}='{}' is not a whole number from {} to {}", name, *value, low, high));
    return fallback;
  }
  return number;
}

double Environment::number(std::string_view name, double fallback, double low, double high) {
  const auto value = text(name);
  if (!value) return fallback;
  double number = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
  if (error != std::errc() || end != value->data() + value->size() || !(number >= low && number <= high)) {
    add_problem(fmt::format("{}='{}' is not a number from {} to {}", name, *value, low, high));
    return fallback;
  }
  return number;
}

bool Environment::flag(std::string_view name, bool fallback) {
  const auto value = text(name);
  if (!value) return fallback;
  const std::string word = lower(*value);
  if (word == "true" || word == "1" || word == "yes") return true;
  if (word == "false" || word == "0" || word == "no") return false;
  add_problem(fmt::format("{}='{}' is neither true nor false", name, *value));
  return fallback;
}

std::string Environment::word(std::string_view name, const std::vector<std::string>& words) {
  const auto value = text(name);
  if (!value) return words.front();
  const std::string word = lower(*value);
  if (std::find(words.begin(), words.end(), word) != words.end()) return word;
  add_problem(fmt::format("{}='{}' is not one of: {}", name, *value, fmt::join(words, ", ")));
  return words.front();
}

std::vector<std::string> Environment::unknown_names() const {
  std::vector<std::string> lines;
  for (const auto& [name, value] : values_) {
    if (!name.starts_with("R8R_")) continue;
    std::string base = name;
    if (base.ends_with("_FILE")) base.resize(base.size() - 5);
    const auto& known = known_names();
    if (std::find(known.begin(), known.end(), base) != known.end()) continue;
    const std::string near = nearest_name(name, known);
    lines.push_back(near.empty() ? fmt::format("{} is not a setting of r8r", name)
                                 : fmt::format("{} is not a setting of r8r; did you mean {}?", name, near));
  }
  return lines;
}

CommonSettings read_common_settings(Environment& env) {
  CommonSettings settings;
  settings.database_url = env.text_or("R8R_DATABASE_URL", env.text_or("DATABASE_URL", ""));
  if (settings.database_url.empty()) {
    env.add_problem("R8R_DATABASE_URL is not set; give it as postgres://user@host:5432/database");
  } else if (!settings.database_url.starts_with("postgres://") && !settings.database_url.starts_with("postgresql://")) {
    env.add_problem("R8R_DATABASE_URL must begin with postgres:// or postgresql://");
  }
  settings.nats_url = env.text_or("R8R_NATS_URL", "");
  if (settings.nats_url.empty()) env.add_problem("R8R_NATS_URL is not set; give it as nats://host:4222");
  settings.db_pool_size = static_cast<int>(env.integer("R8R_DB_POOL_SIZE", 4, 1, 100));
  settings.partitions = static_cast<int>(env.integer("R8R_PARTITIONS", 64, 1, 4096));
  settings.shutdown_timeout = std::chrono::seconds(env.integer("R8R_SHUTDOWN_TIMEOUT_SECONDS", 30, 0, 3600));
  settings.max_output_bytes =
      static_cast<std::size_t>(env.integer("R8R_MAX_OUTPUT_BYTES", payload::kDefaultMaxOutputBytes, 1024, 64 << 20));
  settings.retention_days = static_cast<int>(env.integer("R8R_RETENTION_DAYS", 30, 0, 36'500));
  settings.idempotency_ttl = std::chrono::hours(env.integer("R8R_IDEMPOTENCY_TTL_HOURS", 24, 1, 24 * 365));
  return settings;
}

void configure_logging(Environment& env, std::string service) {
  const std::string level = env.word("R8R_LOG_LEVEL", {"info", "debug", "warn", "error", "trace"});
  const std::string format = env.word("R8R_LOG_FORMAT", {isatty(STDERR_FILENO) != 0 ? "text" : "json", "json", "text"});
  log::configure(std::move(service),
                 level == "debug" || level == "trace" ? log::Level::debug
                 : level == "warn"                    ? log::Level::warn
                 : level == "error"                   ? log::Level::error
                                                      : log::Level::info,
                 format == "text" ? log::Format::text : log::Format::json);
}

std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = 2 + name.size() / 3;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace r8r
