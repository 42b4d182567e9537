#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/expr/value.hpp"

namespace r8r::workflow {

class ProblemList;
struct SourceNode;

/// A compiled JSON Schema: draft 2020-12 with the older spellings of draft 7, as far as the input of a workflow needs
/// it. References stay within the schema. Checking is bounded in steps and depth whatever schema and value say, and
/// patterns are RE2's (docs/decisions/008-json-schema.md).
class JsonSchema {
 public:
  struct Rules;
  struct Violation {
    std::string path;  ///< items[2].price; empty: the value itself
    std::string message;
  };
  static constexpr std::size_t kMaxViolations = 100;

  /// Null when something is wrong with the schema; keywords that are not checked are warnings.
  static std::shared_ptr<const JsonSchema> compile(const SourceNode& source, const std::string& path,
                                                   ProblemList& problems);

  /// Everything that `value` does not fulfil, at most kMaxViolations of it.
  std::vector<Violation> check(const expr::Value& value) const;

  /// Whether an object that fits can have no property of this name, as far as the top level tells.
  bool forbids(std::string_view property) const;
  /// The properties that the top level names.
  std::vector<std::string> properties() const;

  explicit JsonSchema(std::vector<Rules> rules);
  ~JsonSchema();

 private:
  std::vector<Rules> rules_;  // the first is the whole schema
};

}  // namespace r8r::workflow
