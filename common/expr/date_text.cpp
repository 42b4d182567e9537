#include <fmt/format.h>

#include "common/expr/dates.hpp"
#include "common/expr/text.hpp"

namespace r8r::expr {
namespace {

std::string unknown_conversion(char kind) {
  // The first byte of a longer character is no text by itself.
  if (static_cast<unsigned char>(kind) >= 0x80)
    return "a '%' stands before something that is no conversion in the format";
  return std::string("unknown conversion '%") + kind + "' in the format";
}

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kSecond = 1'000'000;
constexpr std::string_view kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                        "July",    "August",   "September", "October", "November", "December"};
constexpr std::string_view kWeekdays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

/// What has been read of a date so far.
struct Fields {
  std::int64_t year = 1970;
  int month = 1, day = 1, hour = 0, minute = 0, second = 0, micros = 0;
  int day_of_year = 0;
  int offset = 0;
  bool afternoon = false, has_half = false;
  bool is_unix = false;
  std::int64_t unix_seconds = 0;
};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  bool done() const { return at_ == text_.size(); }
  std::string_view rest() const { return text_.substr(at_); }
  bool accept(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }
  bool digits(int at_least, int at_most, std::int64_t& out) {
    int count = 0;
    out = 0;
    while (count < at_most && at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
      out = out * 10 + (text_[at_++] - '0');
      ++count;
    }
    return count >= at_least;
  }
  bool in_range(int digits_count, std::int64_t low, std::int64_t high, int& out, int at_least = 1) {
    std::int64_t value = 0;
    if (!digits(at_least, digits_count, value) || value < low || value > high) return false;
    out = static_cast<int>(value);
    return true;
  }
  /// Digits of a second behind the point, as many as there are.
  bool fraction(int& micros) {
    int count = 0;
    micros = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_, ++count) {
      if (count < 6) micros = micros * 10 + (text_[at_] - '0');
    }
    for (int i = count; i < 6; ++i) micros *= 10;
    return count > 0;
  }
  bool offset(int& seconds) {
    std::size_t length = 0;
    const std::string_view left = rest();
    if (left.starts_with('Z') || left.starts_with('z')) {
      length = 1;
    } else {
      while (length < left.size() && length < 6 &&
             (std::isdigit(static_cast<unsigned char>(left[length])) != 0 || left[length] == ':' ||
              (length == 0 && (left[0] == '+' || left[0] == '-'))))
        ++length;
    }
    if (!parse_offset(left.substr(0, length), seconds)) return false;
    at_ += length;
    return true;
  }
  /// One of the names, in full or its first three letters, in any case.
  template <std::size_t N>
  bool name(const std::string_view (&names)[N], int& index) {
    const auto same = [&](std::string_view candidate) {
      const std::string_view left = rest();
      if (left.size() < candidate.size()) return false;
      for (std::size_t i = 0; i < candidate.size(); ++i) {
        if (lower_case(static_cast<unsigned char>(left[i])) != lower_case(static_cast<unsigned char>(candidate[i])))
          return false;
      }
      return true;
    };
    for (std::size_t i = 0; i < N; ++i) {
      for (const std::string_view candidate : {names[i], names[i].substr(0, 3)}) {
        if (!same(candidate)) continue;
        at_ += candidate.size();
        index = static_cast<int>(i);
        return true;
      }
    }
    return false;
  }
  void skip_letters() {
    while (at_ < text_.size() && std::isalpha(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

bool to_moment(const Fields& fields, std::int64_t& moment) {
  if (fields.is_unix) {
    if (fields.unix_seconds > kLastMoment / kSecond) return false;
    moment = fields.unix_seconds * kSecond + fields.micros;
    return true;
  }
  int hour = fields.hour;
  if (fields.has_half) hour = hour % 12 + (fields.afternoon ? 12 : 0);
  if (fields.year < 1 || fields.year > 9999) return false;
  std::int64_t days = 0;
  if (fields.day_of_year > 0) {
    days = days_from_civil(fields.year, 1, 1) + fields.day_of_year - 1;
    if (fields.day_of_year > (is_leap_year(fields.year) ? 366 : 365)) return false;
  } else {
    if (fields.day > days_in_month(fields.year, fields.month)) return false;
    days = days_from_civil(fields.year, fields.month, fields.day);
  }
  moment = (days * kDay + hour * 3'600 + fields.minute * 60 + fields.second - fields.offset) * kSecond + fields.micros;
  return moment >= kFirstMoment && moment <= kLastMoment;
}

/// One conversion of a format.
bool read_field(char kind, Reader& reader, Fields& fields, std::string& problem) {
  std::int64_t number = 0;
  int index = 0;
  switch (kind) {
    case 'Y':
      return reader.digits(1, 4, fields.year);
    case 'm':
      return reader.in_range(2, 1, 12, fields.month);
    case 'd':
      return reader.in_range(2, 1, 31, fields.day);
    case 'e':
      reader.skip_space();
      return reader.in_range(2, 1, 31, fields.day);
    case 'H':
      return reader.in_range(2, 0, 23, fields.hour);
    case 'k':
      reader.skip_space();
      return reader.in_range(2, 0, 23, fields.hour);
    case 'I':
      return reader.in_range(2, 1, 12, fields.hour);
    case 'l':
      reader.skip_space();
      return reader.in_range(2, 1, 12, fields.hour);
    case 'M':
      return reader.in_range(2, 0, 59, fields.minute);
    case 'S':
      // A leap second counts as the last ordinary one.
      if (!reader.in_range(2, 0, 60, fields.second)) return false;
      fields.second = std::min(fields.second, 59);
      return true;
    case 'f':
      reader.accept('.');
      return reader.fraction(fields.micros);
    case 'L':
      return reader.fraction(fields.micros);
    case 'j':
      return reader.in_range(3, 1, 366, fields.day_of_year);
    case 'y':
      if (!reader.digits(2, 2, number)) return false;
      fields.year = number < 69 ? 2000 + number : 1900 + number;
      return true;
    case 'b':
    case 'h':
    case 'B':
      if (!reader.name(kMonths, index)) return false;
      fields.month = index + 1;
      return true;
    case 'a':
    case 'A':
      return reader.name(kWeekdays, index);
    case 'p':
    case 'P': {
      static constexpr std::string_view kHalves[] = {"AM", "PM"};
      if (!reader.name(kHalves, index)) return false;
      fields.has_half = true;
      fields.afternoon = index == 1;
      return true;
    }
    case 'z':
      return reader.offset(fields.offset);
    case 'Z':
      reader.skip_letters();
      return true;
    case 's': {
      const bool negative = reader.accept('-');
      fields.is_unix = true;
      if (!reader.digits(1, 12, fields.unix_seconds)) return false;
      if (negative) fields.unix_seconds = -fields.unix_seconds;
      return fields.unix_seconds >= kFirstMoment / kSecond;
    }
    case 'n':
    case 't':
      reader.skip_space();
      return true;
    case '%':
      return reader.accept('%');
    default:
      problem = unknown_conversion(kind);
      return false;
  }
}

/// What the shorthands stand for, or the format itself.
std::string expanded(std::string_view format) {
  std::string out;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      out += format[i];
      continue;
    }
    switch (format[++i]) {
      case 'T':
        out += "%H:%M:%S";
        break;
      case 'R':
        out += "%H:%M";
        break;
      case 'F':
        out += "%Y-%m-%d";
        break;
      case 'D':
        out += "%m/%d/%y";
        break;
      case 'c':
        out += "%a %b %e %H:%M:%S %Y";
        break;
      case 'r':
        out += "%I:%M:%S %p";
        break;
      case '+':
        out += "%Y-%m-%dT%H:%M:%S%:z";
        break;
      default:
        out += '%';
        out += format[i];
    }
  }
  return out;
}

}  // namespace

bool parse_offset(std::string_view text, int& seconds) {
  if (text == "Z" || text == "z") {
    seconds = 0;
    return true;
  }
  if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return false;
  std::string digits;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == ':' && i == 3) continue;
    if (text[i] < '0' || text[i] > '9') return false;
    digits += text[i];
  }
  if (digits.size() != 2 && digits.size() != 4) return false;
  const int hours = std::stoi(digits.substr(0, 2));
  const int minutes = digits.size() == 4 ? std::stoi(digits.substr(2)) : 0;
  if (hours > 23 || minutes > 59) return false;
  seconds = (hours * 60 + minutes) * 60 * (text[0] == '-' ? -1 : 1);
  return true;
}

bool parse_moment(std::string_view text, std::int64_t& moment) {
  Reader reader(trim(text));
  Fields fields;
  if (!reader.digits(4, 4, fields.year) || !reader.accept('-') || !reader.in_range(2, 1, 12, fields.month, 2) ||
      !reader.accept('-') || !reader.in_range(2, 1, 31, fields.day, 2)) {
    return false;
  }
  if (reader.done()) return to_moment(fields, moment);
  if (!reader.accept('T') && !reader.accept('t') && !reader.accept(' ')) return false;
  if (!reader.in_range(2, 0, 23, fields.hour, 2) || !reader.accept(':') || !reader.in_range(2, 0, 59, fields.minute, 2))
    return false;
  if (reader.accept(':')) {
    if (!reader.in_range(2, 0, 60, fields.second, 2)) return false;
    fields.second = std::min(fields.second, 59);
    if ((reader.accept('.') || reader.accept(',')) && !reader.fraction(fields.micros)) return false;
  }
  reader.skip_space();
  if (!reader.done() && !reader.offset(fields.offset)) return false;
  return reader.done() && to_moment(fields, moment);
}

bool parse_moment(std::string_view text, std::string_view format, std::int64_t& moment, std::string& problem) {
  Reader reader(trim(text));
  Fields fields;
  const std::string pattern = expanded(format);
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '%' && i + 1 < pattern.size()) {
      ++i;
      // %:z and %-d are the same for reading.
      if ((pattern[i] == ':' || pattern[i] == '-') && i + 1 < pattern.size()) ++i;
      if (pattern[i] >= '1' && pattern[i] <= '9' && i + 1 < pattern.size()) ++i;
      if (!read_field(pattern[i], reader, fields, problem)) return false;
    } else if (pattern[i] == ' ') {
      reader.skip_space();
    } else if (!reader.accept(pattern[i])) {
      return false;
    }
  }
  return reader.done() && to_moment(fields, moment);
}

bool format_moment(std::int64_t moment, std::string_view format, const TimeZone& zone, std::string& out,
                   std::string& problem) {
  const std::int64_t utc = floor_div(moment, kSecond);
  const auto micros = static_cast<int>(moment - utc * kSecond);
  const int offset = zone.offset_at(utc);
  const std::int64_t local = utc + offset;
  const std::int64_t days = floor_div(local, kDay);
  const auto time = static_cast<int>(local - days * kDay);
  const CivilDay civil = civil_from_days(days);
  const int weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
  const int hour = time / 3'600;
  const int day_of_year = static_cast<int>(days - days_from_civil(civil.year, 1, 1)) + 1;
  const auto zone_text = [&](bool colon) {
    const int minutes = std::abs(offset) / 60;
    return fmt::format("{}{:02}{}{:02}", offset < 0 ? '-' : '+', minutes / 60, colon ? ":" : "", minutes % 60);
  };
  const std::string pattern = expanded(format);
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      out += pattern[i];
      continue;
    }
    if (++i == pattern.size()) {
      problem = "the format ends with '%'";
      return false;
    }
    const bool unpadded = pattern[i] == '-' && i + 1 < pattern.size();
    const bool colon = pattern[i] == ':' && i + 1 < pattern.size();
    if (unpadded || colon) ++i;
    int width = 0;
    if (pattern[i] >= '1' && pattern[i] <= '9' && i + 1 < pattern.size()) width = pattern[i++] - '0';
    const auto two = [&](std::int64_t number) {
      out += unpadded ? std::to_string(number) : fmt::format("{:02}", number);
    };
    switch (pattern[i]) {
      case 'Y':
        out += fmt::format("{:04}", civil.year);
        break;
      case 'C':
        two(civil.year / 100);
        break;
      case 'y':
        two(civil.year % 100);
        break;
      case 'm':
        two(civil.month);
        break;
      case 'd':
        two(civil.day);
        break;
      case 'e':
        out += unpadded ? std::to_string(civil.day) : fmt::format("{:2}", civil.day);
        break;
      case 'H':
        two(hour);
        break;
      case 'k':
        out += fmt::format("{:2}", hour);
        break;
      case 'I':
        two(hour % 12 == 0 ? 12 : hour % 12);
        break;
      case 'l':
        out += fmt::format("{:2}", hour % 12 == 0 ? 12 : hour % 12);
        break;
      case 'M':
        two(time / 60 % 60);
        break;
      case 'S':
        two(time % 60);
        break;
      case 'f':
        out += fmt::format("{:06}", micros).substr(0, width > 0 && width < 6 ? static_cast<std::size_t>(width) : 6);
        break;
      case 'L':
        out += fmt::format("{:03}", micros / 1'000);
        break;
      case 'j':
        out += unpadded ? std::to_string(day_of_year) : fmt::format("{:03}", day_of_year);
        break;
      case 'b':
      case 'h':
        out += kMonths[civil.month - 1].substr(0, 3);
        break;
      case 'B':
        out += kMonths[civil.month - 1];
        break;
      case 'a':
        out += kWeekdays[weekday].substr(0, 3);
        break;
      case 'A':
        out += kWeekdays[weekday];
        break;
      case 'u':
        out += std::to_string(weekday == 0 ? 7 : weekday);
        break;
      case 'w':
        out += std::to_string(weekday);
        break;
      case 'p':
        out += hour < 12 ? "AM" : "PM";
        break;
      case 'P':
        out += hour < 12 ? "am" : "pm";
        break;
      case 'z':
        out += zone_text(colon);
        break;
      case 'Z':
        out += zone.abbreviation_at(utc);
        break;
      case 's':
        out += std::to_string(utc);
        break;
      case 'G':
      case 'V': {
        // The ISO week belongs to the year of its Thursday.
        const std::int64_t thursday = days - (weekday + 6) % 7 + 3;
        const std::int64_t year = civil_from_days(thursday).year;
        if (pattern[i] == 'G') {
          out += fmt::format("{:04}", year);
        } else {
          two((thursday - days_from_civil(year, 1, 1)) / 7 + 1);
        }
        break;
      }
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case '%':
        out += '%';
        break;
      default:
        problem = unknown_conversion(pattern[i]);
        return false;
    }
  }
  return true;
}

}  // namespace r8r::expr
