#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/expr/evaluate.hpp"
#include "common/expr/program.hpp"
#include "common/expr/template.hpp"
#include "common/expr/value.hpp"
#include "common/workflow/source_node.hpp"
#include "common/workflow/workflow.hpp"

/// How a node type turns its config into a struct of its own: by one function that runs when the workflow is created
/// and, where templates decide the shape of the config, again on the values that they gave. README.md shows the whole
/// way.
namespace r8r::workflow {

/// What a node type makes of its config; each type's struct derives from it. Immutable once parsed.
struct ParsedConfig {
  virtual ~ParsedConfig() = default;
  /// Whether the body looks at the node's input although no expression says so.
  bool reads_input = true;
};

/// A value inside a config that the body takes as it comes: a constant, or templates that the body evaluates.
class Operand {
 public:
  Operand() = default;
  explicit Operand(expr::Value constant) : constant_(std::move(constant)) {}
  explicit Operand(expr::ValueTemplate value);

  bool is_constant() const { return !template_; }
  const expr::Value& constant() const { return constant_; }
  /// Whether it is another value for each item.
  bool uses_item() const { return template_ && template_->references().item; }
  Result<expr::Value> evaluate(expr::EvalContext& context) const;

 private:
  expr::Value constant_;
  std::optional<expr::ValueTemplate> template_;
};

/// Where a config comes from: the file, or the values that its templates gave for one run.
class ConfigOrigin {
 public:
  virtual ~ConfigOrigin() = default;
  /// `at` and `key` are null outside of a file; `key` names an entry of a map.
  virtual void problem(const std::string& path, const SourceNode* at, const SourceNode::Key* key, std::string message,
                       std::string hint) = 0;
  /// Whether the value is a template, so that it is known only when the node runs.
  virtual bool is_open(const expr::Value& value) const = 0;
  virtual std::optional<Operand> operand(const std::string& path, const SourceNode* at, const expr::Value& value,
                                         bool sees_item) = 0;
  /// An expression that stands inside a list or map of the config; only in files.
  virtual std::optional<expr::Program> expression(const std::string& path, const SourceNode* at,
                                                  const expr::Value& value, bool sees_item) = 0;
  /// A path to data in a field that means one only beside certain others; only in files.
  virtual std::optional<expr::Program> data_path(const std::string& path, const SourceNode* at) = 0;
};

class ConfigReader;
class ConfigEntry;

/// One value of a config with its place. What it should be is asked for; a wrong one is reported and gives nothing. A
/// value that only a run can tell (open) gives nothing as well and makes the config incomplete: it is parsed again
/// then.
class ConfigValue {
 public:
  ConfigValue(ConfigReader& reader, std::string path, const expr::Value& value, const SourceNode* at, bool fixed)
      : reader_(reader), path_(std::move(path)), value_(value), at_(at), fixed_(fixed) {}

  bool is_open() const;
  bool is_null() const { return value_.is_null(); }
  const expr::Value& value() const { return value_; }
  const std::string& path() const { return path_; }
  /// The path from the config on, for messages of a run.
  std::string place() const;

  std::optional<std::string> text() const;
  /// One of `words`, in any case; as the list spells it.
  std::optional<std::string_view> word(const std::vector<std::string_view>& words) const;
  std::optional<bool> boolean() const;
  std::optional<std::vector<ConfigValue>> list() const;
  std::optional<ConfigEntry> map() const;
  /// The strings of a list; a string alone counts as a list of one.
  std::optional<std::vector<std::string>> texts() const;
  /// Whatever it is, templates included.
  std::optional<Operand> operand(bool sees_item = false) const;
  std::optional<expr::Program> expression(bool sees_item = false) const;

  void problem(std::string message, std::string hint = {}) const;
  /// What it is called where it stands: the last part of its path.
  std::string_view name() const;

 private:
  friend class ConfigEntry;
  friend class ConfigReader;
  bool known() const;
  void wrong(std::string_view expected) const;

  ConfigReader& reader_;
  std::string path_;
  expr::Value value_;
  const SourceNode* at_;
  bool fixed_;  ///< it cannot be parsed again, so it has to be known
};

/// A map inside a config: its fields are taken by name, finish() reports those that nobody took.
class ConfigEntry {
 public:
  explicit ConfigEntry(const ConfigValue& map) : map_(map) {}

  /// The field under one of its names; null counts as a value. Two names of one field are a problem.
  std::optional<ConfigValue> take(std::string_view name, const std::vector<std::string_view>& aliases = {});
  /// The same, and a problem when it is not there.
  std::optional<ConfigValue> require(std::string_view name, const std::vector<std::string_view>& aliases = {});
  void finish();

  const ConfigValue& source() const { return map_; }
  /// The entries of a map whose keys are the user's own.
  std::vector<std::pair<std::string, ConfigValue>> entries() const;

 private:
  ConfigValue field(std::string_view name) const;

  ConfigValue map_;
  std::vector<std::string> known_;
};

/// The whole config: fields by canonical names, their kinds checked already by the table of the type.
class ConfigReader {
 public:
  /// `open`: fields that were given and whose values are not known (yet, or because they were wrong). All must outlive
  /// the reader.
  ConfigReader(const Node& node, const expr::Map& values, std::vector<std::string_view> open, ConfigOrigin& origin,
               const SourceNode* source, std::string path);

  /// Whether the field was given.
  bool has(std::string_view name) const;
  std::optional<ConfigValue> find(std::string_view name);

  // Fields that the table has checked: nothing when it was not given or is open.
  std::optional<std::string> text(std::string_view name);
  std::optional<std::int64_t> integer(std::string_view name);
  std::optional<double> number(std::string_view name);
  std::optional<bool> boolean(std::string_view name);
  /// A field of kind `parts` that the body takes as it comes; see Operand.
  std::optional<Operand> operand(std::string_view name);
  /// An expression or a path.
  std::optional<expr::Program> program(std::string_view name) const;
  /// A field of kind `parts` that holds a path to data.
  std::optional<expr::Program> data_path(std::string_view name);

  /// A field of kind `parts`, parsed by `parse` (ConfigValue) -> std::shared_ptr<Part>; null when it was not given or
  /// is open. What was parsed when the workflow was created is not parsed again.
  template <class Part>
  std::shared_ptr<const Part> part(std::string_view name, std::shared_ptr<const Part> (*parse)(const ConfigValue&)) {
    if (auto kept = kept_part(name)) return std::static_pointer_cast<const Part>(kept);
    const std::optional<ConfigValue> value = find(name);
    if (!value || !known(*value)) return nullptr;
    const bool complete_before = std::exchange(complete_, true);
    std::shared_ptr<const Part> part = parse(*value);
    if (complete_) parts_.push_back({.name = std::string(name), .part = part});
    complete_ = complete_ && complete_before;
    return part;
  }

  /// About the config as a whole, or about one of its fields.
  void problem(std::string message, std::string hint = {});
  void problem_at(std::string_view name, std::string message, std::string hint = {});

  /// Whether everything that was asked for was known.
  bool complete() const { return complete_; }
  /// Parts that are parsed for good, by field; for whoever made the reader.
  std::vector<ConfigField>& parts() { return parts_; }

 private:
  friend class ConfigValue;
  friend class ConfigEntry;
  bool known(const ConfigValue& value);
  std::shared_ptr<const ParsedConfig> kept_part(std::string_view name) const;
  const SourceNode* source_of(std::string_view name, std::string& given_name) const;

  const Node& node_;
  const expr::Map& values_;
  std::vector<std::string_view> open_;
  ConfigOrigin& origin_;
  const SourceNode* source_;
  std::string path_;
  bool complete_ = true;
  std::vector<ConfigField> parts_;
};

/// Parses the config of a node whose parsed form depends on templates: `values` are its fields as evaluated for this
/// run, by canonical names. Errors: invalid_field with the place inside the config.
Result<std::shared_ptr<const ParsedConfig>> parse_config(const Node& node, const expr::Map& values);

}  // namespace r8r::workflow
