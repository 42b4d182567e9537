#pragma once
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/workflow/problem_list.hpp"
#include "common/workflow/source_node.hpp"

namespace r8r::workflow {

/// Reads the fields of one map of the file. Each reading notes what is wrong and says nothing when the field is not
/// there; finish() names the fields that nobody asked for.
///
///   FieldReader fields(node, "settings", problems);
///   if (auto n = fields.integer("max_concurrency", 1, 1000)) settings.max_concurrency = *n;
///   fields.finish();
class FieldReader {
 public:
  /// `map` must be a map and outlive the reader. `path` is empty for the top level.
  FieldReader(const SourceNode& map, std::string path, ProblemList& problems)
      : map_(map), path_(std::move(path)), problems_(problems) {}

  /// The value under `name` or one of its other names, of whatever kind, null included; giving two of them is a
  /// problem.
  const SourceNode* take(std::string_view name, const std::vector<std::string_view>& aliases = {});

  /// The same, nothing when it is null.
  const SourceNode* take_given(std::string_view name);
  /// Whether the field is there and not null; a problem otherwise. `meaning`: what it is for.
  bool needs(std::string_view name, std::string_view meaning);

  std::optional<std::string> text(std::string_view name, std::size_t max_length);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t low, std::int64_t high);
  std::optional<double> number(std::string_view name, double low, double high);
  std::optional<bool> boolean(std::string_view name);
  std::optional<std::string> word(std::string_view name, std::initializer_list<std::string_view> words);
  /// Null counts as not there.
  const SourceNode* map(std::string_view name);
  const SourceNode* list(std::string_view name);

  /// A field that the language has and this version neither reads nor runs: see ProblemList::note_not_run.
  void unavailable(std::string_view name);

  /// Reports unknown fields; `extra` are names that would also have been right here, for the hints.
  void finish(std::initializer_list<std::string_view> extra = {});

  std::string path_of(std::string_view name) const;
  const SourceNode& source() const { return map_; }
  ProblemList& problems() { return problems_; }
  const std::string& path() const { return path_; }

 private:
  const SourceNode* take_value(std::string_view name);
  void wrong(std::string_view name, const SourceNode& at, std::string_view expected, std::string hint = {});

  const SourceNode& map_;
  std::string path_;
  ProblemList& problems_;
  std::vector<std::string> known_;
};

/// "did you mean 'x'?" for the nearest of `known`, or a list of them when there are few, or nothing.
std::string nearest_hint(std::string_view name, const std::vector<std::string>& known);

}  // namespace r8r::workflow
