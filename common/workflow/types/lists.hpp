#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/workflow/data_path.hpp"
#include "common/workflow/types/conditions.hpp"

/// The configs of the node types that work on a list.
namespace r8r::workflow {

/// The list is the node's input unless `path` says where it is.
struct ListConfig : ParsedConfig {
  std::optional<expr::Program> path;
};

struct FilterConfig final : ListConfig {
  Conditions conditions;
};

struct SortKey {
  FieldPath field;
  bool descending = false;
};
struct SortKeys final : ParsedConfig {
  std::vector<SortKey> all;
};
struct SortConfig final : ListConfig {
  std::vector<SortKey> keys;  ///< never empty
};

struct LimitConfig final : ListConfig {
  std::int64_t count = 0;
  std::int64_t offset = 0;
};

struct DedupeConfig final : ListConfig {
  enum class Keep { first, last, none };
  std::vector<FieldPath> fields;  ///< empty: the items themselves
  Keep keep = Keep::first;
  bool case_insensitive = false;
  std::string output_field;  ///< empty: the list alone
};

enum class Statistic { sum, avg, min, max, count };

struct Aggregation {
  Statistic function = Statistic::count;
  std::optional<FieldPath> field;  ///< nothing: the items themselves
  std::string alias;               ///< in the object of several
};
struct Aggregations final : ParsedConfig {
  std::vector<Aggregation> all;
};
struct AggregateConfig final : ListConfig {
  enum class Shape { array, object, first, last, value, values };
  Shape shape = Shape::array;
  std::optional<FieldPath> group_by;
  FieldPath key_field;                    ///< of Shape::object
  std::optional<FieldPath> value_field;   ///< nothing: the item
  std::vector<Aggregation> aggregations;  ///< one for a value
};

struct SummarizeConfig final : ListConfig {
  std::vector<std::pair<std::string, FieldPath>> fields;
};

struct SplitConfig final : ListConfig {
  std::int64_t batch_size = 0;  ///< 0: the list as it is
};

struct MergeConfig final : ParsedConfig {
  enum class Mode { object, array, combine, zip };
  Mode mode = Mode::object;
};

/// `path` under its other names.
ConfigFieldType path_field(std::vector<std::string_view> aliases = {});
/// The list is at `path`.
void read_path(ConfigReader& config, ListConfig& list);
/// The list is at `path` or at `other`, which means something else in other company.
void read_path(ConfigReader& config, ListConfig& list, std::string_view other);

}  // namespace r8r::workflow
