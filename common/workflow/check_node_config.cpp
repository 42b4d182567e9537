#include "common/base/time.hpp"
#include "common/workflow/node_types.hpp"
#include "common/workflow/sections.hpp"

namespace r8r::workflow {
namespace {

// The value at `name` under any of its names, when it is there and not null.
const SourceNode* given(std::string_view type, const SourceNode& config, std::string_view name) {
  const ConfigFieldType* field = find_node_type(type)->field(name);
  for (std::size_t i = 0; i < config.keys.size(); ++i) {
    if (find_node_type(type)->field(config.keys[i].text) != field) continue;
    const SourceNode& value = config.children[i];
    if (value.is_map() || value.is_sequence() || !scalar_value(value).is_null()) return &value;
  }
  return nullptr;
}

bool holds_template(const SourceNode& node) {
  return node.is_scalar() && node.scalar.find("{{") != std::string::npos;
}

void check_set(const SourceNode& config, const std::string& path, ProblemList& problems) {
  const SourceNode* fields = given("set", config, "fields");
  const SourceNode* values = given("set", config, "values");
  if (fields == nullptr && values == nullptr) {
    problems.add(path, config, "a set node needs 'fields' or 'values'", "for example values: {name: value}");
  }
  if (fields == nullptr || !fields->is_sequence()) return;
  for (std::size_t i = 0; i < fields->children.size(); ++i) {
    const SourceNode& entry = fields->children[i];
    const std::string entry_path = fmt::format("{}.fields[{}]", path, i);
    if (holds_template(entry)) continue;
    if (!entry.is_map()) {
      problems.add(entry_path, entry,
                   fmt::format("a field must be a map with 'name' and 'value', not {}", entry.kind_name()));
      continue;
    }
    FieldReader reader(entry, entry_path, problems);
    const SourceNode* name_source = entry.find("name");
    const auto name = reader.text("name", 1'000);
    if (name_source == nullptr || name_source->is_null() || (name && name->empty())) {
      problems.add(entry_path + ".name", entry, "the field 'name' is missing");
    }
    if (reader.take("value") == nullptr) problems.add(entry_path + ".value", entry, "the field 'value' is missing");
    reader.finish();
  }
}

void check_wait(const SourceNode& config, const std::string& path, ProblemList& problems) {
  constexpr double kMaxSeconds = 30 * 86'400.0;
  struct Unit {
    std::string_view name;
    double seconds;
  };
  constexpr Unit kUnits[] = {{"milliseconds", 0.001}, {"seconds", 1}, {"minutes", 60}, {"hours", 3'600}};
  const SourceNode* until = given("wait", config, "until");
  const SourceNode* length = nullptr;
  double total = 0;
  for (const Unit& unit : kUnits) {
    const SourceNode* part = given("wait", config, unit.name);
    if (part == nullptr) continue;
    length = part;
    const expr::Value value = part->is_scalar() ? scalar_value(*part) : expr::Value::null();
    if (value.is_number()) total += value.as_number() * unit.seconds;
  }
  if (until == nullptr && length == nullptr) {
    problems.add(path, config, "a wait node needs to know how long",
                 "give milliseconds, seconds, minutes, hours or until");
  } else if (until != nullptr && length != nullptr) {
    problems.add(path + ".until", *until, "'until' cannot stand beside a length of time", "give one of them");
  } else if (total > kMaxSeconds) {
    problems.add(path, *length, "a wait node waits at most 30 days");
  }
  if (until != nullptr && until->is_scalar() && !holds_template(*until) && !parse_rfc3339(until->scalar)) {
    problems.add(path + ".until", *until, fmt::format("'{}' is not an RFC 3339 time", until->scalar),
                 "for example 2026-01-20T14:30:00Z");
  }
}

bool is_status(std::string_view text) {
  return text.size() == 3 && text[0] != '0' && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// 200, "204", "2xx", "200-299".
bool is_status_range(std::string_view text) {
  if (text.size() == 3 && text[0] >= '1' && text[0] <= '9' && (text.substr(1) == "xx" || text.substr(1) == "XX"))
    return true;
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return is_status(text);
  const std::string_view low = text.substr(0, dash);
  const std::string_view high = text.substr(dash + 1);
  return is_status(low) && is_status(high) && low <= high;
}

void check_expected_status(const SourceNode& source, const std::string& path, ProblemList& problems) {
  if (source.is_sequence()) {
    for (const SourceNode& child : source.children) check_expected_status(child, path, problems);
    if (source.children.empty()) problems.add(path, source, "'expected_status' names no status");
    return;
  }
  if (holds_template(source) || (source.is_scalar() && is_status_range(source.scalar))) return;
  problems.add(path, source, "'expected_status' must be a status, a range like 200-299 or 2xx, or a list of these");
}

// Values of headers and of the query are single values; a list repeats the name in a query.
void check_pairs(const SourceNode& map, const std::string& path, bool lists, ProblemList& problems) {
  if (!map.is_map()) return;
  for (std::size_t i = 0; i < map.keys.size(); ++i) {
    const SourceNode& value = map.children[i];
    if (value.is_map() || (value.is_sequence() && !lists)) {
      problems.add(fmt::format("{}.{}", path, map.keys[i].text), value,
                   fmt::format("'{}' must be a single value, not {}", map.keys[i].text, value.kind_name()));
    }
  }
}

bool is_header_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

void check_http(const SourceNode& config, const std::string& path, ProblemList& problems) {
  const SourceNode* url = given("http", config, "url");
  if (url != nullptr && url->is_string() && !holds_template(*url) && !url->scalar.starts_with("http://") &&
      !url->scalar.starts_with("https://")) {
    problems.add(path + ".url", *url, fmt::format("'{}' is not an http or https URL", url->scalar),
                 "begin it with https://");
  }
  const SourceNode* type = given("http", config, "body_type");
  if (type != nullptr && type->is_scalar() && type->scalar == "multipart") {
    problems.add(path + ".body_type", *type, "'body_type: multipart' is not available in this version");
  }
  if (const SourceNode* status = given("http", config, "expected_status"))
    check_expected_status(*status, path + ".expected_status", problems);
  if (const SourceNode* query = given("http", config, "query")) check_pairs(*query, path + ".query", true, problems);
  const SourceNode* headers = given("http", config, "headers");
  if (headers == nullptr || !headers->is_map()) return;
  check_pairs(*headers, path + ".headers", false, problems);
  for (std::size_t i = 0; i < headers->keys.size(); ++i) {
    const SourceNode::Key& key = headers->keys[i];
    const SourceNode& value = headers->children[i];
    if (!is_header_name(key.text)) {
      problems.add(path + ".headers", key, fmt::format("'{}' cannot be the name of a header", key.text));
    }
    if (value.is_scalar() && value.scalar.find_first_of("\r\n") != std::string::npos && !holds_template(value)) {
      problems.add(fmt::format("{}.headers.{}", path, key.text), value, "a header's value must be on one line");
    }
  }
}

}  // namespace

void check_node_config(std::string_view type, const SourceNode& config, const std::string& path,
                       ProblemList& problems) {
  if (type == "set") check_set(config, path, problems);
  if (type == "wait") check_wait(config, path, problems);
  if (type == "http") check_http(config, path, problems);
}

}  // namespace r8r::workflow
