#include "common/workflow/config.hpp"

#include "common/base/environment.hpp"
#include "common/expr/json.hpp"
#include "common/workflow/field_reader.hpp"
#include "common/workflow/node_types.hpp"

namespace r8r::workflow {

Operand::Operand(expr::ValueTemplate value) {
  if (value.is_constant()) {
    const expr::Scope nothing;
    expr::EvalContext context{.scope = nothing};
    if (Result<expr::Value> constant = value.evaluate(context)) constant_ = std::move(*constant);
  } else {
    template_ = std::move(value);
  }
}

Result<expr::Value> Operand::evaluate(expr::EvalContext& context) const {
  if (!template_) return constant_;
  return template_->evaluate(context);
}

bool ConfigValue::is_open() const {
  return reader_.origin_.is_open(value_);
}

// Whether the value can be looked at now.
bool ConfigValue::known() const {
  if (!is_open()) return true;
  if (fixed_) {
    problem("a template cannot stand here", "make the whole field one template instead");
  } else {
    reader_.complete_ = false;
  }
  return false;
}

void ConfigValue::problem(std::string message, std::string hint) const {
  reader_.origin_.problem(path_, at_, nullptr, std::move(message), std::move(hint));
}

std::string ConfigValue::place() const {
  return reader_.path_.empty() ? path_ : path_.substr(reader_.path_.size() + 1);
}

std::string_view ConfigValue::name() const {
  const std::size_t dot = path_.rfind('.');
  return dot == std::string::npos ? std::string_view(path_) : std::string_view(path_).substr(dot + 1);
}

void ConfigValue::wrong(std::string_view expected) const {
  problem(fmt::format("'{}' must be {}, not {}", name(), expected, shown_in_message(value_)));
}

std::optional<std::string> ConfigValue::text() const {
  if (!known()) return std::nullopt;
  if (value_.is_string()) return std::string(value_.as_string());
  wrong("a string");
  return std::nullopt;
}

std::optional<std::string_view> ConfigValue::word(const std::vector<std::string_view>& words) const {
  if (!known()) return std::nullopt;
  if (value_.is_string()) {
    for (const std::string_view word : words) {
      if (same_word(value_.as_string(), word)) return word;
    }
    const std::string near = nearest_name(value_.as_string(), std::vector<std::string>(words.begin(), words.end()));
    problem(fmt::format("'{}' must be one of {}, not {}", name(), fmt::join(words, ", "), shown_in_message(value_)),
            near.empty() ? "" : fmt::format("did you mean '{}'?", near));
    return std::nullopt;
  }
  wrong(fmt::format("one of {}", fmt::join(words, ", ")));
  return std::nullopt;
}

std::optional<bool> ConfigValue::boolean() const {
  if (!known()) return std::nullopt;
  if (value_.is_bool()) return value_.as_bool();
  wrong("true or false");
  return std::nullopt;
}

std::optional<std::vector<ConfigValue>> ConfigValue::list() const {
  if (!known()) return std::nullopt;
  if (!value_.is_array()) {
    wrong("a list");
    return std::nullopt;
  }
  std::vector<ConfigValue> items;
  const std::vector<expr::Value>& values = value_.as_array();
  items.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    items.emplace_back(reader_, fmt::format("{}[{}]", path_, i), values[i],
                       at_ == nullptr ? nullptr : &at_->children[i], fixed_);
  }
  return items;
}

std::optional<ConfigEntry> ConfigValue::map() const {
  if (!known()) return std::nullopt;
  if (value_.is_map()) return ConfigEntry(*this);
  wrong("a map");
  return std::nullopt;
}

std::optional<std::vector<std::string>> ConfigValue::texts() const {
  if (!known()) return std::nullopt;
  std::vector<std::string> all;
  if (value_.is_string()) {
    all.emplace_back(value_.as_string());
    return all;
  }
  if (!value_.is_array()) {
    wrong("a string or a list of strings");
    return std::nullopt;
  }
  const auto items = list();
  bool good = items.has_value();
  if (good) {
    for (const ConfigValue& item : *items) {
      if (auto text = item.text()) {
        all.push_back(std::move(*text));
      } else {
        good = false;
      }
    }
  }
  return good ? std::optional(std::move(all)) : std::nullopt;
}

std::optional<Operand> ConfigValue::operand(bool sees_item) const {
  return reader_.origin_.operand(path_, at_, value_, sees_item);
}

std::optional<expr::Program> ConfigValue::expression(bool sees_item) const {
  return reader_.origin_.expression(path_, at_, value_, sees_item);
}

ConfigValue ConfigEntry::field(std::string_view name) const {
  return {map_.reader_, fmt::format("{}.{}", map_.path_, name), *map_.value_.as_map().find(name),
          map_.at_ == nullptr ? nullptr : map_.at_->find(name), map_.fixed_};
}

std::optional<ConfigValue> ConfigEntry::take(std::string_view name, const std::vector<std::string_view>& aliases) {
  const expr::Map& fields = map_.value_.as_map();
  std::optional<ConfigValue> found;
  std::string_view found_as;
  const auto look = [&](std::string_view candidate) {
    known_.emplace_back(candidate);
    if (!fields.contains(candidate)) return;
    if (found) {
      field(candidate).problem(fmt::format("'{}' and '{}' are two names of one field", found_as, candidate),
                               "give one of them");
      return;
    }
    found.emplace(field(candidate));
    found_as = candidate;
  };
  look(name);
  for (const std::string_view alias : aliases) look(alias);
  return found;
}

std::optional<ConfigValue> ConfigEntry::require(std::string_view name, const std::vector<std::string_view>& aliases) {
  auto found = take(name, aliases);
  if (!found) {
    map_.reader_.origin_.problem(fmt::format("{}.{}", map_.path_, name), map_.at_, nullptr,
                                 fmt::format("the field '{}' is missing", name), "");
  }
  return found;
}

void ConfigEntry::finish() {
  const expr::Map& fields = map_.value_.as_map();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string_view key = fields.at(i).key();
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    map_.reader_.origin_.problem(fmt::format("{}.{}", map_.path_, key), map_.at_,
                                 map_.at_ == nullptr ? nullptr : &map_.at_->keys[i],
                                 fmt::format("unknown field '{}'", key), nearest_hint(key, known_));
  }
}

std::vector<std::pair<std::string, ConfigValue>> ConfigEntry::entries() const {
  std::vector<std::pair<std::string, ConfigValue>> all;
  for (const auto& [key, value] : map_.value_.as_map()) all.emplace_back(std::string(key), field(key));
  return all;
}

ConfigReader::ConfigReader(const Node& node, const expr::Map& values, std::vector<std::string_view> open,
                           ConfigOrigin& origin, const SourceNode* source, std::string path)
    : node_(node), values_(values), open_(std::move(open)), origin_(origin), source_(source), path_(std::move(path)) {}

bool ConfigReader::has(std::string_view name) const {
  if (values_.contains(name) || std::find(open_.begin(), open_.end(), name) != open_.end()) return true;
  const ConfigField* field = node_.field(name);
  return field != nullptr && (field->expression || field->part != nullptr);
}

// The field in the file, and the name that the file gives it.
const SourceNode* ConfigReader::source_of(std::string_view name, std::string& given_name) const {
  if (source_ == nullptr || node_.kind == nullptr) return nullptr;
  for (std::size_t i = 0; i < source_->keys.size(); ++i) {
    const ConfigFieldType* field = node_.kind->field(source_->keys[i].text);
    if (field == nullptr || field->name != name) continue;
    given_name = source_->keys[i].text;
    return &source_->children[i];
  }
  return nullptr;
}

std::optional<ConfigValue> ConfigReader::find(std::string_view name) {
  if (std::find(open_.begin(), open_.end(), name) != open_.end()) {
    complete_ = false;
    return std::nullopt;
  }
  const expr::Value* value = values_.find(name);
  if (value == nullptr) return std::nullopt;
  std::string given_name(name);
  const SourceNode* at = source_of(name, given_name);
  const ConfigFieldType* field = node_.kind == nullptr ? nullptr : node_.kind->field(name);
  // Templates that see an item cannot be evaluated all at once before the node's body runs.
  const bool fixed =
      field != nullptr && field->kind == ConfigKind::parts && field->sees_item && !origin_.is_open(*value);
  return ConfigValue(*this, path_.empty() ? given_name : fmt::format("{}.{}", path_, given_name), *value, at, fixed);
}

bool ConfigReader::known(const ConfigValue& value) {
  if (value.is_open()) complete_ = false;
  return !value.is_open();
}

std::optional<std::string> ConfigReader::text(std::string_view name) {
  const auto value = find(name);
  if (!value || !known(*value) || !value->value().is_string()) return std::nullopt;
  return std::string(value->value().as_string());
}

std::optional<std::int64_t> ConfigReader::integer(std::string_view name) {
  const auto value = find(name);
  if (!value || !known(*value) || !value->value().is_int()) return std::nullopt;
  return value->value().as_int();
}

std::optional<double> ConfigReader::number(std::string_view name) {
  const auto value = find(name);
  if (!value || !known(*value) || !value->value().is_number()) return std::nullopt;
  return value->value().as_number();
}

std::optional<bool> ConfigReader::boolean(std::string_view name) {
  const auto value = find(name);
  if (!value || !known(*value) || !value->value().is_bool()) return std::nullopt;
  return value->value().as_bool();
}

std::optional<Operand> ConfigReader::operand(std::string_view name) {
  const auto value = find(name);
  return value ? value->operand() : std::nullopt;
}

std::optional<expr::Program> ConfigReader::program(std::string_view name) const {
  const ConfigField* field = node_.field(name);
  return field == nullptr ? std::nullopt : field->expression;
}

std::optional<expr::Program> ConfigReader::data_path(std::string_view name) {
  if (auto compiled = program(name)) return compiled;
  const auto value = find(name);
  if (!value) return std::nullopt;
  auto compiled = origin_.data_path(value->path(), value->at_);
  if (compiled) parts_.push_back({.name = std::string(name), .expression = compiled});
  return compiled;
}

void ConfigReader::problem(std::string message, std::string hint) {
  origin_.problem(path_, source_, nullptr, std::move(message), std::move(hint));
}

void ConfigReader::problem_at(std::string_view name, std::string message, std::string hint) {
  std::string given_name(name);
  const SourceNode* at = source_of(name, given_name);
  origin_.problem(path_.empty() ? given_name : fmt::format("{}.{}", path_, given_name), at == nullptr ? source_ : at,
                  nullptr, std::move(message), std::move(hint));
}

std::shared_ptr<const ParsedConfig> ConfigReader::kept_part(std::string_view name) const {
  const ConfigField* field = node_.field(name);
  return field == nullptr ? nullptr : field->part;
}

namespace {

// The values that templates gave: everything is known, and the first problem fails the node.
class RunOrigin final : public ConfigOrigin {
 public:
  void problem(const std::string& path, const SourceNode*, const SourceNode::Key*, std::string message,
               std::string) override {
    if (!first.empty()) return;
    const bool says_where = path.empty() || message.starts_with(fmt::format("'{}' ", path));
    first = says_where ? std::move(message) : fmt::format("{}: {}", path, message);
  }
  bool is_open(const expr::Value&) const override { return false; }
  std::optional<Operand> operand(const std::string&, const SourceNode*, const expr::Value& value, bool) override {
    return Operand(value);
  }
  std::optional<expr::Program> expression(const std::string& path, const SourceNode*, const expr::Value&,
                                          bool) override {
    problem(path, nullptr, nullptr, "an expression cannot come out of a template", "");
    return std::nullopt;
  }

  std::optional<expr::Program> data_path(const std::string& path, const SourceNode*) override {
    problem(path, nullptr, nullptr, "a path to data cannot come out of a template", "");
    return std::nullopt;
  }

  std::string first;
};

}  // namespace

Result<std::shared_ptr<const ParsedConfig>> parse_config(const Node& node, const expr::Map& values) {
  RunOrigin origin;
  ConfigReader reader(node, values, {}, origin, nullptr, "");
  std::shared_ptr<const ParsedConfig> parsed = node.kind->parse(reader);
  if (!origin.first.empty()) return fail(ErrorCode::invalid_field, std::move(origin.first));
  return parsed;
}

}  // namespace r8r::workflow
