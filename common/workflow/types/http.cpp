#include "common/workflow/problem_list.hpp"
#include "common/workflow/sections.hpp"
#include "common/workflow/types/types.hpp"

namespace r8r::workflow {
namespace {

constexpr double kMaxResponseBytes = 8.0 * (1 << 20);

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

void check_http(const NodeType& type, const SourceNode& config, const std::string& path, ProblemList& problems) {
  const SourceNode* url = type.given(config, "url");
  if (url != nullptr && url->is_string() && !holds_template(*url) && !url->scalar.starts_with("http://") &&
      !url->scalar.starts_with("https://")) {
    problems.add(path + ".url", *url, fmt::format("'{}' is not an http or https URL", url->scalar),
                 "begin it with https://");
  }
  const SourceNode* body_type = type.given(config, "body_type");
  if (body_type != nullptr && body_type->is_scalar() && body_type->scalar == "multipart") {
    problems.add(path + ".body_type", *body_type, "'body_type: multipart' is not available in this version");
  }
  if (const SourceNode* status = type.given(config, "expected_status"))
    check_expected_status(*status, path + ".expected_status", problems);
  if (const SourceNode* query = type.given(config, "query")) check_pairs(*query, path + ".query", true, problems);
  const SourceNode* headers = type.given(config, "headers");
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

NodeType http_type() {
  return {.name = "http",
          .node_class = NodeClass::effect,
          .fields = {{.name = "url", .kind = ConfigKind::text, .required = true},
                     {.name = "method",
                      .kind = ConfigKind::word,
                      .words = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}},
                     {.name = "headers", .kind = ConfigKind::map},
                     {.name = "query", .kind = ConfigKind::map},
                     {.name = "body"},
                     {.name = "body_type", .kind = ConfigKind::word, .words = {"json", "text", "form"}},
                     {.name = "timeout_seconds", .kind = ConfigKind::number, .low = 0.001, .high = 86'400},
                     {.name = "raw_response", .kind = ConfigKind::boolean},
                     {.name = "follow_redirects", .kind = ConfigKind::boolean},
                     {.name = "expected_status"},
                     {.name = "max_response_bytes", .kind = ConfigKind::integer, .low = 1, .high = kMaxResponseBytes},
                     {.name = "verify_tls", .kind = ConfigKind::boolean},
                     {.name = "idempotency", .kind = ConfigKind::boolean}},
          .unavailable = {"credential", "auth_type", "proxy"},
          .check = check_http};
}

}  // namespace r8r::workflow
