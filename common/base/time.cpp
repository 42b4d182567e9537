#include "common/base/time.hpp"

#include <algorithm>

namespace r8r {
namespace {

// `count` digits at `at`; advances `at`. -1 if they are not all digits.
int digits(std::string_view text, std::size_t& at, std::size_t count) {
  if (at + count > text.size()) return -1;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const char c = text[at + i];
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  at += count;
  return value;
}

bool skip(std::string_view text, std::size_t& at, char c) {
  return at < text.size() && text[at] == c ? (++at, true) : false;
}

// The last `count` decimal digits of `value`, from `at` on.
void put_digits(std::string& text, std::size_t at, std::size_t count, std::int64_t value) {
  for (std::size_t i = count; i-- > 0; value /= 10) text[at + i] = static_cast<char>('0' + value % 10);
}

}  // namespace

Timestamp wall_now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

std::string to_rfc3339(Timestamp time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<milliseconds>(time - day));
  std::string text = "0000-00-00T00:00:00.000Z";
  put_digits(text, 0, 4, std::clamp(static_cast<int>(date.year()), 0, 9'999));
  put_digits(text, 5, 2, static_cast<unsigned>(date.month()));
  put_digits(text, 8, 2, static_cast<unsigned>(date.day()));
  put_digits(text, 11, 2, clock.hours().count());
  put_digits(text, 14, 2, clock.minutes().count());
  put_digits(text, 17, 2, clock.seconds().count());
  put_digits(text, 20, 3, clock.subseconds().count());
  return text;
}

std::optional<Timestamp> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  std::size_t at = 0;
  const int y = digits(text, at, 4);
  if (y < 0 || !skip(text, at, '-')) return std::nullopt;
  const int mo = digits(text, at, 2);
  if (mo < 0 || !skip(text, at, '-')) return std::nullopt;
  const int d = digits(text, at, 2);
  if (d < 0 || !(skip(text, at, 'T') || skip(text, at, 't') || skip(text, at, ' '))) return std::nullopt;
  const int h = digits(text, at, 2);
  if (h < 0 || h > 23 || !skip(text, at, ':')) return std::nullopt;
  const int mi = digits(text, at, 2);
  if (mi < 0 || mi > 59 || !skip(text, at, ':')) return std::nullopt;
  const int s = digits(text, at, 2);
  if (s < 0 || s > 60) return std::nullopt;
  const year_month_day date{year(y), month(static_cast<unsigned>(mo)), day(static_cast<unsigned>(d))};
  if (!date.ok()) return std::nullopt;
  std::int64_t us = 0;
  if (skip(text, at, '.')) {
    std::int64_t unit = 100'000;
    std::size_t count = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++count) {
      us += (text[at] - '0') * unit;
      unit /= 10;
    }
    if (count == 0) return std::nullopt;
  }
  minutes offset{0};
  if (!skip(text, at, 'Z') && !skip(text, at, 'z')) {
    const bool negative = skip(text, at, '-');
    if (!negative && !skip(text, at, '+')) return std::nullopt;
    const int oh = digits(text, at, 2);
    if (oh < 0 || oh > 23 || !skip(text, at, ':')) return std::nullopt;
    const int om = digits(text, at, 2);
    if (om < 0 || om > 59) return std::nullopt;
    offset = minutes(oh * 60 + om) * (negative ? -1 : 1);
  }
  if (at != text.size()) return std::nullopt;
  return Timestamp(sys_days(date)) + hours(h) + minutes(mi) + seconds(s) + microseconds(us) - offset;
}

}  // namespace r8r
