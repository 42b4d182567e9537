#include "common/expr/code_access.hpp"
#include "common/expr/functions.hpp"
#include "common/expr/text.hpp"

/// Strings: functions that change the variable they are called on. Each puts the new text into args[0].
namespace r8r::expr {
namespace {

bool replace_receiver(Call& call, std::string_view text) {
  if (!call.fits_bytes(text.size())) return false;
  Value changed = Value::string(text);  // before the old text goes: `text` may be part of it
  call.args[0] = std::move(changed);
  return true;
}

bool trim_text(Call& call, Value&) {
  return call.charge_text(call.text_of(0).size()) && replace_receiver(call, trim(call.text_of(0)));
}

/// crop(start[, length]) or crop(range): keeps that part.
bool crop(Call& call, Value&) {
  const std::string_view text = call.text_of(0);
  if (!call.charge_text(text.size())) return false;
  const auto size = static_cast<std::int64_t>(call.args[0].character_count());
  std::int64_t start = 0;
  std::int64_t length = size;
  if (!call.has(2) && as_span(call.args[1], start, length)) {
  } else if (!call.integer(1, start) || (call.has(2) && !call.integer(2, length))) {
    return false;
  }
  if (start < 0) start = std::max<std::int64_t>(0, size + start);
  start = std::min(start, size);
  length = std::clamp<std::int64_t>(length, 0, size - start);
  const std::size_t from = byte_offset(text, static_cast<std::size_t>(start));
  return replace_receiver(call, text.substr(from, byte_offset(text.substr(from), static_cast<std::size_t>(length))));
}

bool replace(Call& call, Value&) {
  const std::string_view text = call.text_of(0);
  std::string_view from;
  std::string_view to;
  if (!call.text(1, from) || !call.text(2, to) || !call.charge_text(text.size())) return false;
  if (from.empty()) return true;
  std::string changed;
  std::size_t at = 0;
  while (true) {
    const std::size_t found = text.find(from, at);
    changed.append(text, at, found == std::string_view::npos ? found : found - at);
    if (found == std::string_view::npos) break;
    changed.append(to);
    at = found + from.size();
    if (changed.size() > call.run.context().limits.bytes) return call.fits_bytes(changed.size());
  }
  return replace_receiver(call, changed);
}

bool pad(Call& call, Value&) {
  std::int64_t length = 0;
  std::string_view filler = " ";
  if (!call.integer(1, length) || (call.has(2) && !call.text(2, filler))) return false;
  const auto size = static_cast<std::int64_t>(call.args[0].character_count());
  if (filler.empty() || length <= size) return true;
  if (!call.fits_bytes(static_cast<std::size_t>(length))) return false;
  std::string padded(call.text_of(0));
  std::size_t at = 0;
  for (std::int64_t i = size; i < length; ++i) {
    const std::size_t width = character_length(filler[at]);
    padded.append(filler.substr(at, width));
    at = at + width >= filler.size() ? 0 : at + width;
  }
  return replace_receiver(call, padded);
}

bool truncate(Call& call, Value&) {
  std::int64_t length = 0;
  if (!call.integer(1, length)) return false;
  const std::string_view text = call.text_of(0);
  if (!call.charge_text(text.size())) return false;
  return replace_receiver(
      call, text.substr(0, byte_offset(text, static_cast<std::size_t>(std::max<std::int64_t>(0, length)))));
}

bool reverse(Call& call, Value&) {
  const std::string_view text = call.text_of(0);
  std::string reversed;
  reversed.reserve(text.size());
  std::size_t end = text.size();
  while (end > 0) {
    std::size_t start = end - 1;
    while (start > 0 && is_continuation(text[start])) --start;
    reversed.append(text.substr(start, end - start));
    end = start;
  }
  return replace_receiver(call, reversed);
}

bool remove(Call& call, Value&) {
  const std::string_view text = call.text_of(0);
  std::string_view part;
  if (!call.text(1, part) || !call.charge_text(text.size())) return false;
  if (part.empty()) return true;
  std::string left;
  std::size_t at = 0;
  while (true) {
    const std::size_t found = text.find(part, at);
    left.append(text, at, found == std::string_view::npos ? found : found - at);
    if (found == std::string_view::npos) break;
    at = found + part.size();
  }
  return replace_receiver(call, left);
}

bool clear(Call& call, Value&) {
  return replace_receiver(call, {});
}

bool change_case(Call& call, std::uint32_t (*change)(std::uint32_t)) {
  const std::string_view text = call.text_of(0);
  std::string changed;
  changed.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) append_code_point(changed, change(next_code_point(text, at)));
  return replace_receiver(call, changed);
}
bool make_upper(Call& call, Value&) {
  return change_case(call, upper_case);
}
bool make_lower(Call& call, Value&) {
  return change_case(call, lower_case);
}

constexpr Function kFunctions[] = {
    {"trim", kString, 1, 1, trim_text, Effect::transforms},
    {"crop", kString, 2, 3, crop, Effect::transforms},
    {"replace", kString, 3, 3, replace, Effect::transforms},
    {"pad", kString, 2, 3, pad, Effect::transforms},
    {"truncate", kString, 2, 2, truncate, Effect::transforms},
    {"reverse", kString, 1, 1, reverse, Effect::transforms},
    {"remove", kString, 2, 2, remove, Effect::transforms},
    {"clear", kString, 1, 1, clear, Effect::transforms},
    {"make_upper", kString, 1, 1, make_upper, Effect::transforms},
    {"make_lower", kString, 1, 1, make_lower, Effect::transforms},
};

}  // namespace

std::span<const Function> string_edit_functions() {
  return kFunctions;
}

}  // namespace r8r::expr
