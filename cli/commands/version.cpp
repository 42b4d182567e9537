#include "cli/commands/version.hpp"

#include "cli/client/client_version.hpp"

namespace r8r::cli {
namespace {

constexpr std::chrono::milliseconds kLimit{2'000};

}  // namespace

int show_version(Context& context) {
  const Reply health = context.api.probe("/api/health", kLimit);
  const std::string server = health.json.is_object() ? member_text(health.json, "version") : "";
  context.console.document(
      {{"client", {{"version", client_version()}, {"commit", client_commit()}}},
       {"server", server.empty() ? Json(nullptr) : Json{{"version", server}, {"url", context.api.url()}}}});
  context.console.fact("Client", fmt::format("{} ({})", client_version(), client_commit()));
  context.console.fact("Server", fmt::format("{} at {}", server.empty() ? "none answers" : server, context.api.url()));
  return exit_code::kSuccess;
}

}  // namespace r8r::cli
