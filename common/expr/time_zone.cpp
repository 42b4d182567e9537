#include "common/expr/time_zone.hpp"

#include <fstream>
#include <sstream>

#include "common/expr/dates.hpp"

namespace r8r::expr {
namespace {

constexpr std::size_t kMaxFile = 256 * 1024;

/// "Area/City": nothing that could lead out of the zoneinfo folder.
bool is_zone_name(std::string_view name) {
  if (name.empty() || name.size() > 64 || name.front() == '/' || name.find("..") != std::string_view::npos)
    return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '_' ||
           c == '-' || c == '+';
  });
}

std::int64_t big_endian(std::string_view data, std::size_t at, int bytes) {
  std::uint64_t value = static_cast<unsigned char>(data[at]) >= 0x80 ? ~std::uint64_t{0} : 0;
  for (int i = 0; i < bytes; ++i)
    value = value << 8 | static_cast<unsigned char>(data[at + static_cast<std::size_t>(i)]);
  return static_cast<std::int64_t>(value);
}

/// Reads the POSIX TZ notation piece by piece.
struct Scanner {
  std::string_view text;
  std::size_t at = 0;
  bool accept(char c) {
    if (at >= text.size() || text[at] != c) return false;
    ++at;
    return true;
  }
  bool number(int& out) {
    const std::size_t start = at;
    out = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9' && at - start < 4)
      out = out * 10 + (text[at++] - '0');
    return at > start;
  }
  bool name(std::string& out) {
    const bool quoted = accept('<');
    const std::size_t start = at;
    while (at < text.size() && (quoted ? text[at] != '>' : (std::isalpha(static_cast<unsigned char>(text[at])) != 0)))
      ++at;
    out = std::string(text.substr(start, at - start));
    return !out.empty() && (!quoted || accept('>'));
  }
  /// [+-]hh[:mm[:ss]] in seconds.
  bool time(int& out) {
    const bool negative = accept('-');
    if (!negative) accept('+');
    int part = 0;
    if (!number(part)) return false;
    out = part * 3600;
    for (int scale = 60; scale > 0 && accept(':'); scale /= 60) {
      if (!number(part)) return false;
      out += part * scale;
    }
    if (negative) out = -out;
    return true;
  }
};

}  // namespace

Result<std::shared_ptr<const TimeZone>> TimeZone::find(std::string_view name) {
  thread_local std::unordered_map<std::string, std::shared_ptr<const TimeZone>> known;
  if (const auto found = known.find(std::string(name)); found != known.end()) return found->second;
  Result<TimeZone> zone = read(name);
  if (!zone) return r8r::fail(zone.error());
  // There are some 600 names; offsets could be many more.
  if (known.size() > 2'000) known.clear();
  auto shared = std::make_shared<const TimeZone>(std::move(*zone));
  known.emplace(std::string(name), shared);
  return shared;
}

Result<TimeZone> TimeZone::read(std::string_view name) {
  TimeZone zone;
  if (name == "UTC" || name == "Z" || name == "utc" || name == "GMT") {
    zone.kinds_.push_back(Kind{0, "UTC"});
    return zone;
  }
  if (!name.empty() && (name[0] == '+' || name[0] == '-')) {
    int offset = 0;
    if (!parse_offset(name, offset))
      return r8r::fail(ErrorCode::invalid_input, "'" + std::string(name) + "' is not an offset like +02:00");
    zone.kinds_.push_back(Kind{offset, std::string(name)});
    return zone;
  }
  const auto unknown = [&] {
    return r8r::fail(ErrorCode::invalid_input, "unknown time zone '" + std::string(name.substr(0, 64)) + "'");
  };
  if (!is_zone_name(name)) return unknown();
  const char* folder = std::getenv("TZDIR");
  std::ifstream file(
      std::string(folder != nullptr && *folder != '\0' ? folder : "/usr/share/zoneinfo") + "/" + std::string(name),
      std::ios::binary);
  if (!file) return unknown();
  std::string data(kMaxFile, '\0');
  file.read(data.data(), static_cast<std::streamsize>(data.size()));
  data.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, file.gcount())));
  if (!zone.parse_file(data)) return unknown();
  return zone;
}

bool TimeZone::parse_file(std::string_view data) {
  constexpr std::size_t kHeader = 44;
  const auto header = [&](std::size_t at, std::array<std::int64_t, 6>& counts) {
    if (data.size() < at + kHeader || data.substr(at, 4) != "TZif") return false;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      counts[i] = big_endian(data, at + 20 + i * 4, 4);
      if (counts[i] < 0 || counts[i] > 100'000) return false;
    }
    return true;
  };
  // Counts: UT/local marks, standard/wall marks, leap seconds, changes, kinds, bytes of abbreviations.
  std::array<std::int64_t, 6> counts{};
  if (!header(0, counts) || data[4] < '2') return false;
  // The first block has 32-bit times; the one behind it, with 64 bits, is the one to read.
  const std::int64_t skipped = counts[3] * 5 + counts[4] * 6 + counts[5] + counts[2] * 8 + counts[1] + counts[0];
  std::size_t at = kHeader + static_cast<std::size_t>(skipped);
  if (!header(at, counts)) return false;
  at += kHeader;
  const auto changes = static_cast<std::size_t>(counts[3]);
  const auto kinds = static_cast<std::size_t>(counts[4]);
  const auto letters = static_cast<std::size_t>(counts[5]);
  const std::size_t tail = static_cast<std::size_t>(counts[2] * 12 + counts[1] + counts[0]);
  if (kinds == 0 || data.size() < at + changes * 9 + kinds * 6 + letters + tail) return false;
  const std::size_t kinds_at = at + changes * 9;
  const std::string_view names = data.substr(kinds_at + kinds * 6, letters);
  for (std::size_t i = 0; i < kinds; ++i) {
    const std::size_t entry = kinds_at + i * 6;
    const auto index = static_cast<std::size_t>(static_cast<unsigned char>(data[entry + 5]));
    if (index >= names.size()) return false;
    kinds_.push_back(Kind{static_cast<int>(big_endian(data, entry, 4)),
                          std::string(names.substr(index, names.find('\0', index) - index))});
  }
  for (std::size_t i = 0; i < changes; ++i) {
    const auto kind = static_cast<std::size_t>(static_cast<unsigned char>(data[at + changes * 8 + i]));
    if (kind >= kinds) return false;
    changes_.push_back(Change{big_endian(data, at + i * 8, 8), kind});
  }
  const std::string_view footer = data.substr(kinds_at + kinds * 6 + letters + tail);
  if (footer.size() > 2 && footer.front() == '\n') {
    const std::size_t end = footer.find('\n', 1);
    if (end != std::string_view::npos && end > 1) rule_.known = parse_rule(footer.substr(1, end - 1));
  }
  return true;
}

bool TimeZone::parse_rule(std::string_view text) {
  Scanner scan{text};
  int west = 0;
  if (!scan.name(rule_.standard.abbreviation) || !scan.time(west)) return false;
  rule_.standard.offset = -west;
  if (scan.at == text.size()) return true;
  if (!scan.name(rule_.summer.abbreviation)) return false;
  rule_.summer.offset = rule_.standard.offset + 3600;
  if (scan.at < text.size() && text[scan.at] != ',') {
    if (!scan.time(west)) return false;
    rule_.summer.offset = -west;
  }
  for (YearDay* day : {&rule_.begins, &rule_.ends}) {
    if (!scan.accept(',')) return false;
    if (scan.accept('M')) {
      if (!scan.number(day->month) || !scan.accept('.') || !scan.number(day->week) || !scan.accept('.') ||
          !scan.number(day->weekday))
        return false;
      if (day->month < 1 || day->month > 12 || day->week < 1 || day->week > 5 || day->weekday > 6) return false;
    } else {
      day->leap_counts = !scan.accept('J');
      if (!scan.number(day->day) || day->day > 366) return false;
    }
    if (scan.accept('/') && !scan.time(day->seconds)) return false;
  }
  rule_.has_summer = true;
  return true;
}

std::int64_t TimeZone::moment_of(const YearDay& day, std::int64_t year, int offset) {
  std::int64_t days = 0;
  if (day.day >= 0) {
    // Jn counts from 1 and never counts a 29 February; n counts from 0 and does.
    days = days_from_civil(year, 1, 1) + (day.leap_counts ? day.day : day.day - 1);
    if (!day.leap_counts && day.day >= 60 && is_leap_year(year)) ++days;
  } else {
    const std::int64_t first = days_from_civil(year, day.month, 1);
    const int first_weekday = static_cast<int>(((first + 4) % 7 + 7) % 7);
    days = first + (day.weekday - first_weekday + 7) % 7 + (day.week - 1) * 7;
    if (days >= first + days_in_month(year, day.month)) days -= 7;
  }
  return days * 86'400 + day.seconds - offset;
}

const TimeZone::Kind& TimeZone::kind_at(std::int64_t utc) const {
  if (changes_.empty() || utc < changes_.front().at) {
    if (changes_.empty() && rule_.known && !rule_.has_summer) return rule_.standard;
    if (!changes_.empty() || !rule_.known) return kinds_.front();
  }
  if (changes_.empty() || utc >= changes_.back().at) {
    if (!rule_.known) return kinds_[changes_.empty() ? 0 : changes_.back().kind];
    if (!rule_.has_summer) return rule_.standard;
    const std::int64_t year = civil_from_days(floor_div(utc + rule_.standard.offset, 86'400)).year;
    const std::int64_t begin = moment_of(rule_.begins, year, rule_.standard.offset);
    const std::int64_t end = moment_of(rule_.ends, year, rule_.summer.offset);
    // South of the equator summer spans the new year.
    const bool summer = begin < end ? utc >= begin && utc < end : utc >= begin || utc < end;
    return summer ? rule_.summer : rule_.standard;
  }
  const auto behind = std::upper_bound(changes_.begin(), changes_.end(), utc,
                                       [](std::int64_t value, const Change& change) { return value < change.at; });
  return kinds_[std::prev(behind)->kind];
}

int TimeZone::offset_at(std::int64_t utc) const {
  return kind_at(utc).offset;
}
std::string_view TimeZone::abbreviation_at(std::int64_t utc) const {
  return kind_at(utc).abbreviation;
}

std::int64_t TimeZone::to_utc(std::int64_t local) const {
  // Zones change at most once within two days: the offsets a day before and a day behind are the only candidates.
  const int before = offset_at(local - 86'400);
  const int behind = offset_at(local + 86'400);
  const std::int64_t early = local - before;
  const std::int64_t late = local - behind;
  if (offset_at(early) == before) return early;
  if (offset_at(late) == behind) return late;
  // Skipped: the clock jumped over it. Find the moment of the jump between both readings.
  std::int64_t low = std::min(early, late);
  std::int64_t high = std::max(early, late);
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (offset_at(middle) == behind ? high : low) = middle;
  }
  return high;
}

}  // namespace r8r::expr
