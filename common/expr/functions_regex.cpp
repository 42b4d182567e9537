#include <re2/re2.h>

#include "common/base/json_text.hpp"
#include "common/expr/functions.hpp"
#include "common/expr/run.hpp"
#include "common/expr/text.hpp"

/// Regular expressions by RE2: linear in the text whatever the pattern, no back references or look-around.
namespace r8r::expr {
namespace {

constexpr std::size_t kMaxPattern = 10'000;

/// Steps of going once through `bytes` of text: with a large pattern each byte costs more.
std::size_t scan_cost(const RE2& regex, std::size_t bytes) {
  return bytes / 64 * (1 + static_cast<std::size_t>(regex.ProgramSize()) / 32);
}

/// Patterns that were used lately in this thread.
const RE2* compiled_pattern(Call& call, std::string_view pattern) {
  struct Known {
    std::string text;
    std::unique_ptr<RE2> regex;
  };
  thread_local std::array<Known, 64> known;
  if (pattern.size() > kMaxPattern) {
    call.fail(fmt::format("'{}': the pattern is longer than {} bytes", call.name, kMaxPattern));
    return nullptr;
  }
  Known& slot = known[Map::hash_of(pattern) % known.size()];
  if (slot.regex == nullptr || slot.text != pattern) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(4 << 20);
    // Compiling costs far more than a step.
    if (!call.charge(100 + pattern.size())) return nullptr;
    slot.regex = std::make_unique<RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
    slot.text = std::string(pattern);
  }
  if (!slot.regex->ok()) {
    call.fail(fmt::format("'{}': the pattern is wrong: {}", call.name, slot.regex->error()));
    return nullptr;
  }
  return slot.regex.get();
}

bool matches(Call& call, Value& out) {
  std::string_view pattern;
  const std::string_view text = call.text_of(0);
  if (!call.text(1, pattern)) return false;
  const RE2* regex = compiled_pattern(call, pattern);
  if (regex == nullptr || !call.charge(scan_cost(*regex, text.size()))) return false;
  out = Value::boolean(RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *regex));
  return true;
}

/// Calls `visit(groups)` for each match; groups[0] is the whole of it. Finding one may take a look at all of the text
/// behind it ("a(.*b)?"), which nobody can tell beforehand; so each costs a little of that.
template <class Visit>
bool each_match(Call& call, const RE2& regex, std::string_view text, const Visit& visit) {
  const re2::StringPiece whole(text.data(), text.size());
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) + 1);
  std::size_t at = 0;
  while (at <= text.size() &&
         regex.Match(whole, at, text.size(), RE2::UNANCHORED, groups.data(), static_cast<int>(groups.size()))) {
    const auto start = static_cast<std::size_t>(groups[0].data() - text.data());
    const std::size_t end = start + groups[0].size();
    if (!call.charge(1 + (end - at) / 64 + (text.size() - end) / 8192) || !visit(groups)) return false;
    // An empty match moves on by one character.
    at = groups[0].empty() ? end + std::max<std::size_t>(1, character_at(text, end).size()) : end;
  }
  return true;
}

Value group_value(const re2::StringPiece& group) {
  if (group.data() == nullptr) return Value();
  const std::string_view text(group.data(), group.size());
  // \C in a pattern cuts characters in two.
  return is_valid_utf8(text) ? Value::string(text) : Value::string(repaired_utf8(text));
}

/// All matches: the text of each, or of its group when the pattern has one, or an array of its groups.
bool find_all(Call& call, Value& out) {
  std::string_view pattern;
  const std::string_view text = call.text_of(0);
  if (!call.text(1, pattern)) return false;
  const RE2* regex = compiled_pattern(call, pattern);
  if (regex == nullptr || !call.charge(scan_cost(*regex, text.size()))) return false;
  std::vector<Value> found;
  const bool good = each_match(call, *regex, text, [&](const std::vector<re2::StringPiece>& groups) {
    if (groups.size() <= 2) {
      found.push_back(group_value(groups.back()));
    } else {
      std::vector<Value> parts;
      for (std::size_t i = 1; i < groups.size(); ++i) parts.push_back(group_value(groups[i]));
      found.push_back(Value::array(std::move(parts)));
    }
    return call.fits_elements(found.size());
  });
  return good && call.give(std::move(found), out);
}

/// In the replacement, $1 and ${1} are groups, $0 the match, $$ a dollar sign.
void append_replacement(std::string& out, std::string_view replacement, const std::vector<re2::StringPiece>& groups) {
  for (std::size_t i = 0; i < replacement.size(); ++i) {
    if (replacement[i] != '$' || i + 1 == replacement.size()) {
      out += replacement[i];
      continue;
    }
    std::size_t at = i + 1;
    if (replacement[at] == '$') {
      out += '$';
      i = at;
      continue;
    }
    const bool braces = replacement[at] == '{';
    if (braces) ++at;
    std::size_t group = 0;
    const std::size_t digits = at;
    while (at < replacement.size() && replacement[at] >= '0' && replacement[at] <= '9' && at - digits < 2) {
      group = group * 10 + static_cast<std::size_t>(replacement[at++] - '0');
    }
    if (at == digits || (braces && (at == replacement.size() || replacement[at] != '}'))) {
      out += '$';
      continue;
    }
    if (braces) ++at;
    if (group < groups.size() && groups[group].data() != nullptr)
      out.append(groups[group].data(), groups[group].size());
    i = at - 1;
  }
}

bool replace_regex(Call& call, Value& out) {
  std::string_view pattern;
  std::string_view replacement;
  const std::string_view text = call.text_of(0);
  if (!call.text(1, pattern) || !call.text(2, replacement)) return false;
  const RE2* regex = compiled_pattern(call, pattern);
  if (regex == nullptr || !call.charge(scan_cost(*regex, text.size()))) return false;
  std::string changed;
  std::size_t copied = 0;
  const std::size_t most = call.run.context().limits.bytes;
  const bool good = each_match(call, *regex, text, [&](const std::vector<re2::StringPiece>& groups) {
    const auto start = static_cast<std::size_t>(groups[0].data() - text.data());
    changed.append(text, copied, start - copied);
    append_replacement(changed, replacement, groups);
    copied = start + groups[0].size();
    return changed.size() <= most || call.fits_bytes(changed.size());
  });
  if (!good) return false;
  changed.append(text, copied);
  return call.give(is_valid_utf8(changed) ? changed : repaired_utf8(changed), out);
}

constexpr Function kFunctions[] = {
    {"matches", kString, 2, 2, matches},
    {"find_all", kString, 2, 2, find_all},
    {"replace_regex", kString, 3, 3, replace_regex},
};

}  // namespace

std::span<const Function> regex_functions() {
  return kFunctions;
}

}  // namespace r8r::expr
