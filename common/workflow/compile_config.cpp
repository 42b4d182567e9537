#include "common/workflow/config.hpp"
#include "common/workflow/node_compiler.hpp"

namespace r8r::workflow {
namespace {

/// A config as the file has it: strings with templates are open, and what is wrong is reported at its place.
class FileOrigin final : public ConfigOrigin {
 public:
  explicit FileOrigin(NodeCompiler& compiler) : compiler_(compiler) {}

  void problem(const std::string& path, const SourceNode* at, const SourceNode::Key* key, std::string message,
               std::string hint) override {
    if (key != nullptr) {
      compiler_.problems().add(path, *key, std::move(message), std::move(hint));
    } else if (at != nullptr) {
      compiler_.problems().add(path, *at, std::move(message), std::move(hint));
    } else {
      compiler_.problems().add({path, 0, 0, std::move(message), std::move(hint)});
    }
  }

  bool is_open(const expr::Value& value) const override {
    return value.is_string() && value.as_string().find("{{") != std::string_view::npos;
  }

  std::optional<Operand> operand(const std::string& path, const SourceNode* at, const expr::Value& value,
                                 bool sees_item) override {
    if (at == nullptr) return Operand(value);
    auto compiled = compiler_.value(*at, value, path, {.item = sees_item});
    if (!compiled) return std::nullopt;
    return Operand(std::move(*compiled));
  }

  std::optional<expr::Program> expression(const std::string& path, const SourceNode* at, const expr::Value&,
                                          bool sees_item) override {
    return at == nullptr ? std::nullopt : compiler_.expression(*at, path, sees_item);
  }

  std::optional<expr::Program> data_path(const std::string& path, const SourceNode* at) override {
    return at == nullptr ? std::nullopt : compiler_.data_path(*at, path);
  }

 private:
  NodeCompiler& compiler_;
};

}  // namespace

std::optional<expr::Value> NodeCompiler::config_field(const ConfigFieldType& type, const SourceNode& source,
                                                      const std::string& path) {
  ConfigField field;
  field.name = type.name;
  if (type.kind == ConfigKind::expression || type.kind == ConfigKind::path) {
    field.expression =
        type.kind == ConfigKind::path ? data_path(source, path) : expression(source, path, type.sees_item);
    if (field.expression) node_.config.push_back(std::move(field));
    return std::nullopt;
  }
  expr::Value tree = to_value(source);
  // The type's parse compiles the pieces of such a field.
  if (type.kind == ConfigKind::parts) return tree;
  field.value = value(source, tree, path);
  if (!field.value) return std::nullopt;
  if (field.value->is_constant()) {
    const expr::Scope nothing;
    expr::EvalContext context{.scope = nothing};
    const Result<expr::Value> constant = field.value->evaluate(context);
    const Result<expr::Value> checked = constant ? check_config_value(type, *constant) : constant;
    if (!checked) {
      std::string hint;
      if (type.kind == ConfigKind::word && source.is_scalar())
        hint = nearest_hint(source.scalar, std::vector<std::string>(type.words.begin(), type.words.end()));
      if (hint.starts_with("known")) hint.clear();  // the message lists them all
      problems_.add(path, source, checked.error().message, std::move(hint));
      return std::nullopt;
    }
    // The canonical form (of a word) is what the body of the node wants to see.
    if (type.kind == ConfigKind::word) field.value = value(source, *checked, path);
    tree = *checked;
  }
  node_.config.push_back(std::move(field));
  return tree;
}

void NodeCompiler::report_missing(const NodeType& type, const ConfigFieldType& field, const SourceNode& config,
                                  const std::string& path) {
  for (const SourceNode::Key& key : config.keys) {
    if (type.field(key.text) != &field) continue;
    const bool comment = problems_.line(key.line).find("#{") != std::string_view::npos;
    problems_.add(path, key, fmt::format("the config field '{}' is empty", key.text),
                  comment ? "YAML reads '#' as the start of a comment: put the expression in quotes"
                          : fmt::format("a {} node needs it", type.name));
    return;
  }
  problems_.add(path, config, fmt::format("the config field '{}' is missing", field.name),
                fmt::format("a {} node needs it", type.name));
}

void NodeCompiler::config() {
  const NodeType* type = node_.kind;
  if (type == nullptr) return;
  const SourceNode none{.kind = SourceNode::Kind::map, .line = draft_.source->line, .column = draft_.source->column};
  const SourceNode& source = draft_.config != nullptr ? *draft_.config : none;
  FieldReader fields(source, draft_.path + ".config", problems_);
  expr::Map values;
  std::vector<std::string_view> wrong;
  for (const ConfigFieldType& field : type->fields) {
    const SourceNode* given = fields.take(field.name, field.aliases);
    if (given != nullptr && !given->is_map() && !given->is_sequence() && scalar_value(*given).is_null())
      given = nullptr;
    if (given != nullptr) {
      const std::size_t before = problems_.count();
      auto value = config_field(field, *given, fields.path_of(field.name));
      if (value) values.set(field.name, std::move(*value));
      if (problems_.count() > before) wrong.push_back(field.name);
    } else if (field.required) {
      report_missing(*type, field, source, fields.path_of(field.name));
      wrong.push_back(field.name);
    }
  }
  for (const std::string_view name : type->unavailable) fields.unavailable(name);
  fields.finish();
  if (type->parse != nullptr) parse(*type, source, fields.path(), values, std::move(wrong));
  if (type->check != nullptr) type->check(*type, source, fields.path(), problems_);
  const CompileCase compile = [this](const SourceNode& text, const std::string& path) {
    return expression(text, path, false, {"value"});
  };
  read_branches(node_, source, fields.path(), workflow_.nodes, names_, knows_graph() ? &graph_ : nullptr, compile,
                problems_);
}

void NodeCompiler::parse(const NodeType& type, const SourceNode& source, const std::string& path,
                         const expr::Map& values, std::vector<std::string_view> wrong) {
  FileOrigin origin(*this);
  ConfigReader reader(node_, values, std::move(wrong), origin, &source, path);
  const std::size_t before = problems_.count();
  std::shared_ptr<const ParsedConfig> parsed = type.parse(reader);
  for (ConfigField& part : reader.parts()) node_.config.push_back(std::move(part));
  if (reader.complete()) node_.parsed = std::move(parsed);
  if (problems_.count() > before) return;
  // What could not be parsed piece by piece is evaluated as a whole and parsed when the node runs.
  for (const auto& [name, tree] : values) {
    if (reader.complete() || type.field(name)->kind != ConfigKind::parts || node_.field(name) != nullptr) continue;
    const SourceNode* given = type.given(source, name);
    if (auto whole = value(*given, tree, fmt::format("{}.{}", path, name)))
      node_.config.push_back({.name = std::string(name), .value = std::move(whole)});
  }
}

}  // namespace r8r::workflow
