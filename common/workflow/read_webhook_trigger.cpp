#include <re2/re2.h>

#include "common/workflow/sections.hpp"
#include "common/workflow/trigger_compiler.hpp"

namespace r8r::workflow {
namespace {

constexpr double kMaxSeconds = 30 * 86'400.0;

// Places that the api serves itself: a webhook there is only reachable below /webhooks.
constexpr std::string_view kReservedPaths[] = {"/api", "/assets", "/editor", "/mcp", "/healthz", "/readyz", "/metrics"};

bool is_reserved(std::string_view path) {
  if (path == "/") return true;
  return std::any_of(std::begin(kReservedPaths), std::end(kReservedPaths), [&](std::string_view reserved) {
    return path.starts_with(reserved) && (path.size() == reserved.size() || path[reserved.size()] == '/');
  });
}

// Why the {…} segments of a path cannot be; empty when they can.
std::string wrong_segment(std::string_view path) {
  std::set<std::string_view> names;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    if (segment.find_first_of("{}") == std::string_view::npos) continue;
    const bool whole = segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
    const std::string_view name = whole ? segment.substr(1, segment.size() - 2) : "";
    if (!is_identifier(name)) {
      return fmt::format("'{}' cannot be a part of a path: braces hold a name and fill the part between two slashes",
                         segment);
    }
    if (!names.insert(name).second) return fmt::format("the path names '{{{}}}' twice", name);
  }
  return {};
}

void read_path(FieldReader& fields, WebhookTrigger& webhook) {
  const SourceNode* source = fields.source().find("path");
  auto path = fields.text("path", 256);
  if (!path || path->empty()) return;
  if (path->front() != '/') path->insert(0, "/");
  if (path->find_first_of(" \t\r\n?#\\\"<>") != std::string::npos || path->find("//") != std::string::npos) {
    fields.problems().add(fields.path_of("path"), *source, fmt::format("'{}' cannot be a path", *path),
                          "write it as in a URL: /orders/new, without blanks, '?' and '#'");
    return;
  }
  if (std::string wrong = wrong_segment(*path); !wrong.empty()) {
    fields.problems().add(fields.path_of("path"), *source, std::move(wrong), "for example /orders/{id}/items");
    return;
  }
  if (is_reserved(*path)) {
    fields.problems().warn(
        fields.path_of("path"), *source,
        fmt::format("the path {} belongs to the server; this webhook is reachable as /webhooks{}", *path, *path));
  }
  webhook.path = std::move(*path);
}

void read_methods(FieldReader& fields, WebhookTrigger& webhook) {
  webhook.methods = {"POST"};
  const SourceNode* source = fields.take("method");
  if (source == nullptr || source->is_null()) return;
  std::vector<const SourceNode*> words;
  if (source->is_sequence()) {
    for (const SourceNode& child : source->children) words.push_back(&child);
    if (words.empty()) {
      fields.problems().add(fields.path_of("method"), *source, "'method' names no method",
                            "remove it: POST is the default");
    }
  } else {
    words.push_back(source);
  }
  webhook.methods.clear();
  bool any = false;
  for (const SourceNode* word : words) {
    if (!word->is_scalar()) {
      fields.problems().add(fields.path_of("method"), *word, "'method' must be a method or a list of methods");
      return;
    }
    const std::string name = in_case(word->scalar, true);
    static const std::vector<std::string> kKnown = {"POST", "GET", "PUT", "PATCH", "DELETE"};
    if (std::find(kKnown.begin(), kKnown.end(), name) != kKnown.end()) {
      if (std::find(webhook.methods.begin(), webhook.methods.end(), name) == webhook.methods.end())
        webhook.methods.push_back(name);
      continue;
    }
    any = true;
    // Files in circulation use any word for any method; a slip of the pen should not open a webhook unseen.
    if (name != "ANY" && name != "ALL" && name != "*") {
      fields.problems().warn(fields.path_of("method"), *word,
                             fmt::format("'{}' is no method of a webhook: it means any method", word->scalar),
                             nearest_hint(name, kKnown));
    }
  }
  if (any) webhook.methods.clear();
}

std::optional<HeaderRule> read_header_rule(const SourceNode& source, const std::string& path, ProblemList& problems) {
  constexpr std::size_t kMaxPattern = 128;
  if (!source.is_map()) {
    problems.add(path, source, fmt::format("a header must be a map with 'name', not {}", source.kind_name()));
    return std::nullopt;
  }
  FieldReader fields(source, path, problems);
  HeaderRule rule;
  const SourceNode* name = fields.take("name", {"header"});
  if (name == nullptr || name->is_null()) {
    problems.add(path + ".name", source, "the field 'name' is missing", "for example name: X-Event");
  } else if (!name->is_scalar() || !is_header_name(name->scalar)) {
    problems.add(path + ".name", *name,
                 name->is_scalar() ? fmt::format("'{}' cannot be the name of a header", name->scalar)
                                   : fmt::format("'name' must be a string, not {}", name->kind_name()));
  } else {
    rule.name = in_case(name->scalar, false);
  }
  rule.value = fields.text("value", 8'192);
  rule.pattern = fields.text("pattern", kMaxPattern);
  rule.required = fields.boolean("required").value_or(false);
  fields.finish();
  if (rule.pattern) check_pattern(*rule.pattern, *source.find("pattern"), path + ".pattern", problems);
  if (!rule.value && !rule.pattern && !rule.required && source.find("value") == nullptr &&
      source.find("pattern") == nullptr) {
    problems.warn(path, source, "this entry asks for nothing: every request passes it",
                  "give value, pattern or required: true");
  }
  return rule;
}

void read_header_filter(FieldReader& fields, WebhookTrigger& webhook) {
  constexpr std::size_t kMaxRules = 50;
  if (const auto action = fields.word("on_mismatch", {"reject", "ignore"}))
    webhook.ignore_mismatch = *action == "ignore";
  const SourceNode* list = fields.list("header_filter");
  if (list == nullptr) return;
  const std::string path = fields.path_of("header_filter");
  if (list->children.size() > kMaxRules) {
    fields.problems().add(path, list->children[kMaxRules],
                          fmt::format("'header_filter' may have at most {} entries", kMaxRules));
    return;
  }
  for (std::size_t i = 0; i < list->children.size(); ++i) {
    if (auto rule = read_header_rule(list->children[i], fmt::format("{}[{}]", path, i), fields.problems()))
      webhook.header_filter.push_back(std::move(*rule));
  }
}

void read_secret(FieldReader& fields, const Workflow& workflow, SignatureRule& rule) {
  ProblemList& problems = fields.problems();
  rule.secret_env = fields.text("secret_env", 256);
  rule.secret_credential = fields.text("secret_credential", 256);
  const SourceNode* secret = fields.take_given("secret");
  const int given = (rule.secret_env ? 1 : 0) + (rule.secret_credential ? 1 : 0) + (secret != nullptr ? 1 : 0);
  if (given != 1) {
    problems.add(fields.path(), fields.source(),
                 given == 0 ? "a signature needs a secret" : "a signature has one secret, not several",
                 "give one of secret_env, secret_credential and secret");
  }
  if (secret == nullptr) return;
  const std::string path = fields.path_of("secret");
  if (!secret->is_string() || secret->scalar.empty()) {
    problems.add(path, *secret,
                 fmt::format("'secret' must be a string that is not empty, not {}", secret->kind_name()));
    return;
  }
  rule.secret = TriggerCompiler(workflow, problems, {}).value(*secret, path);
  if (rule.secret && rule.secret->is_constant()) {
    problems.warn(path, *secret, "everyone who can read the workflow can read this secret",
                  "put it into an environment variable that begins with R8R_ and name that in secret_env");
  }
}

void read_signature(FieldReader& webhook_fields, const Workflow& workflow, WebhookTrigger& webhook) {
  const SourceNode* map = webhook_fields.map("signature");
  if (map == nullptr) return;
  ProblemList& problems = webhook_fields.problems();
  FieldReader fields(*map, webhook_fields.path_of("signature"), problems);
  SignatureRule& rule = webhook.signature.emplace();
  static const std::vector<std::string> kSchemes = {"github", "stripe", "slack", "generic"};
  const SourceNode* scheme = fields.take("scheme", {"type"});
  if (scheme == nullptr || scheme->is_null()) {
    problems.add(fields.path_of("scheme"), *map, "the field 'scheme' is missing", nearest_hint("", kSchemes));
  } else {
    rule.scheme = scheme->is_scalar() ? in_case(scheme->scalar, false) : "";
    if (rule.scheme == "hmac") rule.scheme = "generic";
    if (std::find(kSchemes.begin(), kSchemes.end(), rule.scheme) == kSchemes.end()) {
      problems.add(
          fields.path_of("scheme"), *scheme,
          fmt::format("'scheme' must be one of {}, not {}", fmt::join(kSchemes, ", "),
                      scheme->is_scalar() ? fmt::format("'{}'", scheme->scalar) : std::string(scheme->kind_name())),
          scheme->is_scalar() ? nearest_hint(rule.scheme, kSchemes) : "");
    }
  }
  read_secret(fields, workflow, rule);
  if (auto header = fields.text("header", 256)) {
    if (!is_header_name(*header)) {
      problems.add(fields.path_of("header"), *map->find("header"),
                   fmt::format("'{}' cannot be the name of a header", *header));
    }
    rule.header = std::move(*header);
  }
  if (auto word = fields.word("algorithm", {"sha1", "sha256", "sha512"})) rule.algorithm = std::move(*word);
  if (auto seconds = fields.integer("tolerance_seconds", 1, 86'400)) rule.tolerance = std::chrono::seconds(*seconds);
  rule.replay_protection = fields.boolean("replay_protection").value_or(false);
  for (const std::string_view name : {"header", "algorithm"}) {
    const SourceNode* given = map->find(name);
    if (given != nullptr && !rule.scheme.empty() && rule.scheme != "generic") {
      problems.add(fields.path_of(name), *given,
                   fmt::format("'{}' belongs to scheme generic: {} fixes its own", name, rule.scheme), "remove it");
    }
  }
  fields.finish();
}

std::optional<expr::ValueTemplate> read_key(FieldReader& fields, const Workflow& workflow) {
  const SourceNode* key = fields.take_given("key");
  if (key == nullptr) return std::nullopt;
  return TriggerCompiler(workflow, fields.problems(), {"body", "headers", "query"}).value(*key, fields.path_of("key"));
}

void read_debounce(FieldReader& webhook_fields, const Workflow& workflow, WebhookTrigger& webhook) {
  const SourceNode* map = webhook_fields.map("debounce");
  if (map == nullptr) return;
  ProblemList& problems = webhook_fields.problems();
  FieldReader fields(*map, webhook_fields.path_of("debounce"), problems);
  Debounce& debounce = webhook.debounce.emplace();
  debounce.key = read_key(fields, workflow);
  if (auto seconds = fields.number("wait_seconds", 0.1, kMaxSeconds)) debounce.wait = from_seconds(*seconds);
  const auto most = fields.number("max_wait_seconds", 0.1, kMaxSeconds);
  debounce.max_wait = most ? from_seconds(*most) : std::max(debounce.max_wait, debounce.wait);
  fields.finish();
  if (debounce.max_wait < debounce.wait) {
    problems.add(fields.path_of("max_wait_seconds"), *map->find("max_wait_seconds"),
                 "'max_wait_seconds' is less than 'wait_seconds'", "make it at least as long");
  }
  if (webhook.response_mode != "output") return;
  problems.warn(webhook_fields.path_of("response_mode"), *webhook_fields.source().find("response_mode"),
                "with 'debounce' there is no output to answer with: the response mode is full",
                "remove response_mode, or debounce");
  webhook.response_mode = "full";
}

void read_dedupe(FieldReader& webhook_fields, const Workflow& workflow, WebhookTrigger& webhook) {
  const SourceNode* source = webhook_fields.source().find("dedupe");
  if (source == nullptr || !source->is_map()) {
    if (webhook_fields.boolean("dedupe").value_or(false)) webhook.dedupe.emplace();
    return;
  }
  webhook_fields.take("dedupe");
  FieldReader fields(*source, webhook_fields.path_of("dedupe"), webhook_fields.problems());
  Dedupe& dedupe = webhook.dedupe.emplace();
  dedupe.key = read_key(fields, workflow);
  if (auto seconds = fields.integer("ttl_seconds", 1, 30 * 86'400)) dedupe.ttl = std::chrono::seconds(*seconds);
  fields.finish();
}

}  // namespace

WebhookTrigger read_webhook_trigger(FieldReader& fields, const Workflow& workflow) {
  WebhookTrigger webhook;
  read_path(fields, webhook);
  read_methods(fields, webhook);
  if (auto mode = fields.word("response_mode", {"full", "output", "wait_for_result", "async"})) {
    webhook.response_mode = *mode == "wait_for_result" ? "output" : *mode;
  }
  if (auto seconds = fields.number("timeout_seconds", 1, 300)) webhook.timeout = from_seconds(*seconds);
  if (auto mode = fields.word("input_mode", {"body", "envelope"})) webhook.envelope = *mode == "envelope";
  read_header_filter(fields, webhook);
  read_signature(fields, workflow, webhook);
  read_debounce(fields, workflow, webhook);
  read_dedupe(fields, workflow, webhook);
  return webhook;
}

bool check_pattern(const std::string& pattern, const SourceNode& source, const std::string& path,
                   ProblemList& problems) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  const RE2 regex(pattern, options);
  if (regex.ok()) return true;
  problems.add(path, source, fmt::format("'{}' is not a regular expression: {}", pattern, regex.error()),
               "the syntax is RE2's: no look-around, no back references");
  return false;
}

bool is_header_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

std::string in_case(std::string_view text, bool upper) {
  std::string out(text);
  for (char& c : out) {
    if (upper && c >= 'a' && c <= 'z') c = static_cast<char>(c & ~0x20);
    if (!upper && c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return out;
}

}  // namespace r8r::workflow
