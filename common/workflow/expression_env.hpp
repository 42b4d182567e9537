#pragma once
#include <map>
#include <string>
#include <vector>

#include "common/base/environment.hpp"
#include "common/expr/value.hpp"

namespace r8r::workflow {

/// What expressions see as `env`: the variables named R8R_…, and those of `allowed`. The addresses and keys with which
/// r8r itself is run (R8R_DATABASE_URL, R8R_API_KEY, …) are only there when `allowed` names them.
expr::Value expression_env(const std::map<std::string, std::string>& variables,
                           const std::vector<std::string>& allowed);

/// The same from the process's environment, with the names in R8R_ALLOWED_ENV_VARS.
expr::Value read_expression_env(Environment& env);

}  // namespace r8r::workflow
