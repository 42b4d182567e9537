#include "common/expr/code_access.hpp"
#include "common/expr/functions.hpp"
#include "common/expr/text.hpp"

/// Strings: looking at them and making new ones. Positions and lengths are in characters.
namespace r8r::expr {
namespace {

bool len(Call& call, Value& out) {
  out = Value::integer(static_cast<std::int64_t>(call.args[0].character_count()));
  return true;
}

bool bytes(Call& call, Value& out) {
  out = Value::integer(static_cast<std::int64_t>(call.text_of(0).size()));
  return true;
}

bool is_empty(Call& call, Value& out) {
  out = Value::boolean(call.text_of(0).empty());
  return true;
}

bool change_case(Call& call, std::uint32_t (*change)(std::uint32_t), Value& out) {
  const std::string_view text = call.text_of(0);
  if (!call.charge_text(text.size())) return false;
  std::string changed;
  changed.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) append_code_point(changed, change(next_code_point(text, at)));
  return call.give(changed, out);
}
bool to_upper(Call& call, Value& out) {
  return change_case(call, upper_case, out);
}
bool to_lower(Call& call, Value& out) {
  return change_case(call, lower_case, out);
}

bool trim_start(Call& call, Value& out) {
  return call.charge_text(call.text_of(0).size()) && call.give(trim_left(call.text_of(0)), out);
}
bool trim_end(Call& call, Value& out) {
  return call.charge_text(call.text_of(0).size()) && call.give(trim_right(call.text_of(0)), out);
}

bool contains_text(Call& call, Value& out) {
  std::string_view part;
  if (!call.text(1, part) || !call.charge_text(call.text_of(0).size())) return false;
  out = Value::boolean(call.text_of(0).find(part) != std::string_view::npos);
  return true;
}

bool starts_with(Call& call, Value& out) {
  std::string_view part;
  if (!call.text(1, part) || !call.charge_text(part.size())) return false;
  out = Value::boolean(call.text_of(0).starts_with(part));
  return true;
}

bool ends_with(Call& call, Value& out) {
  std::string_view part;
  if (!call.text(1, part) || !call.charge_text(part.size())) return false;
  out = Value::boolean(call.text_of(0).ends_with(part));
  return true;
}

bool index_of(Call& call, Value& out) {
  const std::string_view text = call.text_of(0);
  std::string_view part;
  std::int64_t from = 0;
  if (!call.text(1, part) || (call.has(2) && !call.integer(2, from)) || !call.charge_text(text.size() * 2))
    return false;
  const auto size = static_cast<std::int64_t>(call.args[0].character_count());
  if (from < 0) from = std::max<std::int64_t>(0, size + from);
  std::size_t found = std::string_view::npos;
  if (from <= size) found = text.find(part, byte_offset(text, static_cast<std::size_t>(from)));
  out = Value::integer(
      found == std::string_view::npos ? -1 : static_cast<std::int64_t>(count_characters(text.substr(0, found))));
  return true;
}

/// sub_string(start[, length]) or sub_string(range); clamped to the string.
bool sub_string(Call& call, Value& out) {
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
  return call.give(text.substr(from, byte_offset(text.substr(from), static_cast<std::size_t>(length))), out);
}

bool give_parts(Call& call, const std::vector<std::string_view>& parts, Value& out) {
  if (!call.charge(parts.size())) return false;
  std::vector<Value> elements;
  elements.reserve(parts.size());
  for (const std::string_view part : parts) elements.push_back(Value::string(part));
  return call.give(std::move(elements), out);
}

void split_at_space(std::string_view text, std::vector<std::string_view>& parts) {
  std::size_t start = 0;
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t before = at;
    const bool space = is_white_space(next_code_point(text, at));
    if (inside && space) parts.push_back(text.substr(start, before - start));
    if (!inside && !space) start = before;
    inside = !space;
  }
  if (inside) parts.push_back(text.substr(start));
}

/// split(), split(separator[, parts]), split(position).
bool split(Call& call, Value& out) {
  const std::string_view text = call.text_of(0);
  std::vector<std::string_view> parts;
  if (!call.charge_text(text.size())) return false;
  if (!call.has(1)) {
    split_at_space(text, parts);
    return give_parts(call, parts, out);
  }
  if (call.args[1].is_int() && !call.has(2)) {
    const auto size = static_cast<std::int64_t>(call.args[0].character_count());
    std::int64_t position = call.args[1].as_int();
    if (position < 0) position = std::max<std::int64_t>(0, size + position);
    const std::size_t at = byte_offset(text, static_cast<std::size_t>(std::min(position, size)));
    return give_parts(call, {text.substr(0, at), text.substr(at)}, out);
  }
  std::string_view separator;
  std::int64_t limit = std::numeric_limits<std::int64_t>::max();
  if (!call.text(1, separator) || (call.has(2) && !call.integer(2, limit))) return false;
  std::size_t at = 0;
  while (at <= text.size() && static_cast<std::int64_t>(parts.size()) + 1 < limit) {
    if (!call.fits_elements(parts.size())) return false;
    if (separator.empty()) {
      const std::size_t length = character_at(text, at).size();
      if (at + length >= text.size()) break;
      parts.push_back(text.substr(at, length));
      at += length;
      continue;
    }
    const std::size_t found = text.find(separator, at);
    if (found == std::string_view::npos) break;
    parts.push_back(text.substr(at, found - at));
    at = found + separator.size();
  }
  parts.push_back(text.substr(at));
  return give_parts(call, parts, out);
}

/// As split, from the end.
bool split_rev(Call& call, Value& out) {
  const std::string_view text = call.text_of(0);
  std::vector<std::string_view> parts;
  if (!call.charge_text(text.size())) return false;
  if (!call.has(1)) {
    split_at_space(text, parts);
    std::reverse(parts.begin(), parts.end());
    return give_parts(call, parts, out);
  }
  std::string_view separator;
  std::int64_t limit = std::numeric_limits<std::int64_t>::max();
  if (!call.text(1, separator) || (call.has(2) && !call.integer(2, limit))) return false;
  if (separator.empty()) return call.fail("'split_rev' needs a separator that is not empty");
  std::size_t end = text.size();
  while (static_cast<std::int64_t>(parts.size()) + 1 < limit && end >= separator.size()) {
    if (!call.fits_elements(parts.size())) return false;
    const std::size_t found = text.rfind(separator, end - separator.size());
    if (found == std::string_view::npos) break;
    parts.push_back(text.substr(found + separator.size(), end - found - separator.size()));
    end = found;
  }
  parts.push_back(text.substr(0, end));
  return give_parts(call, parts, out);
}

bool chars(Call& call, Value& out) {
  const std::string_view text = call.text_of(0);
  if (!call.fits_elements(call.args[0].character_count()) || !call.charge(call.args[0].character_count())) return false;
  std::vector<Value> elements;
  elements.reserve(call.args[0].character_count());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_length(text[at]);
    elements.push_back(Value::string(text.substr(at, length)));
    at += length;
  }
  return call.give(std::move(elements), out);
}

/// One character, or null where there is none.
bool get(Call& call, Value& out) {
  std::int64_t index = 0;
  if (!call.integer(1, index)) return false;
  std::size_t position = 0;
  if (!element_position(index, call.args[0].character_count(), position)) {
    out = call.has(2) ? call.args[2] : Value();
    return true;
  }
  const std::string_view text = call.text_of(0);
  if (!call.charge_text(text.size())) return false;
  out = Value::string(character_at(text, byte_offset(text, position)));
  return true;
}

bool pad_start(Call& call, Value& out) {
  std::int64_t length = 0;
  std::string_view filler = " ";
  if (!call.integer(1, length) || (call.has(2) && !call.text(2, filler))) return false;
  const std::string_view text = call.text_of(0);
  const auto size = static_cast<std::int64_t>(call.args[0].character_count());
  if (filler.empty() || length <= size) {
    out = call.args[0];
    return true;
  }
  if (!call.fits_bytes(static_cast<std::size_t>(length))) return false;
  std::string padded;
  std::size_t at = 0;
  for (std::int64_t i = size; i < length; ++i) {
    const std::size_t width = character_length(filler[at]);
    padded.append(filler.substr(at, width));
    at = at + width >= filler.size() ? 0 : at + width;
  }
  padded.append(text);
  return call.give(padded, out);
}

bool repeat(Call& call, Value& out) {
  std::int64_t times = 0;
  if (!call.integer(1, times)) return false;
  const std::string_view text = call.text_of(0);
  if (times < 0) times = 0;
  std::size_t size = 0;
  if (__builtin_mul_overflow(text.size(), static_cast<std::size_t>(times), &size))
    size = std::numeric_limits<std::size_t>::max();
  if (text.empty()) times = 0;
  if (!call.fits_bytes(size)) return false;
  std::string repeated;
  repeated.reserve(size);
  for (std::int64_t i = 0; i < times; ++i) repeated.append(text);
  out = Value::string(repeated);
  return true;
}

bool lines(Call& call, Value& out) {
  std::string_view text = call.text_of(0);
  if (!call.charge_text(text.size())) return false;
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    parts.push_back(line);
    if (!call.fits_elements(parts.size())) return false;
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return give_parts(call, parts, out);
}

/// Latin letters without their accents, for slugs.
std::string_view plain_letter(std::uint32_t code) {
  struct Letters {
    std::uint32_t from, to;
    std::string_view plain;
  };
  static constexpr Letters kLetters[] = {
      {0xdf, 0xdf, "ss"},  {0xe0, 0xe5, "a"},    {0xe6, 0xe6, "ae"},  {0xe7, 0xe7, "c"},   {0xe8, 0xeb, "e"},
      {0xec, 0xef, "i"},   {0xf0, 0xf0, "d"},    {0xf1, 0xf1, "n"},   {0xf2, 0xf6, "o"},   {0xf8, 0xf8, "o"},
      {0xf9, 0xfc, "u"},   {0xfd, 0xfd, "y"},    {0xfe, 0xfe, "th"},  {0xff, 0xff, "y"},   {0x101, 0x105, "a"},
      {0x107, 0x10d, "c"}, {0x10f, 0x111, "d"},  {0x113, 0x11b, "e"}, {0x11d, 0x123, "g"}, {0x125, 0x127, "h"},
      {0x129, 0x131, "i"}, {0x135, 0x135, "j"},  {0x137, 0x138, "k"}, {0x13a, 0x142, "l"}, {0x144, 0x14b, "n"},
      {0x14d, 0x151, "o"}, {0x153, 0x153, "oe"}, {0x155, 0x159, "r"}, {0x15b, 0x161, "s"}, {0x163, 0x167, "t"},
      {0x169, 0x173, "u"}, {0x175, 0x175, "w"},  {0x177, 0x177, "y"}, {0x17a, 0x17e, "z"}};
  for (const Letters& letters : kLetters) {
    if (code >= letters.from && code <= letters.to) return letters.plain;
  }
  return {};
}

bool slugify(Call& call, Value& out) {
  const std::string_view text = call.text_of(0);
  if (!call.charge_text(text.size())) return false;
  std::string slug;
  bool gap = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::uint32_t code = lower_case(next_code_point(text, at));
    const std::string_view plain = plain_letter(code);
    const bool simple = (code >= 'a' && code <= 'z') || (code >= '0' && code <= '9');
    // Letters of other scripts stay as they are; everything else separates words, but an apostrophe only goes away.
    const bool kept = simple || !plain.empty() ||
                      (code > 0x17f && !is_white_space(code) && !(code >= 0x2000 && code <= 0x2bff) && code != 0xfffd);
    if (!kept) {
      gap = gap || (code != '\'' && code != 0x2019);
      continue;
    }
    if (gap && !slug.empty()) slug += '-';
    gap = false;
    if (plain.empty()) {
      append_code_point(slug, code);
    } else {
      slug.append(plain);
    }
  }
  return call.give(slug, out);
}

constexpr Function kFunctions[] = {
    {"len", kString, 1, 1, len},
    {"length", kString, 1, 1, len},
    {"bytes", kString, 1, 1, bytes},
    {"is_empty", kString, 1, 1, is_empty},
    {"to_upper", kString, 1, 1, to_upper},
    {"upper", kString, 1, 1, to_upper},
    {"to_lower", kString, 1, 1, to_lower},
    {"lower", kString, 1, 1, to_lower},
    {"trim_start", kString, 1, 1, trim_start},
    {"trim_end", kString, 1, 1, trim_end},
    {"contains", kString, 2, 2, contains_text},
    {"starts_with", kString, 2, 2, starts_with},
    {"ends_with", kString, 2, 2, ends_with},
    {"index_of", kString, 2, 3, index_of},
    {"sub_string", kString, 2, 3, sub_string},
    {"slice", kString, 2, 3, sub_string},
    {"split", kString, 1, 3, split},
    {"split_rev", kString, 1, 3, split_rev},
    {"chars", kString, 1, 1, chars},
    {"to_array", kString, 1, 1, chars},
    {"get", kString, 2, 3, get},
    {"pad_start", kString, 2, 3, pad_start},
    {"repeat", kString, 2, 2, repeat},
    {"lines", kString, 1, 1, lines},
    {"slugify", kString, 1, 1, slugify},
};

}  // namespace

std::span<const Function> string_functions() {
  return kFunctions;
}

}  // namespace r8r::expr
