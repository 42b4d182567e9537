#include "services/worker/http_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "common/base/payload.hpp"
#include "common/expr/json.hpp"
#include "common/nodes/segment.hpp"

namespace r8r::worker {
namespace {

using expr::Value;
using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::array<std::string_view, 7> kMethods = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"};
constexpr int kMaxRedirects = 5;

tl::unexpected<Error> invalid(std::string_view field, std::string_view problem) {
  return fail(ErrorCode::invalid_field, fmt::format("{}: {}", field, problem));
}

bool equal_in_any_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool is_token(std::string_view text) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return (c < 0x80 && std::isalnum(c) != 0) || kMarks.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

std::string rendered(const Value& value) {
  std::string out;
  expr::append_rendered(out, value);
  return out;
}

/// The fields of a config by name; the first problem is kept.
class Fields {
 public:
  explicit Fields(const expr::Map& map) : map_(map) {}

  /// Null counts as not given.
  const Value* find(std::string_view name) const {
    const Value* value = map_.find(name);
    return value == nullptr || value->is_null() ? nullptr : value;
  }
  std::string text(std::string_view name, std::string fallback) {
    const Value* value = find(name);
    if (value == nullptr) return fallback;
    if (value->is_string()) return std::string(value->as_string());
    note(name, fmt::format("must be a string, not {}", value->description()));
    return fallback;
  }
  bool flag(std::string_view name, bool fallback) {
    const Value* value = find(name);
    if (value == nullptr) return fallback;
    if (value->is_bool()) return value->as_bool();
    note(name, fmt::format("must be true or false, not {}", value->description()));
    return fallback;
  }
  double number(std::string_view name, double fallback, double low, double high) {
    const Value* value = find(name);
    if (value == nullptr) return fallback;
    const double given = value->is_number() ? value->as_number() : std::nan("");
    if (given >= low && given <= high) return given;
    note(name, fmt::format("must be a number from {} to {}, not {}", low, high, expr::to_json(*value).substr(0, 100)));
    return fallback;
  }
  /// A map's entries as text; lists repeat their name, null is left out.
  Pairs pairs(std::string_view name) {
    Pairs out;
    const Value* value = find(name);
    if (value == nullptr) return out;
    if (!value->is_map()) {
      note(name, fmt::format("must be a map, not {}", value->description()));
      return out;
    }
    for (const auto& [key, entry] : value->as_map()) add_pair(out, name, key, entry);
    return out;
  }

  void note(std::string_view name, std::string_view problem) {
    if (!problem_) problem_ = Error{ErrorCode::invalid_field, fmt::format("{}: {}", name, problem), {}};
  }
  const std::optional<Error>& problem() const { return problem_; }

 private:
  void add_pair(Pairs& out, std::string_view field, std::string_view key, const Value& entry) {
    if (entry.is_null()) return;
    if (entry.is_array()) {
      for (const Value& element : entry.as_array()) {
        if (element.is_array() || element.is_map()) return note(field, fmt::format("'{}' holds nested data", key));
        if (!element.is_null()) out.emplace_back(std::string(key), rendered(element));
      }
      return;
    }
    if (entry.is_map())
      return note(field, fmt::format("'{}' must be text, a number, true, false or a list of these", key));
    out.emplace_back(std::string(key), rendered(entry));
  }

  const expr::Map& map_;
  std::optional<Error> problem_;
};

// Framing and routing belong to the client; a value from a template must not change them.
std::optional<std::string> header_problem(std::string_view name, std::string_view value) {
  if (!is_token(name)) {
    std::string shown;
    for (const char c : name.substr(0, 100)) shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    return fmt::format("'{}' is not a header name", shown);
  }
  if (has_control_characters(value)) return fmt::format("the value of '{}' has control characters in it", name);
  for (const std::string_view own : {"content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"}) {
    if (equal_in_any_case(name, own)) return fmt::format("'{}' is set by r8r itself", name);
  }
  return std::nullopt;
}

bool has_header(const Pairs& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(),
                     [name](const auto& item) { return equal_in_any_case(item.first, name); });
}

void read_body(Fields& fields, HttpCall& call) {
  const std::string type = fields.text("body_type", "json");
  const Value* body = fields.find("body");
  if (type != "json" && type != "text" && type != "form")
    return fields.note("body_type", fmt::format("'{}' is not one of json, text, form", type.substr(0, 100)));
  if (body == nullptr) return;
  if (call.method == "HEAD") return fields.note("body", "a HEAD request has none");
  std::string_view content_type;
  if (type == "form") {
    content_type = "application/x-www-form-urlencoded";
    if (body->is_string()) {
      call.body = std::string(body->as_string());
    } else if (body->is_map()) {
      call.body = form_encoded(fields.pairs("body"));
    } else {
      return fields.note("body",
                         fmt::format("must be a map or a string for body_type form, not {}", body->description()));
    }
  } else {
    content_type = type == "json" ? "application/json" : "text/plain; charset=utf-8";
    call.body = body->is_string() ? std::string(body->as_string()) : expr::to_json(*body);
  }
  if (!has_header(call.headers, "content-type")) call.headers.emplace_back("Content-Type", content_type);
}

// A number in decimal digits only, or -1.
int digits_of(std::string_view text) {
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : -1;
}

bool add_range(StatusSet& set, int low, int high) {
  if (low < 100 || high > 999 || low > high) return false;
  for (int status = low; status <= high; ++status) set.set(static_cast<std::size_t>(status));
  return true;
}

bool add_statuses(StatusSet& set, const Value& value) {
  if (value.is_int())
    return value.as_int() >= 100 && value.as_int() <= 999 &&
           add_range(set, static_cast<int>(value.as_int()), static_cast<int>(value.as_int()));
  if (value.is_array()) {
    return !value.as_array().empty() &&
           std::all_of(value.as_array().begin(), value.as_array().end(),
                       [&set](const Value& one) { return !one.is_array() && add_statuses(set, one); });
  }
  if (!value.is_string()) return false;
  const std::string_view text = value.as_string();
  if (text.size() == 3 && equal_in_any_case(text.substr(1), "xx") && text[0] >= '1' && text[0] <= '9')
    return add_range(set, (text[0] - '0') * 100, (text[0] - '0') * 100 + 99);
  const std::size_t dash = text.find('-');
  const int low = digits_of(text.substr(0, dash));
  return add_range(set, low, dash == std::string_view::npos ? low : digits_of(text.substr(dash + 1)));
}

}  // namespace

Result<StatusSet> read_expected_status(const Value& value) {
  StatusSet set;
  if (add_statuses(set, value)) return set;
  return invalid("expected_status",
                 fmt::format("{} is not a status (200), a range (\"200-299\", \"2xx\") or a list of these",
                             expr::to_json(value).substr(0, 100)));
}

Result<HttpCall> read_http_config(const Value& config, const std::string& idempotency_key) {
  if (!config.is_map()) return invalid("config", fmt::format("must be a map, not {}", config.description()));
  Fields fields(config.as_map());
  HttpCall call;
  call.method = fields.text("method", "GET");
  std::transform(call.method.begin(), call.method.end(), call.method.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (std::find(kMethods.begin(), kMethods.end(), call.method) == kMethods.end())
    return invalid("method",
                   fmt::format("'{}' is not one of {}", call.method.substr(0, 100), fmt::join(kMethods, ", ")));

  const Value* url = fields.find("url");
  if (url == nullptr || !url->is_string() || url->as_string().empty())
    return invalid("url", url == nullptr ? "is missing" : "must be a string that is not empty");
  Result<Url> parsed = parse_url(with_query(std::string(url->as_string()), fields.pairs("query")));
  if (!parsed) return fail(ErrorCode::invalid_field, parsed.error().message);
  call.url = std::move(*parsed);

  call.headers = fields.pairs("headers");
  for (const auto& [name, value] : call.headers) {
    if (const auto problem = header_problem(name, value)) return invalid("headers", *problem);
  }
  read_body(fields, call);

  const double seconds = fields.number("timeout_seconds", 30, 0.001, 86'400);
  call.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
  call.raw_response = fields.flag("raw_response", false);
  call.max_redirects = fields.flag("follow_redirects", true) ? kMaxRedirects : 0;
  const auto limit = static_cast<double>(payload::kDefaultMaxOutputBytes);
  call.max_response_bytes = static_cast<std::size_t>(fields.number("max_response_bytes", limit, 1, limit));
  call.verify_tls = fields.flag("verify_tls", true);
  const bool wants_key = fields.flag("idempotency", true);
  if (const Value* expected = fields.find("expected_status")) {
    Result<StatusSet> set = read_expected_status(*expected);
    if (!set) return fail(std::move(set.error()));
    call.expected = *set;
  } else {
    add_range(call.expected, 200, 399);
  }

  const bool changes =
      call.method == "POST" || call.method == "PUT" || call.method == "PATCH" || call.method == "DELETE";
  if (changes && wants_key && !has_header(call.headers, "idempotency-key"))
    call.headers.emplace_back("Idempotency-Key", idempotency_key);
  call.repeatable = (call.method != "POST" && call.method != "PATCH") || has_header(call.headers, "idempotency-key");
  if (fields.problem()) return fail(*fields.problem());
  return call;
}

}  // namespace r8r::worker
