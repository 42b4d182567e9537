#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"

namespace r8r {

/// Typed reading of R8R_* variables. A value that is wrong is noted, the default is returned, and the program stops
/// after reading everything, so that one start shows every mistake:
///
///   Environment env = Environment::of_process();
///   ApiSettings settings = read_settings(env);
///   if (!env.problems().empty()) { ...print each, exit 2... }
///
/// An empty value counts as not set. NAME_FILE names a file that holds the value (for secrets).
class Environment {
 public:
  static Environment of_process();
  explicit Environment(std::map<std::string, std::string> values) : values_(std::move(values)) {}

  std::optional<std::string> text(std::string_view name);
  std::string text_or(std::string_view name, std::string_view fallback);
  std::int64_t integer(std::string_view name, std::int64_t fallback, std::int64_t low, std::int64_t high);
  double number(std::string_view name, double fallback, double low, double high);
  /// true/false, 1/0, yes/no, in any case.
  bool flag(std::string_view name, bool fallback);
  /// One of `words`; the first is the default.
  std::string word(std::string_view name, const std::vector<std::string>& words);

  /// What was wrong, each as one line for a person.
  const std::vector<std::string>& problems() const { return problems_; }
  void add_problem(std::string line) { problems_.push_back(std::move(line)); }
  /// A line for each R8R_ name that no part of the system knows, with the nearest known one.
  std::vector<std::string> unknown_names() const;

 private:
  std::map<std::string, std::string> values_;
  std::vector<std::string> problems_;
};

/// Settings that every service has.
struct CommonSettings {
  std::string database_url;
  std::string nats_url;
  int db_pool_size = 4;
  int partitions = 64;
  std::chrono::seconds shutdown_timeout{30};
  std::size_t max_output_bytes = 8u << 20;  ///< of one node, as JSON
  int retention_days = 30;                  ///< 0: everything is kept
  std::chrono::hours idempotency_ttl{24};
};
/// R8R_DATABASE_URL (or DATABASE_URL), R8R_NATS_URL, R8R_DB_POOL_SIZE, R8R_PARTITIONS, R8R_SHUTDOWN_TIMEOUT_SECONDS,
/// R8R_MAX_OUTPUT_BYTES, R8R_RETENTION_DAYS, R8R_IDEMPOTENCY_TTL_HOURS.
CommonSettings read_common_settings(Environment& env);

/// R8R_LOG_LEVEL and R8R_LOG_FORMAT, applied.
void configure_logging(Environment& env, std::string service);

/// The nearest of `candidates` to a misspelt `name` (edit distance at most 1 + length / 3), or empty.
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace r8r
