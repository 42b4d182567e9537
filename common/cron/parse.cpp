#include <array>

#include "common/base/environment.hpp"
#include "common/cron/local_match.hpp"
#include "common/expr/dates.hpp"
#include "common/expr/text.hpp"

namespace r8r::cron {
namespace {

using Names = std::vector<std::string>;

/// What one field may hold.
struct FieldKind {
  std::string_view name;
  int low = 0;
  int high = 0;
  /// How many values in a row there are; the weekday 7 is 0 again.
  int count = 0;
  int first_named = 0;
  const Names* names = nullptr;
  bool question_mark = false;  ///< `?` means `*`
};

const Names kNoNames;
const Names kMonths = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
const Names kWeekdays = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

const std::array<FieldKind, 6>& kinds() {
  static const std::array<FieldKind, 6> all = {{{"second", 0, 59, 60, 0, &kNoNames},
                                                {"minute", 0, 59, 60, 0, &kNoNames},
                                                {"hour", 0, 23, 24, 0, &kNoNames},
                                                {"day of month", 1, 31, 31, 0, &kNoNames, true},
                                                {"month", 1, 12, 12, 1, &kMonths},
                                                {"day of week", 0, 7, 7, 0, &kWeekdays, true}}};
  return all;
}

struct Word {
  std::string_view text;
  std::size_t at = 0;  ///< in bytes, from the beginning of the schedule
};

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c;
  return out;
}

/// At most some characters of what somebody wrote.
std::string shown(std::string_view text) {
  return fmt::format("'{}'", text.substr(0, expr::byte_offset(text, 40)));
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  tl::expected<Schedule::Fields, Problem> parse();

 private:
  using Outcome = tl::expected<void, Problem>;

  tl::unexpected<Problem> problem(std::size_t at, std::string message, std::string hint = {}) const {
    const auto before = static_cast<int>(expr::count_characters(text_.substr(0, at)));
    return tl::make_unexpected(Problem{before + 1, std::move(message), std::move(hint)});
  }
  std::vector<Word> words() const;
  tl::expected<Schedule::Fields, Problem> parse_shorthand(const Word& word) const;
  tl::expected<std::uint64_t, Problem> parse_field(const FieldKind& kind, const Word& word) const;
  Outcome parse_part(const FieldKind& kind, const Word& part, std::uint64_t& set) const;
  tl::expected<int, Problem> parse_value(const FieldKind& kind, const Word& value) const;
  tl::expected<int, Problem> parse_step(const FieldKind& kind, const Word& part, const Word& step) const;
  tl::expected<Schedule::Fields, Problem> must_fire(const Schedule::Fields& fields, const Word& day) const;

  std::string_view text_;
};

std::vector<Word> Parser::words() const {
  constexpr std::string_view kBlank = " \t\r\n";
  std::vector<Word> found;
  for (std::size_t at = text_.find_first_not_of(kBlank); at != std::string_view::npos;) {
    const std::size_t end = std::min(text_.find_first_of(kBlank, at), text_.size());
    found.push_back({text_.substr(at, end - at), at});
    at = text_.find_first_not_of(kBlank, end);
  }
  return found;
}

tl::expected<Schedule::Fields, Problem> Parser::parse_shorthand(const Word& word) const {
  struct Shorthand {
    std::string_view name, fields;
  };
  static constexpr Shorthand kAll[] = {{"@hourly", "0 * * * *"},  {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
                                       {"@weekly", "0 0 * * 0"},  {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
                                       {"@annually", "0 0 1 1 *"}};
  std::string name(word.text);
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 0x20) : c;
  Names known;
  for (const Shorthand& shorthand : kAll) {
    if (name == shorthand.name) return Parser(shorthand.fields).parse();
    known.emplace_back(shorthand.name);
  }
  std::string hint = fmt::format("known: {}", fmt::join(known, ", "));
  if (name == "@every") {
    hint = "for an interval write steps: */5 * * * * is every five minutes";
  } else if (name == "@reboot") {
    hint = "a schedule names times; start the workflow over the API instead";
  } else if (const std::string near = nearest_name(name, known); !near.empty()) {
    hint = fmt::format("did you mean '{}'?", near);
  }
  return problem(word.at, fmt::format("unknown schedule {}", shown(word.text)), std::move(hint));
}

tl::expected<int, Problem> Parser::parse_value(const FieldKind& kind, const Word& value) const {
  const std::string name = upper(value.text);
  for (std::size_t i = 0; i < kind.names->size(); ++i) {
    if (name == (*kind.names)[i]) return static_cast<int>(i) + kind.first_named;
  }
  const bool named = !kind.names->empty();
  const std::string range =
      named ? fmt::format("{} to {} or {} to {}", kind.low, kind.high, kind.names->front(), kind.names->back())
            : fmt::format("{} to {}", kind.low, kind.high);
  const bool number = !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
  const int parsed = number && name.size() <= 4 ? std::stoi(name) : -1;
  if (parsed >= kind.low && parsed <= kind.high) return parsed;
  if (name.empty()) {
    return problem(value.at, fmt::format("the {} has an empty value; {} is allowed", kind.name, range),
                   "remove the ',' or '-' beside it, or write a value");
  }
  std::string hint;
  if (number) {
    if (kind.name == "hour" && parsed == 24) hint = "midnight is 0";
    if (kind.name == "minute" || kind.name == "second") hint = parsed == 60 ? "write 0" : "";
  } else if (name.back() == 'L' || name.back() == 'W' || name.find('#') != std::string::npos) {
    hint = "L, W and # are not part of the language; list the days, and let a condition choose among them";
  } else if (name == "?") {
    hint = "write *";
  } else if (const std::string near = named ? nearest_name(name, *kind.names) : std::string(); !near.empty()) {
    hint = fmt::format("did you mean '{}'?", near);
  } else if (named && name.size() > 3) {
    // MONDAY, and every other name written out.
    for (const std::string& known : *kind.names) {
      if (name.starts_with(known)) hint = fmt::format("did you mean '{}'?", known);
    }
  }
  return problem(value.at, fmt::format("the {} {} is not allowed; {} is", kind.name, shown(value.text), range),
                 std::move(hint));
}

tl::expected<int, Problem> Parser::parse_step(const FieldKind& kind, const Word& part, const Word& step) const {
  const bool number =
      !step.text.empty() && step.text.size() <= 4 && step.text.find_first_not_of("0123456789") == std::string::npos;
  const int parsed = number ? std::stoi(std::string(step.text)) : 0;
  if (parsed >= 1 && parsed <= kind.count) return parsed;
  std::string hint;
  if (parsed > kind.count) {
    hint = "a step counts within its own field: for every 90 minutes take two schedules, or every hour and a condition";
  } else {
    hint = "for example */5, or 10-50/5";
  }
  return problem(step.at,
                 fmt::format("the step {} of the {} {} is not allowed; 1 to {} is", shown(step.text), kind.name,
                             shown(part.text), kind.count),
                 std::move(hint));
}

// `*`, `5`, `1-5`, each with `/step` behind it; `5/15` begins at 5 and goes on to the end.
Parser::Outcome Parser::parse_part(const FieldKind& kind, const Word& part, std::uint64_t& set) const {
  const std::size_t slash = part.text.find('/');
  const Word range{part.text.substr(0, slash), part.at};
  int step = 1;
  if (slash != std::string_view::npos) {
    const auto given = parse_step(kind, part, {part.text.substr(slash + 1), part.at + slash + 1});
    if (!given) return tl::make_unexpected(given.error());
    step = *given;
  }
  int low = kind.low;
  int high = kind.low + kind.count - 1;
  if (range.text != "*" && !(range.text == "?" && kind.question_mark)) {
    const std::size_t dash = range.text.find('-');
    const auto first = parse_value(kind, {range.text.substr(0, dash), range.at});
    if (!first) return tl::make_unexpected(first.error());
    low = *first;
    if (dash != std::string_view::npos) {
      const auto last = parse_value(kind, {range.text.substr(dash + 1), range.at + dash + 1});
      if (!last) return tl::make_unexpected(last.error());
      high = *last;
      // A week may begin or end with its Sunday.
      if (kind.high == 7 && high == 0 && low > 0) high = 7;
      if (kind.high == 7 && low == 7 && high < 7) low = 0;
    } else if (slash == std::string_view::npos) {
      high = low;
    } else if (low > high) {
      low -= kind.count;  // 7/2: from Sunday
    }
    if (low > high) {
      return problem(range.at, fmt::format("the {} range {} runs backwards", kind.name, shown(range.text)),
                     fmt::format("write it as two: {}-{},{}-{}", low, kind.low + kind.count - 1, kind.low, high));
    }
  }
  for (int value = low; value <= high; value += step) {
    set |= std::uint64_t{1} << (kind.high == 7 ? value % 7 : value);
  }
  return {};
}

tl::expected<std::uint64_t, Problem> Parser::parse_field(const FieldKind& kind, const Word& word) const {
  std::uint64_t set = 0;
  for (std::size_t at = 0; at <= word.text.size();) {
    const std::size_t end = std::min(word.text.find(',', at), word.text.size());
    if (const auto part = parse_part(kind, {word.text.substr(at, end - at), word.at + at}, set); !part)
      return tl::make_unexpected(part.error());
    at = end + 1;
  }
  return set;
}

// A schedule that never fires is a mistake, most likely in the day of the month.
tl::expected<Schedule::Fields, Problem> Parser::must_fire(const Schedule::Fields& fields, const Word& day) const {
  constexpr std::int64_t kSomeDay = 10'957;  // 2000-01-01
  if (next_day(fields, kSomeDay)) return fields;
  return problem(day.at, fmt::format("the schedule never fires: no month that it names has a day {}", shown(day.text)),
                 "February has 29 days at most; April, June, September and November have 30");
}

tl::expected<Schedule::Fields, Problem> Parser::parse() {
  const std::vector<Word> given = words();
  if (given.empty()) {
    return problem(0, "the schedule is empty", "for example 0 9 * * MON-FRI: at 9 on working days");
  }
  if (given.front().text.front() == '@') {
    if (given.size() == 1 || upper(given.front().text) == "@EVERY") return parse_shorthand(given.front());
    return problem(given[1].at, fmt::format("nothing may follow {}", shown(given.front().text)));
  }
  if (given.size() != 5 && given.size() != 6) {
    return problem(given.size() > 6 ? given[6].at : 0,
                   fmt::format("a schedule has 5 fields, or 6 with seconds, not {}", given.size()),
                   given.size() == 7 ? "a year cannot be given; leave the last field out"
                                     : "minute, hour, day of month, month, day of week; seconds come first if at all");
  }
  std::array<std::uint64_t, 6> sets{1};
  const std::size_t first = 6 - given.size();
  for (std::size_t i = first; i < 6; ++i) {
    const auto set = parse_field(kinds()[i], given[i - first]);
    if (!set) return tl::make_unexpected(set.error());
    sets[i] = *set;
  }
  const auto starred = [&](std::size_t i) {
    const char c = given[i - first].text.front();
    return c == '*' || c == '?';
  };
  const Schedule::Fields fields{sets[0], sets[1], sets[2], sets[3], sets[4], sets[5], starred(3), starred(5)};
  return must_fire(fields, given[3 - first]);
}

}  // namespace

tl::expected<Schedule, Problem> Schedule::parse(std::string_view text) {
  // Longer than any that lists every value of every field.
  constexpr std::size_t kLongest = 1'000;
  if (text.size() > kLongest)
    return tl::make_unexpected(Problem{1, fmt::format("a schedule has at most {} characters", kLongest), {}});
  const auto fields = Parser(text).parse();
  if (!fields) return tl::make_unexpected(fields.error());
  return Schedule(std::string(expr::trim(text)), *fields);
}

}  // namespace r8r::cron
