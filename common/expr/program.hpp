#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "common/expr/problem.hpp"
#include "common/expr/references.hpp"

namespace r8r::expr {

struct CompileOptions {
  /// Ids that `nodes.x` may name, and that are top-level names with `-` turned into `_`. Only read while compiling.
  std::span<const std::string> node_ids;
  /// More top-level names, for example "error" or "value".
  std::vector<std::string> extra_names;
};

struct ProgramData;

/// A compiled script: immutable, cheap to copy, shared by everyone in one thread.
class Program {
 public:
  /// `source` may have {{ }} around the whole of it. Fails at the first mistake. Unknown names are no mistake here:
  /// they are listed in references().unknown_roots.
  static tl::expected<Program, Problem> compile(std::string_view source, const CompileOptions& options);

  const References& references() const;
  const std::string& source() const;

  explicit Program(std::shared_ptr<const ProgramData> data) : data_(std::move(data)) {}
  const ProgramData& data() const { return *data_; }

 private:
  std::shared_ptr<const ProgramData> data_;
};

}  // namespace r8r::expr
