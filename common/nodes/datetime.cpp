#include "common/workflow/types/datetime.hpp"

#include <cmath>

#include "common/base/time.hpp"
#include "common/expr/json.hpp"
#include "common/expr/text.hpp"
#include "common/nodes/body.hpp"
#include "common/nodes/calendar.hpp"
#include "common/workflow/node_types.hpp"

namespace r8r::nodes {
namespace {

using expr::TimeZone;
using Moment = tl::expected<std::int64_t, Failure>;
using Config = workflow::DatetimeConfig;

constexpr std::string_view kIsoFormat = "%Y-%m-%dT%H:%M:%S.%L%:z";

/// A moment from text, in the usual forms or by input_format, or from Unix seconds.
Moment read_moment(const Config& config, std::string_view place, const expr::Value& value) {
  std::int64_t moment = 0;
  if (value.is_string()) {
    const std::string& format = config.input_format;
    if (format.empty()) {
      if (expr::parse_moment(value.as_string(), moment)) return moment;
      return failure(kInvalidInput,
                     fmt::format("{}: {} is not a date; use 2026-01-20 or 2026-01-20T14:30:00Z, or give input_format",
                                 place, workflow::shown_in_message(value)));
    }
    std::string problem;
    if (expr::parse_moment(value.as_string(), format, moment, problem)) return moment;
    if (!problem.empty()) return failure(kInvalidConfig, fmt::format("input_format: {}", problem));
    return failure(kInvalidInput, fmt::format("{}: {} does not match the input_format '{}'", place,
                                              workflow::shown_in_message(value), format));
  }
  if (!value.is_number()) {
    return failure(kInvalidInput, fmt::format("{}: a date is text or a number of seconds since 1970, not {}", place,
                                              value.description()));
  }
  const double micros = value.as_number() * 1e6;
  if (micros >= static_cast<double>(expr::kFirstMoment) && micros <= static_cast<double>(expr::kLastMoment))
    return value.is_int() ? value.as_int() * 1'000'000 : std::llround(micros);
  return failure(kInvalidInput,
                 fmt::format("{}: {} seconds are outside the years 1 to 9999; milliseconds have to be divided by 1000",
                             place, workflow::shown_in_message(value)));
}

/// The task's own clock when the config gives no date.
Moment date_of(const Call& call, const Config& config) {
  // A template that gives nothing is a mistake somewhere, not the wish for the time of day.
  if (config.date || call.node.field("date") != nullptr) {
    const BodyResult date = call.evaluate(config.date, "date");
    if (!date) return tl::make_unexpected(date.error());
    return read_moment(config, "date", *date);
  }
  if (!config.date_field) return to_unix_us(call.context.now);
  const BodyResult found = call.evaluate(*config.date_field, "date_field");
  if (!found) return tl::make_unexpected(found.error());
  return read_moment(config, "date_field", *found);
}

/// Text by `format`, else RFC 3339 with the offset of the zone.
BodyResult written(const Config& config, const std::optional<std::int64_t>& moment) {
  if (!moment) return failure(kInvalidInput, "the result is outside the years 1 to 9999");
  std::string_view format = config.format;
  if (format.empty() && !config.names_zone) return expr::Value::string(to_rfc3339(from_unix_us(*moment)));
  if (format.empty()) format = kIsoFormat;
  std::string text;
  std::string problem;
  if (!expr::format_moment(*moment, format, *config.zone, text, problem))
    return failure(kInvalidConfig, fmt::format("format: {}", problem));
  return expr::Value::string(text);
}

tl::expected<expr::TimeUnit, Failure> unit_of(const Config& config, std::string_view fallback) {
  const std::string_view name = config.unit;
  expr::TimeUnit unit{};
  if (expr::parse_unit(name.empty() ? fallback : name, unit)) return unit;
  return failure(kInvalidConfig,
                 fmt::format("unit: '{}' is not a unit; use years, months, weeks, days, hours, minutes, "
                             "seconds or milliseconds",
                             name));
}

BodyResult shift(const Config& config, std::int64_t moment, double sign) {
  if (!config.amount) return failure(kInvalidConfig, "amount: it is missing");
  const auto unit = unit_of(config, "");
  if (!unit) return tl::make_unexpected(unit.error());
  const double count = *config.amount * sign;
  if (expr::unit_length(*unit) == 0 && count != std::trunc(count))
    return failure(kInvalidConfig, fmt::format("amount: years and months are whole numbers, not {}", *config.amount));
  return written(config, add_time(moment, count, *unit, *config.zone));
}

BodyResult between(const Config& config, std::int64_t date, std::int64_t date2) {
  const auto unit = unit_of(config, "seconds");
  if (!unit) return tl::make_unexpected(unit.error());
  const double length = time_between(date, date2, *unit, *config.zone);
  // Whole lengths are integers; all of them fit.
  return length == std::trunc(length) ? expr::Value::integer(static_cast<std::int64_t>(length))
                                      : expr::Value::number(length);
}

/// `period`, or `unit` in its place.
tl::expected<std::string, Failure> period_of(const Config& config) {
  std::string_view period = config.period;
  if (period.empty()) period = config.unit;
  if (period.ends_with('s')) period.remove_suffix(1);
  static constexpr std::string_view kPeriods[] = {"year", "quarter", "month",  "week",
                                                  "day",  "hour",    "minute", "second"};
  if (std::find(std::begin(kPeriods), std::end(kPeriods), period) != std::end(kPeriods)) return std::string(period);
  return failure(kInvalidConfig,
                 fmt::format("period: it must be one of {}, not '{}'", fmt::join(kPeriods, ", "), period));
}

BodyResult result_of(const Call& call, const Config& config) {
  const std::string& operation = config.operation;
  if (operation == "now") return written(config, to_unix_us(call.context.now));
  const Moment date = date_of(call, config);
  if (!date) return tl::make_unexpected(date.error());
  if (operation == "parse" || operation == "format" || operation == "convert") return written(config, *date);
  if (operation == "add") return shift(config, *date, 1);
  if (operation == "subtract") return shift(config, *date, -1);
  if (operation == "start_of" || operation == "end_of") {
    const auto period = period_of(config);
    if (!period) return tl::make_unexpected(period.error());
    return written(
        config, operation == "end_of" ? end_of(*date, *period, *config.zone) : start_of(*date, *period, *config.zone));
  }
  if (operation == "extract") {
    if (config.extract.empty()) return failure(kInvalidConfig, "extract: it is missing");
    return expr::Value::integer(part_of(*date, config.extract, *config.zone));
  }
  const BodyResult other = call.evaluate(config.date2, "date2");
  if (!other) return other;
  const Moment date2 = read_moment(config, "date2", *other);
  if (!date2) return tl::make_unexpected(date2.error());
  if (operation == "diff") return between(config, *date, *date2);
  return expr::Value::integer(*date < *date2 ? -1 : *date > *date2 ? 1 : 0);
}

}  // namespace

BodyResult run_datetime(Call& call) {
  BodyResult result = result_of(call, call.config_as<Config>());
  if (!result) return result;
  expr::Map output;
  output.set("result", std::move(*result));
  return expr::Value::map(std::move(output));
}

}  // namespace r8r::nodes
