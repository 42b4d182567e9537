#include "cli/commands/db.hpp"

#include "cli/console/text.hpp"

namespace r8r::cli {
namespace {

// Retention moves and drops whole days.
constexpr std::chrono::minutes kRetentionLimit{12};

}  // namespace

int check_database(Context& context) {
  Console& console = context.console;
  const auto reply = context.api.get("/api/database/check");
  if (!reply) return console.fail(reply.error());
  const Json& found = reply->json;
  console.document(found);
  console.fact("Foreign keys", found.value("foreign_keys_enabled", false) ? "enabled" : "disabled");
  console.fact("Integrity check", member_text(found, "integrity_check"));
  console.fact("Foreign key violations", member_text(found, "foreign_key_violations"));
  std::int64_t orphans = 0;
  std::string kinds;
  const Json counts = found.value("orphans", Json::object());
  for (const auto& [kind, count] : counts.items()) {
    if (!count.is_number_integer() || count.get<std::int64_t>() == 0) continue;
    orphans += count.get<std::int64_t>();
    kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", count.get<std::int64_t>(), kind);
  }
  console.fact("Orphan rows", kinds.empty() ? "0" : fmt::format("{} ({})", orphans, kinds));
  return found.value("healthy", false) ? exit_code::kSuccess : exit_code::kError;
}

int apply_retention(Context& context, bool dry_run) {
  Console& console = context.console;
  const auto reply = context.api.post("/api/database/retention", Json({{"dry_run", dry_run}}).dump(), kRetentionLimit);
  if (!reply) return console.fail(reply.error());
  const Json& report = reply->json;
  console.document(report);
  if (console.json) return exit_code::kSuccess;
  const std::string days = member_text(report, "retention_days");
  console.fact("Kept", days == "0" ? "everything (R8R_RETENTION_DAYS is 0)" : days + " days");
  const auto list = [&](const char* title, const char* key) {
    const Json names = report.value(key, Json::array());
    for (const Json& name : names) console.fact(title, name.is_string() ? name.get<std::string>() : name.dump());
  };
  list(dry_run ? "Would drop" : "Dropped", "partitions");
  list("Postponed", "postponed");
  console.fact(dry_run ? "Rows that would be deleted" : "Rows deleted", member_text(report, "rows"));
  if (!dry_run) console.fact("Rows carried over", member_text(report, "rows_carried_over"));
  console.fact(dry_run ? "Idempotency keys that would be deleted" : "Idempotency keys deleted",
               member_text(report, "idempotency_keys"));
  return exit_code::kSuccess;
}

}  // namespace r8r::cli
