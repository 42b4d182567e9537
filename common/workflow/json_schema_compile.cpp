#include <deque>
#include <unordered_map>

#include "common/workflow/field_reader.hpp"
#include "common/workflow/json_schema_rules.hpp"
#include "common/workflow/sections.hpp"

namespace r8r::workflow {
namespace {

using Rules = JsonSchema::Rules;

// Keywords that say something to people and to other programs; they do not change what fits.
constexpr std::string_view kAnnotations[] = {
    "$schema", "$id",          "$comment",   "$defs",    "definitions", "title",           "description",
    "default", "examples",     "deprecated", "readOnly", "writeOnly",   "contentEncoding", "contentMediaType",
    "example", "contentSchema"};
constexpr std::string_view kNotChecked[] = {"unevaluatedProperties", "unevaluatedItems", "$anchor",
                                            "$dynamicAnchor",        "$dynamicRef",      "$recursiveAnchor",
                                            "$recursiveRef",         "$vocabulary",      "id"};
const std::vector<std::string> kKeywords = {"$ref",
                                            "type",
                                            "enum",
                                            "const",
                                            "minimum",
                                            "maximum",
                                            "multipleOf",
                                            "pattern",
                                            "format",
                                            "exclusiveMinimum",
                                            "exclusiveMaximum",
                                            "minLength",
                                            "maxLength",
                                            "prefixItems",
                                            "items",
                                            "additionalItems",
                                            "contains",
                                            "minContains",
                                            "maxContains",
                                            "minItems",
                                            "maxItems",
                                            "uniqueItems",
                                            "properties",
                                            "patternProperties",
                                            "required",
                                            "propertyNames",
                                            "minProperties",
                                            "maxProperties",
                                            "dependentSchemas",
                                            "dependentRequired",
                                            "dependencies",
                                            "allOf",
                                            "anyOf",
                                            "oneOf",
                                            "not",
                                            "if",
                                            "then",
                                            "else",
                                            "additionalProperties"};

template <class List>
bool among(const List& list, std::string_view name) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

class Compiler {
 public:
  Compiler(const SourceNode& root, std::string path, ProblemList& problems)
      : root_(root), root_path_(std::move(path)), problems_(problems) {}

  std::vector<Rules> run() {
    add(root_, root_path_);
    // References are followed one after the other, not one inside the other: a chain of them can be long.
    while (!waiting_.empty()) {
      const Waiting next = waiting_.front();
      waiting_.pop_front();
      rules_[next.from].reference = add(*next.target, next.path);
    }
    report_loops();
    return std::move(rules_);
  }

 private:
  struct Waiting {
    std::size_t from;
    const SourceNode* target;
    std::string path;
  };
  struct Origin {
    const SourceNode* source;
    std::string path;
  };

  // Recursion is bounded by the readers' nesting limit.
  int add(const SourceNode& source, const std::string& path) {
    const auto [known, fresh] = numbers_.emplace(&source, static_cast<int>(rules_.size()));
    if (!fresh) return known->second;
    const int number = known->second;
    rules_.emplace_back();
    origins_.push_back({&source, path});
    Rules rules;
    const expr::Value word = source.is_scalar() ? scalar_value(source) : expr::Value::null();
    if (word.is_bool()) {
      rules.never = !word.as_bool();
    } else if (source.is_map()) {
      read(source, path, static_cast<std::size_t>(number), rules);
    } else {
      problems_.add(path, source, fmt::format("a schema must be a map, true or false, not {}", source.kind_name()));
    }
    rules_[static_cast<std::size_t>(number)] = std::move(rules);
    return number;
  }

  int add_field(FieldReader& fields, std::string_view name) {
    const SourceNode* source = fields.take(name);
    return source == nullptr ? -1 : add(*source, fields.path_of(name));
  }

  std::vector<int> add_list(FieldReader& fields, std::string_view name) {
    std::vector<int> numbers;
    const SourceNode* list = fields.list(name);
    if (list == nullptr) return numbers;
    if (list->children.empty())
      problems_.add(fields.path_of(name), *list, fmt::format("'{}' must hold at least one schema", name));
    for (std::size_t i = 0; i < list->children.size(); ++i)
      numbers.push_back(add(list->children[i], fmt::format("{}[{}]", fields.path_of(name), i)));
    return numbers;
  }

  std::vector<Rules::Named> add_map(FieldReader& fields, std::string_view name) {
    std::vector<Rules::Named> named;
    const SourceNode* map = fields.map(name);
    if (map == nullptr) return named;
    for (std::size_t i = 0; i < map->keys.size(); ++i) {
      const std::string& key = map->keys[i].text;
      named.emplace_back(key, add(map->children[i], fmt::format("{}.{}", fields.path_of(name), key)));
    }
    std::sort(named.begin(), named.end());
    return named;
  }

  void read(const SourceNode& source, const std::string& path, std::size_t number, Rules& rules) {
    FieldReader fields(source, path, problems_);
    read_reference(fields, number);
    read_types(fields, rules);
    read_values(fields, rules);
    read_numbers(fields, rules);
    read_text(fields, rules);
    read_items(fields, rules);
    read_properties(fields, rules);
    rules.all_of = add_list(fields, "allOf");
    rules.any_of = add_list(fields, "anyOf");
    rules.one_of = add_list(fields, "oneOf");
    rules.negated = add_field(fields, "not");
    rules.condition = add_field(fields, "if");
    rules.then_rules = add_field(fields, "then");
    rules.else_rules = add_field(fields, "else");
    // Definitions are checked even when nothing refers to them.
    for (const std::string_view name : {"$defs", "definitions"}) add_map(fields, name);
    report_unknown(source, path);
  }

  void read_reference(FieldReader& fields, std::size_t number) {
    const SourceNode* source = fields.source().find("$ref");
    const auto reference = fields.text("$ref", 10'000);
    if (!reference) return;
    const std::string path = fields.path_of("$ref");
    if (!reference->starts_with('#')) {
      problems_.add(path, *source, fmt::format("the reference '{}' leaves the schema; nothing is fetched", *reference),
                    "copy what it names into $defs and write #/$defs/name");
      return;
    }
    const SourceNode* target = find_pointer(root_, std::string_view(*reference).substr(1));
    if (target == nullptr) {
      problems_.add(path, *source, fmt::format("the reference '{}' names nothing in the schema", *reference),
                    "write it from the top of input_schema, for example #/$defs/name");
      return;
    }
    waiting_.push_back({number, target, root_path_ + *reference});
  }

  void read_types(FieldReader& fields, Rules& rules) {
    static const std::vector<std::string> kTypes = {"null",   "boolean", "integer", "number",
                                                    "string", "array",   "object"};
    const SourceNode* source = fields.take("type");
    if (source == nullptr) return;
    const auto read_one = [&](const SourceNode& word) {
      // A bare null is YAML's null; what is meant is clear.
      const std::string name = word.is_null() ? "null" : word.is_scalar() ? word.scalar : "";
      const auto known = std::find(kTypes.begin(), kTypes.end(), name);
      if (known != kTypes.end()) {
        rules.types |= 1u << (known - kTypes.begin());
        return;
      }
      std::string hint = name == "int"     ? "did you mean 'integer'?"
                         : name == "float" ? "did you mean 'number'?"
                                           : nearest_hint(name, kTypes);
      problems_.add(fields.path_of("type"), word,
                    word.is_scalar() ? fmt::format("unknown type '{}'", name)
                                     : fmt::format("a type must be a string, not {}", word.kind_name()),
                    std::move(hint));
    };
    if (!source->is_sequence()) return read_one(*source);
    if (source->children.empty()) problems_.add(fields.path_of("type"), *source, "'type' names no type");
    for (const SourceNode& child : source->children) read_one(child);
  }

  void read_values(FieldReader& fields, Rules& rules) {
    if (const SourceNode* list = fields.list("enum")) {
      rules.one_of_values.emplace();
      for (const SourceNode& child : list->children) rules.one_of_values->push_back(to_value(child));
      if (list->children.empty()) problems_.add(fields.path_of("enum"), *list, "'enum' allows no value at all");
    }
    const SourceNode* constant = fields.take("const");
    if (constant == nullptr) return;
    const expr::Value value = to_value(*constant);
    if (rules.one_of_values && !among(*rules.one_of_values, value)) {
      problems_.add(fields.path_of("const"), *constant, "'const' is not among the values of 'enum'");
    }
    rules.one_of_values = std::vector<expr::Value>{value};
  }

  static bool among(const std::vector<expr::Value>& list, const expr::Value& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  }

  void read_numbers(FieldReader& fields, Rules& rules) {
    constexpr double kMost = std::numeric_limits<double>::max();
    rules.minimum = fields.number("minimum", -kMost, kMost);
    rules.maximum = fields.number("maximum", -kMost, kMost);
    rules.exclusive_minimum = fields.number("exclusiveMinimum", -kMost, kMost);
    rules.exclusive_maximum = fields.number("exclusiveMaximum", -kMost, kMost);
    rules.multiple_of = fields.number("multipleOf", std::numeric_limits<double>::min(), kMost);
    check_order(fields, "minimum", rules.minimum, "maximum", rules.maximum);
  }

  template <class Number>
  void check_order(FieldReader& fields, std::string_view low, const std::optional<Number>& low_value,
                   std::string_view high, const std::optional<Number>& high_value) {
    if (!low_value || !high_value || *low_value <= *high_value) return;
    problems_.add(fields.path_of(high), *fields.source().find(high),
                  fmt::format("'{}' is less than '{}': no value fits", high, low));
  }

  std::optional<std::size_t> read_count(FieldReader& fields, std::string_view name) {
    const auto count = fields.integer(name, 0, 1'000'000'000);
    return count ? std::optional<std::size_t>(static_cast<std::size_t>(*count)) : std::nullopt;
  }

  std::shared_ptr<const RE2> read_pattern(const std::string& pattern, const SourceNode& source,
                                          const std::string& path) {
    if (!check_pattern(pattern, source, path, problems_)) return nullptr;
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    return std::make_shared<const RE2>(pattern, options);
  }

  void read_text(FieldReader& fields, Rules& rules) {
    rules.min_length = read_count(fields, "minLength");
    rules.max_length = read_count(fields, "maxLength");
    check_order(fields, "minLength", rules.min_length, "maxLength", rules.max_length);
    if (const auto pattern = fields.text("pattern", 10'000))
      rules.pattern = read_pattern(*pattern, *fields.source().find("pattern"), fields.path_of("pattern"));
    const auto format = fields.text("format", 1'000);
    if (!format) return;
    if (is_checked_format(*format)) {
      rules.format = *format;
    } else {
      problems_.warn(fields.path_of("format"), *fields.source().find("format"),
                     fmt::format("the format '{}' is not checked", *format),
                     "checked: date-time, date, time, email, uuid, uri, ipv4, hostname; or write a pattern");
    }
  }

  void read_items(FieldReader& fields, Rules& rules) {
    const SourceNode* items = fields.source().find("items");
    if (items != nullptr && items->is_sequence()) {
      // Draft 7: a list here is what prefixItems is now, and additionalItems are the rest.
      rules.prefix_items = add_list(fields, "items");
      rules.items = add_field(fields, "additionalItems");
    } else {
      if (fields.source().find("prefixItems") != nullptr) rules.prefix_items = add_list(fields, "prefixItems");
      rules.items = add_field(fields, "items");
    }
    rules.contains = add_field(fields, "contains");
    rules.min_contains = read_count(fields, "minContains");
    rules.max_contains = read_count(fields, "maxContains");
    rules.min_items = read_count(fields, "minItems");
    rules.max_items = read_count(fields, "maxItems");
    check_order(fields, "minItems", rules.min_items, "maxItems", rules.max_items);
    rules.unique_items = fields.boolean("uniqueItems").value_or(false);
  }

  std::vector<std::string> read_names(const SourceNode& list, const std::string& path) {
    std::vector<std::string> names;
    if (!list.is_sequence()) {
      problems_.add(path, list, fmt::format("a list of names is expected, not {}", list.kind_name()),
                    "in JSON Schema 'required' is a list beside 'properties'");
      return names;
    }
    for (const SourceNode& child : list.children) {
      if (child.is_string()) {
        names.push_back(child.scalar);
      } else {
        problems_.add(path, child, fmt::format("a name is expected here, not {}", child.kind_name()));
      }
    }
    return names;
  }

  void read_properties(FieldReader& fields, Rules& rules) {
    rules.properties = add_map(fields, "properties");
    if (const SourceNode* map = fields.map("patternProperties")) {
      for (std::size_t i = 0; i < map->keys.size(); ++i) {
        const std::string path = fmt::format("{}.{}", fields.path_of("patternProperties"), map->keys[i].text);
        auto pattern = read_pattern(map->keys[i].text, map->children[i], path);
        const int number = add(map->children[i], path);
        if (pattern) rules.pattern_properties.emplace_back(std::move(pattern), number);
      }
    }
    rules.additional_properties = add_field(fields, "additionalProperties");
    rules.property_names = add_field(fields, "propertyNames");
    if (const SourceNode* list = fields.take("required"))
      rules.required = read_names(*list, fields.path_of("required"));
    rules.dependent_schemas = add_map(fields, "dependentSchemas");
    for (const std::string_view name : {"dependentRequired", "dependencies"}) {
      const SourceNode* map = fields.map(name);
      for (std::size_t i = 0; map != nullptr && i < map->keys.size(); ++i) {
        const std::string& key = map->keys[i].text;
        const std::string path = fmt::format("{}.{}", fields.path_of(name), key);
        if (name == "dependencies" && !map->children[i].is_sequence()) {
          rules.dependent_schemas.emplace_back(key, add(map->children[i], path));
        } else {
          rules.dependent_required.emplace_back(key, read_names(map->children[i], path));
        }
      }
    }
    rules.min_properties = read_count(fields, "minProperties");
    rules.max_properties = read_count(fields, "maxProperties");
    check_order(fields, "minProperties", rules.min_properties, "maxProperties", rules.max_properties);
  }

  void report_unknown(const SourceNode& source, const std::string& path) {
    for (const SourceNode::Key& key : source.keys) {
      const std::string& name = key.text;
      if (workflow::among(kKeywords, name) || workflow::among(kAnnotations, name) || name.starts_with("x-")) continue;
      const SourceNode place{.line = key.line, .column = key.column};
      if (workflow::among(kNotChecked, name)) {
        problems_.warn(path + "." + name, place, fmt::format("the keyword '{}' is not checked", name),
                       "write additionalProperties, items or #/$defs/name where you can");
        continue;
      }
      const std::string near = nearest_hint(name, kKeywords);
      problems_.warn(path + "." + name, place, fmt::format("'{}' is no keyword of JSON Schema and has no effect", name),
                     near.empty() ? "names of fields stand below 'properties'" : near);
    }
  }

  // Schemas that lead back to themselves without a step into the value would be checked for ever.
  void report_loops() {
    enum class State : std::uint8_t { unseen, on_way, done };
    std::vector<State> state(rules_.size(), State::unseen);
    struct Step {
      std::size_t number;
      std::vector<int> next;
      std::size_t taken = 0;
    };
    for (std::size_t start = 0; start < rules_.size(); ++start) {
      if (state[start] != State::unseen) continue;
      std::vector<Step> way;
      state[start] = State::on_way;
      way.push_back({start, same_value(rules_[start])});
      while (!way.empty()) {
        Step& step = way.back();
        if (step.taken == step.next.size()) {
          state[step.number] = State::done;
          way.pop_back();
          continue;
        }
        const auto next = static_cast<std::size_t>(step.next[step.taken++]);
        if (state[next] == State::on_way) {
          const Origin& origin = origins_[step.number];
          const SourceNode* reference = origin.source->find("$ref");
          problems_.add(origin.path, reference != nullptr ? *reference : *origin.source,
                        "the schema refers to itself without end",
                        "let it refer to itself only below properties or items");
        } else if (state[next] == State::unseen) {
          state[next] = State::on_way;
          way.push_back({next, same_value(rules_[next])});
        }
      }
    }
  }

  // The schemas that look at the same value.
  static std::vector<int> same_value(const Rules& rules) {
    std::vector<int> numbers;
    for (const std::vector<int>* list : {&rules.all_of, &rules.any_of, &rules.one_of})
      numbers.insert(numbers.end(), list->begin(), list->end());
    for (const Rules::Named& named : rules.dependent_schemas) numbers.push_back(named.second);
    for (const int one : {rules.negated, rules.condition, rules.then_rules, rules.else_rules, rules.reference}) {
      if (one >= 0) numbers.push_back(one);
    }
    return numbers;
  }

  const SourceNode& root_;
  const std::string root_path_;
  ProblemList& problems_;
  std::vector<Rules> rules_;
  std::vector<Origin> origins_;
  std::unordered_map<const SourceNode*, int> numbers_;
  std::deque<Waiting> waiting_;
};

}  // namespace

std::shared_ptr<const JsonSchema> JsonSchema::compile(const SourceNode& source, const std::string& path,
                                                      ProblemList& problems) {
  const std::size_t before = problems.count();
  std::vector<Rules> rules = Compiler(source, path, problems).run();
  if (problems.count() > before) return nullptr;
  return std::make_shared<const JsonSchema>(std::move(rules));
}

JsonSchema::JsonSchema(std::vector<Rules> rules) : rules_(std::move(rules)) {}
JsonSchema::~JsonSchema() = default;

int JsonSchema::Rules::property(std::string_view name) const {
  const auto found = std::lower_bound(properties.begin(), properties.end(), name,
                                      [](const Named& named, std::string_view wanted) { return named.first < wanted; });
  return found != properties.end() && found->first == name ? found->second : -1;
}

bool JsonSchema::forbids(std::string_view property) const {
  const Rules& top = rules_.front();
  return top.additional_properties >= 0 && rules_[static_cast<std::size_t>(top.additional_properties)].never &&
         top.pattern_properties.empty() && top.property(property) < 0;
}

std::vector<std::string> JsonSchema::properties() const {
  std::vector<std::string> names;
  for (const Rules::Named& named : rules_.front().properties) names.push_back(named.first);
  return names;
}

}  // namespace r8r::workflow
