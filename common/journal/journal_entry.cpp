#include "common/journal/journal_entry.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <array>

#include "common/base/json_text.hpp"
#include "common/base/number_text.hpp"
#include "common/base/payload.hpp"

namespace r8r::journal {
namespace {

constexpr std::array<std::string_view, 11> kKindNames = {"started", "completed", "skipped",  "failed",
                                                         "waiting", "cancelled", "expanded", "paused",
                                                         "resumed", "called",    "asked"};

void append_text(std::string& out, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  out += ",\"";
  out += key;
  out += "\":";
  append_json_string(out, value);
}

void append_count(std::string& out, std::string_view key, std::int64_t value) {
  out += ",\"";
  out += key;
  out += "\":";
  append_number(out, value);
}

void append_time(std::string& out, std::string_view key, Timestamp time) {
  if (time == Timestamp{}) return;
  append_count(out, key, to_unix_us(time));
}

// A reference stands under a name of its own: KEY_at.
void append_raw(std::string& out, std::string_view key, std::string_view json) {
  if (json.empty()) return;
  const bool reference = payload::is_reference(json);
  out += ",\"";
  out += key;
  out += reference ? "_at\":" : "\":";
  out += json.substr(reference ? 1 : 0);
}

template <class List, class Append>
void append_list(std::string& out, std::string_view key, const List& list, Append append) {
  if (list.empty()) return;
  out += ",\"";
  out += key;
  out += "\":[";
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out += ',';
    append(list[i]);
  }
  out += ']';
}

using simdjson::ondemand::value;

std::string text_of(value field) {
  std::string_view view;
  if (field.get_string().get(view) != simdjson::SUCCESS) throw simdjson::simdjson_error(simdjson::INCORRECT_TYPE);
  return std::string(view);
}

std::int64_t integer_of(value field) {
  return field.get_int64().value();
}

EntryKind kind_of(std::string_view name) {
  for (std::size_t i = 0; i < kKindNames.size(); ++i) {
    if (kKindNames[i] == name) return static_cast<EntryKind>(i);
  }
  throw simdjson::simdjson_error(simdjson::INCORRECT_TYPE);
}

std::string raw_of(value field) {
  return std::string(std::string_view(simdjson::to_json_string(field).value()));
}

ItemError item_error_of(simdjson::ondemand::object object) {
  ItemError error;
  for (auto field : object) {
    const std::string_view key = field.unescaped_key().value();
    value content = field.value();
    if (key == "i") {
      error.index = static_cast<std::int32_t>(integer_of(content));
    } else if (key == "error") {
      error.error = text_of(content);
    } else if (key == "error_code") {
      error.error_code = text_of(content);
    } else if (key == "recovered") {
      error.recovered = content.get_bool().value();
    }
  }
  return error;
}

JournalEntry entry_of(simdjson::ondemand::object object) {
  JournalEntry entry;
  for (auto field : object) {
    const std::string_view key = field.unescaped_key().value();
    value content = field.value();
    if (key == "kind") {
      entry.kind = kind_of(text_of(content));
    } else if (key == "node") {
      entry.node_id = text_of(content);
    } else if (key == "type") {
      entry.node_type = text_of(content);
    } else if (key == "attempt") {
      entry.attempt = static_cast<std::int32_t>(integer_of(content));
    } else if (key == "epoch") {
      entry.epoch = integer_of(content);
    } else if (key == "dispatch") {
      entry.dispatch_id = integer_of(content);
    } else if (key == "started") {
      entry.started_at = from_unix_us(integer_of(content));
    } else if (key == "finished") {
      entry.finished_at = from_unix_us(integer_of(content));
    } else if (key == "output") {
      entry.has_output = true;
      entry.output = raw_of(content);
    } else if (key == "output_at") {
      entry.has_output = true;
      entry.output = '@' + raw_of(content);
    } else if (key == "error") {
      entry.error = text_of(content);
    } else if (key == "error_code") {
      entry.error_code = text_of(content);
    } else if (key == "recovered") {
      entry.recovered = content.get_bool().value();
    } else if (key == "wake") {
      entry.wake_at = from_unix_us(integer_of(content));
    } else if (key == "worker") {
      entry.worker = text_of(content);
    } else if (key == "logs") {
      entry.logs = text_of(content);
    } else if (key == "away") {
      for (auto element : content.get_array()) entry.routed_away.push_back(text_of(element.value()));
    } else if (key == "item") {
      entry.item_index = static_cast<std::int32_t>(integer_of(content));
    } else if (key == "item_count") {
      entry.item_count = static_cast<std::int32_t>(integer_of(content));
    } else if (key == "items") {
      for (auto element : content.get_array()) entry.items.push_back(raw_of(element.value()));
    } else if (key == "items_at") {
      entry.items_at = raw_of(content);
    } else if (key == "item_errors") {
      for (auto element : content.get_array()) entry.item_errors.push_back(item_error_of(element.get_object().value()));
    } else if (key == "fallback_input") {
      entry.fallback_input = raw_of(content);
    } else if (key == "fallback_input_at") {
      entry.fallback_input = '@' + raw_of(content);
    } else if (key == "recovery") {
      entry.recovery = raw_of(content);
    } else if (key == "recovery_at") {
      entry.recovery = '@' + raw_of(content);
    } else if (key == "in_place_of") {
      entry.in_place_of = text_of(content);
    } else if (key == "after_fallback") {
      entry.after_fallback = content.get_bool().value();
    } else if (key == "approval") {
      entry.approval_id = text_of(content);
    } else if (key == "approves") {
      entry.approves_by_itself = content.get_bool().value();
    } else if (key == "child") {
      entry.child_id = text_of(content);
    } else if (key == "exhausted") {
      entry.exhausted = content.get_bool().value();
    }
  }
  return entry;
}

}  // namespace

void append_entry(std::string& out, const JournalEntry& entry) {
  out += "{\"kind\":\"";
  out += kKindNames[static_cast<std::size_t>(entry.kind)];
  out += '"';
  append_text(out, "node", entry.node_id);
  append_text(out, "type", entry.node_type);
  if (entry.attempt != 1) append_count(out, "attempt", entry.attempt);
  if (entry.epoch != 0) append_count(out, "epoch", entry.epoch);
  if (entry.dispatch_id != 0) append_count(out, "dispatch", entry.dispatch_id);
  append_time(out, "started", entry.started_at);
  append_time(out, "finished", entry.finished_at);
  append_time(out, "wake", entry.wake_at);
  if (entry.has_output) append_raw(out, "output", entry.output.empty() ? "null" : entry.output);
  append_text(out, "error", entry.error);
  append_text(out, "error_code", entry.error_code);
  if (entry.recovered) out += ",\"recovered\":true";
  append_text(out, "worker", entry.worker);
  append_text(out, "logs", entry.logs);
  append_list(out, "away", entry.routed_away, [&](const std::string& id) { append_json_string(out, id); });
  if (entry.item_index >= 0) append_count(out, "item", entry.item_index);
  if (entry.item_count > 0) append_count(out, "item_count", entry.item_count);
  append_list(out, "items", entry.items, [&](const std::string& raw) { out += raw; });
  append_raw(out, "items_at", entry.items_at);
  append_list(out, "item_errors", entry.item_errors, [&](const ItemError& error) {
    out += "{\"i\":";
    append_number(out, error.index);
    append_text(out, "error", error.error);
    append_text(out, "error_code", error.error_code);
    if (error.recovered) out += ",\"recovered\":true";
    out += '}';
  });
  append_raw(out, "fallback_input", entry.fallback_input);
  append_raw(out, "recovery", entry.recovery);
  append_text(out, "in_place_of", entry.in_place_of);
  if (entry.after_fallback) out += ",\"after_fallback\":true";
  append_text(out, "approval", entry.approval_id);
  if (entry.approves_by_itself) out += ",\"approves\":true";
  append_text(out, "child", entry.child_id);
  if (entry.exhausted) out += ",\"exhausted\":true";
  out += '}';
}

Result<std::vector<JournalEntry>> parse_entries(std::string_view array) {
  std::vector<JournalEntry> entries;
  try {
    simdjson::ondemand::parser parser;
    const simdjson::padded_string padded(array);
    auto document = parser.iterate(padded);
    for (auto element : document.get_array()) entries.push_back(entry_of(element.get_object()));
  } catch (const simdjson::simdjson_error& error) {
    return fail(ErrorCode::storage_error, fmt::format("journal entries cannot be read: {}", error.what()));
  }
  return entries;
}

}  // namespace r8r::journal
