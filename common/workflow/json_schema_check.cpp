#include <cmath>
#include <unordered_map>

#include "common/base/time.hpp"
#include "common/expr/json.hpp"
#include "common/workflow/json_schema_rules.hpp"

namespace r8r::workflow {
namespace {

using Rules = JsonSchema::Rules;
using expr::Value;

// A step is a schema that meets a value, or some tens of bytes of it that are looked at.
constexpr std::size_t kMaxSteps = 2'000'000;
constexpr int kMaxDepth = 500;

unsigned type_of(const Value& value) {
  if (value.is_null()) return Rules::null;
  if (value.is_bool()) return Rules::boolean;
  if (value.is_string()) return Rules::string;
  if (value.is_array()) return Rules::array;
  if (value.is_map()) return Rules::object;
  const bool whole = value.is_int() || std::trunc(value.as_float()) == value.as_float();
  return whole ? Rules::integer | Rules::number : static_cast<unsigned>(Rules::number);
}

std::string names_of(unsigned types) {
  static constexpr std::pair<unsigned, std::string_view> kNames[] = {
      {Rules::null, "null"},       {Rules::boolean, "a boolean"}, {Rules::integer, "an integer"},
      {Rules::number, "a number"}, {Rules::string, "a string"},   {Rules::array, "an array"},
      {Rules::object, "an object"}};
  std::string text;
  for (const auto& [type, name] : kNames) {
    if ((types & type) != 0) text += (text.empty() ? "" : " or ") + std::string(name);
  }
  return text;
}

std::string name_of(const Value& value) {
  const unsigned type = type_of(value);
  return names_of(type == (Rules::integer | Rules::number) ? static_cast<unsigned>(Rules::integer) : type);
}

bool is_multiple(const Value& value, double of) {
  if (value.is_int() && of == std::trunc(of) && of < 9e15) return value.as_int() % static_cast<std::int64_t>(of) == 0;
  const double times = value.as_number() / of;
  return std::abs(times - std::round(times)) <= 1e-9 * std::max(1.0, std::abs(times));
}

bool fits_format(std::string_view format, std::string_view text) {
  static const std::map<std::string_view, std::string_view> kPatterns = {
      {"email", R"([^@\s]+@[^@\s.]+(\.[^@\s.]+)*)"},
      {"uuid", R"([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"},
      {"uri", R"([A-Za-z][A-Za-z0-9+.-]*:\S*)"},
      {"ipv4", R"(((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d))"},
      {"hostname", R"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*)"}};
  if (format == "date-time") return parse_rfc3339(text).has_value();
  if (format == "date") return text.size() == 10 && parse_rfc3339(std::string(text) + "T00:00:00Z").has_value();
  if (format == "time") return parse_rfc3339("2000-01-01T" + std::string(text)).has_value();
  const auto known = kPatterns.find(format);
  if (known == kPatterns.end()) return true;
  static std::map<std::string_view, std::unique_ptr<const RE2>> compiled = [] {
    std::map<std::string_view, std::unique_ptr<const RE2>> all;
    for (const auto& [name, pattern] : kPatterns) {
      all[name] = std::make_unique<const RE2>(re2::StringPiece(pattern.data(), pattern.size()), RE2::Quiet);
    }
    return all;
  }();
  return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *compiled.at(format));
}

/// One go over a value. Says what does not fit unless it is only asked whether it fits.
class Checker {
 public:
  explicit Checker(const std::vector<Rules>& rules) : rules_(rules) {}

  std::vector<JsonSchema::Violation> run(const Value& value) {
    check(0, value);
    if (gave_up_) violations_ = {{"", "is too large or too deep to be checked against input_schema"}};
    return std::move(violations_);
  }

 private:
  // Lengthens the path while it lives.
  class Step {
   public:
    Step(std::string& path, std::string_view key) : path_(path), length_(path.size()) {
      if (!path_.empty()) path_ += '.';
      path_ += key;
    }
    Step(std::string& path, std::size_t index) : path_(path), length_(path.size()) {
      path_ += fmt::format("[{}]", index);
    }
    ~Step() { path_.resize(length_); }

   private:
    std::string& path_;
    std::size_t length_;
  };

  bool wrong(std::string message) {
    if (!quiet_ && violations_.size() < JsonSchema::kMaxViolations) violations_.push_back({path_, std::move(message)});
    return false;
  }

  void charge(std::size_t steps) {
    steps_ += steps;
    gave_up_ = gave_up_ || steps_ > kMaxSteps;
  }

  // Whether nobody wants to hear more.
  bool is_decided(bool fits) const { return gave_up_ || (quiet_ && !fits); }

  bool check(int number, const Value& value) {
    if (number < 0) return true;
    charge(1);
    if (depth_ >= kMaxDepth) gave_up_ = true;
    if (gave_up_) return false;
    ++depth_;
    const bool fits = check_rules(rules_[static_cast<std::size_t>(number)], value);
    --depth_;
    return fits;
  }

  bool fits_quietly(int number, const Value& value) {
    const bool before = std::exchange(quiet_, true);
    const bool fits = check(number, value);
    quiet_ = before;
    return fits;
  }

  bool check_rules(const Rules& rules, const Value& value) {
    if (rules.never) return wrong("is not allowed");
    bool fits = check(rules.reference, value);
    if (rules.types != 0 && (rules.types & type_of(value)) == 0) {
      // What else is said is about values of that type.
      return wrong(fmt::format("must be {}, not {}", names_of(rules.types), name_of(value)));
    }
    fits = check_values(rules, value) && fits;
    if (is_decided(fits)) return false;
    if (value.is_number()) fits = check_number(rules, value) && fits;
    if (value.is_string()) fits = check_text(rules, value) && fits;
    if (value.is_array()) fits = check_array(rules, value) && fits;
    if (value.is_map()) fits = check_object(rules, value) && fits;
    if (is_decided(fits)) return false;
    return check_combined(rules, value) && fits;
  }

  bool check_values(const Rules& rules, const Value& value) {
    if (!rules.one_of_values) return true;
    const std::vector<Value>& allowed = *rules.one_of_values;
    charge(allowed.size());
    if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return true;
    constexpr std::size_t kShown = 12;
    std::string list;
    for (std::size_t i = 0; i < allowed.size() && i < kShown; ++i)
      list += (i == 0 ? "" : ", ") + expr::to_json(allowed[i]).substr(0, 60);
    if (allowed.size() > kShown) list += ", …";
    return wrong(allowed.size() == 1 ? "must be " + list : "must be one of " + list);
  }

  bool check_number(const Rules& rules, const Value& value) {
    const double number = value.as_number();
    const std::string shown = expr::to_json(value);
    bool fits = true;
    const auto refuse = [&](std::string_view what, double bound) {
      fits = wrong(fmt::format("must be {} {}, not {}", what, bound, shown));
    };
    if (rules.minimum && number < *rules.minimum) refuse("at least", *rules.minimum);
    if (rules.maximum && number > *rules.maximum) refuse("at most", *rules.maximum);
    if (rules.exclusive_minimum && number <= *rules.exclusive_minimum) refuse("greater than", *rules.exclusive_minimum);
    if (rules.exclusive_maximum && number >= *rules.exclusive_maximum) refuse("less than", *rules.exclusive_maximum);
    if (rules.multiple_of && !is_multiple(value, *rules.multiple_of)) refuse("a multiple of", *rules.multiple_of);
    return fits;
  }

  bool check_count(std::string_view what, std::size_t count, const std::optional<std::size_t>& low,
                   const std::optional<std::size_t>& high) {
    bool fits = true;
    if (low && count < *low) fits = wrong(fmt::format("must have at least {} {}, not {}", *low, what, count));
    if (high && count > *high) fits = wrong(fmt::format("must have at most {} {}, not {}", *high, what, count));
    return fits;
  }

  bool check_text(const Rules& rules, const Value& value) {
    const std::string_view text = value.as_string();
    bool fits = true;
    if (rules.min_length || rules.max_length)
      fits = check_count("characters", value.character_count(), rules.min_length, rules.max_length);
    if (rules.pattern || !rules.format.empty()) charge(text.size() / 16);
    if (gave_up_) return false;
    if (rules.pattern && !RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *rules.pattern))
      fits = wrong(fmt::format("must match the pattern {}", rules.pattern->pattern()));
    if (!rules.format.empty() && !fits_format(rules.format, text))
      fits = wrong(fmt::format("must be of the format {}", rules.format));
    return fits;
  }

  bool check_array(const Rules& rules, const Value& value) {
    const std::vector<Value>& items = value.as_array();
    bool fits = check_count("items", items.size(), rules.min_items, rules.max_items);
    if (rules.unique_items) fits = check_unique(value) && fits;
    std::size_t contained = 0;
    for (std::size_t i = 0; i < items.size() && !is_decided(fits); ++i) {
      const int number = i < rules.prefix_items.size() ? rules.prefix_items[i] : rules.items;
      if (number >= 0) {
        const Step step(path_, i);
        fits = check(number, items[i]) && fits;
      }
      if (rules.contains >= 0 && fits_quietly(rules.contains, items[i])) ++contained;
    }
    if (rules.contains < 0 || is_decided(fits)) return fits && !gave_up_;
    return check_count("items that fit 'contains'", contained, rules.min_contains.value_or(1), rules.max_contains) &&
           fits;
  }

  bool check_unique(const Value& array) {
    const std::vector<Value>& items = array.as_array();
    charge(array.measure().weight / 16 + items.size());
    if (gave_up_) return false;
    std::unordered_multimap<std::uint64_t, std::size_t> seen;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::uint64_t hash = items[i].hash();
      const auto [begin, end] = seen.equal_range(hash);
      for (auto other = begin; other != end; ++other) {
        if (items[other->second] == items[i])
          return wrong(fmt::format("must have no item twice: {} and {} are the same", other->second, i));
      }
      seen.emplace(hash, i);
    }
    return true;
  }

  bool check_object(const Rules& rules, const Value& value) {
    const expr::Map& map = value.as_map();
    bool fits = check_count("properties", map.size(), rules.min_properties, rules.max_properties);
    charge(rules.required.size());
    for (const std::string& name : rules.required) {
      if (map.contains(name)) continue;
      const Step step(path_, name);
      fits = wrong("is required");
    }
    for (const auto& [name, needed] : rules.dependent_required) {
      if (!map.contains(name)) continue;
      for (const std::string& other : needed) {
        if (map.contains(other)) continue;
        const Step step(path_, other);
        fits = wrong(fmt::format("is required beside '{}'", name));
      }
    }
    for (const Rules::Named& named : rules.dependent_schemas) {
      if (map.contains(named.first)) fits = check(named.second, value) && fits;
    }
    for (const expr::Map::Entry& entry : map) {
      if (is_decided(fits)) return false;
      fits = check_property(rules, entry) && fits;
    }
    return fits;
  }

  bool check_property(const Rules& rules, const expr::Map::Entry& entry) {
    const Step step(path_, entry.key());
    bool fits = true;
    bool named = false;
    if (rules.property_names >= 0 && !fits_quietly(rules.property_names, entry.name))
      fits = wrong("has a name that is not allowed");
    if (const int number = rules.property(entry.key()); number >= 0) {
      named = true;
      fits = check(number, entry.value) && fits;
    }
    for (const Rules::Pattern& pattern : rules.pattern_properties) {
      charge(1 + entry.key().size() / 16);
      if (!RE2::PartialMatch(re2::StringPiece(entry.key().data(), entry.key().size()), *pattern.first)) continue;
      named = true;
      fits = check(pattern.second, entry.value) && fits;
    }
    if (named || rules.additional_properties < 0) return fits;
    if (rules_[static_cast<std::size_t>(rules.additional_properties)].never) return wrong("is not a known property");
    return check(rules.additional_properties, entry.value) && fits;
  }

  bool check_combined(const Rules& rules, const Value& value) {
    bool fits = true;
    for (const int number : rules.all_of) fits = check(number, value) && fits;
    if (!rules.any_of.empty() && count_fitting(rules.any_of, value, 1) == 0) fits = fits_none(rules.any_of, value);
    if (!rules.one_of.empty()) {
      const std::size_t count = count_fitting(rules.one_of, value, 2);
      if (count == 0) fits = fits_none(rules.one_of, value);
      if (count > 1) fits = wrong("must fit exactly one of the alternatives, not several");
    }
    if (rules.negated >= 0 && fits_quietly(rules.negated, value)) fits = wrong("has a form that 'not' excludes");
    if (rules.condition >= 0) {
      const int then = fits_quietly(rules.condition, value) ? rules.then_rules : rules.else_rules;
      fits = check(then, value) && fits;
    }
    return fits && !gave_up_;
  }

  std::size_t count_fitting(const std::vector<int>& alternatives, const Value& value, std::size_t enough) {
    std::size_t count = 0;
    for (const int number : alternatives) {
      if (count >= enough || gave_up_) break;
      if (fits_quietly(number, value)) ++count;
    }
    return count;
  }

  // Where only one alternative is of the value's type, that one was meant: what it lacks is the better answer.
  bool fits_none(const std::vector<int>& alternatives, const Value& value) {
    if (quiet_ || gave_up_) return false;
    int meant = -1;
    unsigned all = 0;
    std::size_t candidates = 0;
    for (const int number : alternatives) {
      const unsigned types = rules_[static_cast<std::size_t>(number)].types;
      all |= types == 0 ? ~0u : types;
      if (types != 0 && (types & type_of(value)) == 0) continue;
      meant = number;
      ++candidates;
    }
    if (candidates == 1) return check(meant, value);
    if (candidates == 0) return wrong(fmt::format("must be {}, not {}", names_of(all), name_of(value)));
    return wrong("fits none of the alternatives");
  }

  const std::vector<Rules>& rules_;
  std::vector<JsonSchema::Violation> violations_;
  std::string path_;
  std::size_t steps_ = 0;
  int depth_ = 0;
  bool quiet_ = false;
  bool gave_up_ = false;
};

}  // namespace

bool is_checked_format(std::string_view format) {
  static constexpr std::string_view kFormats[] = {"date-time", "date", "time", "email",
                                                  "uuid",      "uri",  "ipv4", "hostname"};
  return std::find(std::begin(kFormats), std::end(kFormats), format) != std::end(kFormats);
}

std::vector<JsonSchema::Violation> JsonSchema::check(const expr::Value& value) const {
  return Checker(rules_).run(value);
}

}  // namespace r8r::workflow
