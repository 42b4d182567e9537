#include "services/api/monitor_action.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>

#include "common/base/json_text.hpp"
#include "common/base/time.hpp"
#include "services/api/json_scanner.hpp"

namespace r8r::api {
namespace {

const JsonField* find(const JsonScan& scan, std::string_view name) {
  for (auto field = scan.fields.rbegin(); field != scan.fields.rend(); ++field) {
    if (field->key == name) return field->kind == JsonKind::null ? nullptr : &*field;
  }
  return nullptr;
}

Result<std::string> string_field(const JsonField& field) {
  if (field.kind == JsonKind::string) return unescape_json(field.value);
  return fail(ErrorCode::invalid_request, fmt::format("'{}' must be a string", field.key));
}

Result<void> read_selection(const JsonScan& scan, MonitorAction& action) {
  if (const JsonField* execution = find(scan, "execution_id")) {
    Result<std::string> text = string_field(*execution);
    if (!text) return fail(std::move(text.error()));
    // An id that is none matches nothing; the session says that it is not found.
    action.selection.execution = Uuid::parse(*text).value_or(Uuid{});
    action.selects_nothing = false;
  }
  if (const JsonField* workflow = find(scan, "workflow")) {
    Result<std::string> text = string_field(*workflow);
    if (!text) return fail(std::move(text.error()));
    action.selection.workflow = std::move(*text);
    action.selects_nothing = false;
  }
  if (const JsonField* types = find(scan, "types")) {
    const auto list = nlohmann::json::parse(types->value, nullptr, false);
    const bool valid = list.is_array() && list.size() <= 100 &&
                       std::all_of(list.begin(), list.end(), [](const auto& item) { return item.is_string(); });
    if (!valid) return fail(ErrorCode::invalid_request, "'types' must be a list of at most 100 event types");
    action.selection.types = list.get<std::vector<std::string>>();
    action.selects_nothing = false;
  }
  if (const JsonField* since = find(scan, "since")) {
    const auto value = nlohmann::json::parse(since->value, nullptr, false);
    if (!value.is_number_integer()) return fail(ErrorCode::invalid_request, "'since' must be a sequence number");
    action.since = value.get<std::int64_t>();
  }
  return {};
}

void append_id(std::string& out, std::string_view id) {
  if (!id.empty()) fmt::format_to(std::back_inserter(out), ",\"id\":{}", id);
}

}  // namespace

Result<MonitorAction> parse_action(std::string_view text) {
  const JsonScan scan = scan_json(text, 8);
  if (scan.fault)
    return fail(ErrorCode::invalid_request, fmt::format("the message is not valid JSON: {}", scan.fault->message));
  MonitorAction action;
  if (const JsonField* id = find(scan, "id"); id && id->value.size() <= 256) action.id = std::string(id->value);
  const JsonField* name = find(scan, "action");
  if (!name) return fail(ErrorCode::invalid_request, "the message must be an object with 'action'", action.id);
  Result<std::string> word = string_field(*name);
  if (!word) return fail(ErrorCode::invalid_request, word.error().message, action.id);
  if (*word == "ping") return action;
  if (*word == "subscribe") {
    action.kind = MonitorAction::Kind::subscribe;
  } else if (*word == "unsubscribe") {
    action.kind = MonitorAction::Kind::unsubscribe;
  } else {
    return fail(ErrorCode::invalid_request, "unknown action; known are subscribe, unsubscribe, ping", action.id);
  }
  if (Result<void> read = read_selection(scan, action); !read)
    return fail(ErrorCode::invalid_request, read.error().message, action.id);
  return action;
}

std::string connected_frame(std::string_view connection_id, std::string_view version) {
  return fmt::format(R"({{"type":"connected","event":"connected","message":"Connected to r8r monitor",)"
                     R"("connection_id":"{}","server_version":"{}","timestamp":"{}"}})",
                     connection_id, version, to_rfc3339(wall_now()));
}

std::string heartbeat_frame() {
  return fmt::format(R"({{"type":"heartbeat","event":"heartbeat","timestamp":"{}"}})", to_rfc3339(wall_now()));
}

std::string action_frame(const MonitorAction& action) {
  if (action.kind == MonitorAction::Kind::ping) {
    std::string out = R"({"type":"pong","event":"pong")";
    append_id(out, action.id);
    return out + '}';
  }
  const std::string_view type = action.kind == MonitorAction::Kind::subscribe ? "subscribed" : "unsubscribed";
  std::string out = fmt::format(R"({{"type":"{0}","event":"{0}")", type);
  if (action.selection.execution)
    fmt::format_to(std::back_inserter(out), R"(,"execution_id":"{}")", action.selection.execution->to_string());
  if (!action.selection.workflow.empty()) {
    out += ",\"workflow\":";
    append_json_string(out, action.selection.workflow);
  }
  if (!action.selection.types.empty()) {
    out += ",\"types\":[";
    bool first = true;
    for (const std::string& type_name : action.selection.types) {
      if (!std::exchange(first, false)) out += ',';
      append_json_string(out, type_name);
    }
    out += ']';
  }
  append_id(out, action.id);
  return out + '}';
}

std::string gap_frame(const Uuid& execution, std::int64_t from, std::int64_t to) {
  return fmt::format(R"({{"type":"gap","event":"gap","execution_id":"{}","from_seq":{},"to_seq":{}}})",
                     execution.to_string(), from, to);
}

std::string error_frame(std::string_view code, std::string_view message, std::string_view id) {
  std::string out = R"({"type":"error","event":"error","message":)";
  append_json_string(out, message);
  fmt::format_to(std::back_inserter(out), R"(,"code":"{}")", code);
  append_id(out, id);
  return out + '}';
}

}  // namespace r8r::api
