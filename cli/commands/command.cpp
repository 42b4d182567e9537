#include "cli/commands/command.hpp"

#include "cli/console/near_names.hpp"

namespace r8r::cli {

Failure with_near_workflows(Context& context, Failure failure, const std::string& name) {
  if (failure.code != "WORKFLOW_NOT_FOUND") return failure;
  const auto list = context.api.get("/api/workflows");
  if (!list || !list->json.is_object() || !list->json.contains("workflows")) return failure;
  std::vector<std::string> names;
  for (const Json& entry : list->json.at("workflows"))
    if (entry.is_object()) names.push_back(member_text(entry, "name"));
  failure.suggestions = near_names(name, names);
  failure.hints.push_back(names.empty() ? "there are no workflows yet; make one with: r8r workflows create FILE"
                                        : "see them all with: r8r workflows list");
  return failure;
}

std::string member_text(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace r8r::cli
