#pragma once
#include <string>

#include "cli/client/api_client.hpp"
#include "cli/console/console.hpp"

namespace r8r::cli {

/// What every command that speaks to a server is given.
struct Context {
  Console& console;
  ApiClient& api;
};

/// Adds near names and a way to see them all to a failure that says that `name` does not exist; other failures stay as
/// they are. Asks the server for its workflows.
Failure with_near_workflows(Context& context, Failure failure, const std::string& name);

/// A member of `object` for a person: text without quotes, null and missing as "".
std::string member_text(const Json& object, const char* key);

}  // namespace r8r::cli
