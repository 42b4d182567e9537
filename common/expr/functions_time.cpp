#include <cmath>

#include "common/base/time.hpp"
#include "common/expr/dates.hpp"
#include "common/expr/functions.hpp"
#include "common/expr/run.hpp"
#include "common/expr/text.hpp"

/// Time and chance. The clock and the seed come with the evaluation, so that running it again gives the same.
namespace r8r::expr {
namespace {

constexpr std::size_t kMaxFormat = 1'000;

bool now(Call& call, Value& out) {
  out = Value::string(to_rfc3339(call.run.context().now));
  return true;
}

bool today(Call& call, Value& out) {
  out = Value::string(to_rfc3339(call.run.context().now).substr(0, 10));
  return true;
}

bool timestamp(Call& call, Value& out) {
  out = Value::number(static_cast<double>(to_unix_us(call.run.context().now)) / 1e6);
  return true;
}

/// Looks like a random version 4 id.
bool uuid(Call& call, Value& out) {
  std::uint64_t high = call.run.next_random();
  std::uint64_t low = call.run.next_random();
  high = (high & ~std::uint64_t{0xf000}) | 0x4000;
  low = (low & ~(std::uint64_t{3} << 62)) | std::uint64_t{1} << 63;
  out = Value::string(fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff, high & 0xffff,
                                  low >> 48, low & 0xffffffffffff));
  return true;
}

/// At least 0, below 1.
bool random(Call& call, Value& out) {
  out = Value::number(static_cast<double>(call.run.next_random() >> 11) * 0x1.0p-53);
  return true;
}

/// A moment from text or from Unix seconds.
bool moment_of(Call& call, int i, std::int64_t& moment) {
  const Value& value = call.args[i];
  if (value.is_string()) {
    if (!call.charge_text(value.as_string().size())) return false;
    if (parse_moment(value.as_string(), moment)) return true;
    const std::string_view text = value.as_string();
    return call.fail(
        fmt::format("'{}': \"{}\" is not a date; use 2026-01-20 or 2026-01-20T14:30:00Z, or parse_date with a format",
                    call.name, text.substr(0, byte_offset(text, 40))));
  }
  if (!value.is_number()) return call.wrong(i, "a date");
  const double seconds = value.as_number();
  if (!(seconds * 1e6 >= static_cast<double>(kFirstMoment) && seconds * 1e6 <= static_cast<double>(kLastMoment))) {
    return call.fail(fmt::format("'{}': {} seconds are outside the years 1 to 9999", call.name, seconds));
  }
  moment = value.is_int() ? value.as_int() * 1'000'000 : std::llround(seconds * 1e6);
  return true;
}

bool give_moment(Call& call, std::int64_t moment, Value& out) {
  if (moment < kFirstMoment || moment > kLastMoment)
    return call.fail(fmt::format("'{}': the result is outside the years 1 to 9999", call.name));
  out = Value::string(to_rfc3339(from_unix_us(moment)));
  return true;
}

/// parse_date(text[, format]): RFC 3339 in UTC.
bool parse_date(Call& call, Value& out) {
  std::int64_t moment = 0;
  if (!call.has(1)) return moment_of(call, 0, moment) && give_moment(call, moment, out);
  std::string_view text;
  std::string_view format;
  if (!call.text(0, text) || !call.text(1, format)) return false;
  std::string problem;
  if (format.size() > kMaxFormat) return call.fail("'parse_date': the format is longer than 1000 bytes");
  if (!call.charge(format.size() / 4) || !call.charge_text(text.size())) return false;
  if (!parse_moment(text, format, moment, problem)) {
    if (problem.empty())
      problem = fmt::format("\"{}\" does not match the format \"{}\"", text.substr(0, byte_offset(text, 40)),
                            format.substr(0, byte_offset(format, 40)));
    return call.fail("'parse_date': " + problem);
  }
  return give_moment(call, moment, out);
}

/// format_date(date, format[, zone])
bool format_date(Call& call, Value& out) {
  std::int64_t moment = 0;
  std::string_view format;
  std::string_view zone_name = "UTC";
  if (!moment_of(call, 0, moment) || !call.text(1, format) || (call.has(2) && !call.text(2, zone_name))) return false;
  if (format.size() > kMaxFormat) return call.fail("'format_date': the format is longer than 1000 bytes");
  // An unknown name costs a look into the zone files.
  if (!call.charge(5 + format.size() / 4) || !call.charge_text(zone_name.size())) return false;
  auto zone = TimeZone::find(zone_name);
  if (!zone && !call.charge(200)) return false;
  if (!zone) return call.fail("'format_date': " + zone.error().message);
  std::string text;
  std::string problem;
  if (!format_moment(moment, format, **zone, text, problem)) return call.fail("'format_date': " + problem);
  return call.give(text, out);
}

bool unit_of(Call& call, int i, TimeUnit& unit) {
  std::string_view text;
  if (!call.text(i, text)) return false;
  if (parse_unit(text, unit)) return true;
  return call.fail(
      fmt::format("'{}': \"{}\" is not a unit; use years, months, weeks, days, hours, minutes, seconds or milliseconds",
                  call.name, text.substr(0, byte_offset(text, 20))));
}

/// add_time(date, amount, unit)
bool add_time(Call& call, Value& out) {
  std::int64_t moment = 0;
  TimeUnit unit{};
  double amount = 0;
  if (!moment_of(call, 0, moment) || !call.number(1, amount) || !unit_of(call, 2, unit)) return false;
  const std::int64_t length = unit_length(unit);
  // Far beyond the calendar in either direction; keeps the arithmetic below in range.
  if (!(std::fabs(amount) < 1e15)) return call.fail("'add_time': the amount is too large");
  if (length == 0) {
    if (amount != std::trunc(amount)) return call.fail("'add_time': years and months are whole numbers");
    if (std::fabs(amount) > 200'000) return call.fail("'add_time': the result is outside the years 1 to 9999");
    return give_moment(call, add_months(moment, static_cast<std::int64_t>(amount) * (unit == TimeUnit::years ? 12 : 1)),
                       out);
  }
  const double change = amount * static_cast<double>(length);
  if (std::fabs(change) > 4e17) return call.fail("'add_time': the result is outside the years 1 to 9999");
  return give_moment(call, moment + (call.args[1].is_int() ? call.args[1].as_int() * length : std::llround(change)),
                     out);
}

/// diff_time(a, b, unit): a - b; whole for months and years, an integer wherever it comes out even.
bool diff_time(Call& call, Value& out) {
  std::int64_t a = 0;
  std::int64_t b = 0;
  TimeUnit unit{};
  if (!moment_of(call, 0, a) || !moment_of(call, 1, b) || !unit_of(call, 2, unit)) return false;
  const std::int64_t length = unit_length(unit);
  if (length == 0) {
    out = Value::integer(months_between(a, b) / (unit == TimeUnit::years ? 12 : 1));
  } else if ((a - b) % length == 0) {
    out = Value::integer((a - b) / length);
  } else {
    out = Value::number(static_cast<double>(a - b) / static_cast<double>(length));
  }
  return true;
}

constexpr Function kFunctions[] = {
    {"now", kAnything, 0, 0, now},
    {"today", kAnything, 0, 0, today},
    {"timestamp", kAnything, 0, 0, timestamp},
    {"uuid", kAnything, 0, 0, uuid},
    {"random", kAnything, 0, 0, random},
    {"parse_date", kAnything, 1, 2, parse_date},
    {"format_date", kAnything, 2, 3, format_date},
    {"add_time", kAnything, 3, 3, add_time},
    {"diff_time", kAnything, 3, 3, diff_time},
};

}  // namespace

std::span<const Function> time_functions() {
  return kFunctions;
}

}  // namespace r8r::expr
