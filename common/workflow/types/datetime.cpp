#include "common/workflow/types/datetime.hpp"

#include "common/workflow/problem_list.hpp"
#include "common/workflow/types/types.hpp"

namespace r8r::workflow {
namespace {

const std::string* constant_text(const NodeType& type, const SourceNode& config, std::string_view name) {
  const SourceNode* node = type.given(config, name);
  return node == nullptr || !node->is_scalar() || holds_template(*node) ? nullptr : &node->scalar;
}

// What each operation cannot do without.
struct Need {
  std::string_view operation, field;
};
constexpr Need kNeeds[] = {{"format", "format"},   {"add", "amount"},    {"add", "unit"},
                           {"subtract", "amount"}, {"subtract", "unit"}, {"extract", "extract"},
                           {"diff", "date2"},      {"compare", "date2"}, {"convert", "timezone"}};

void check_datetime(const NodeType& type, const SourceNode& config, const std::string& path, ProblemList& problems) {
  if (const std::string* operation = constant_text(type, config, "operation")) {
    for (const Need& need : kNeeds) {
      if (same_word(*operation, need.operation) && type.given(config, need.field) == nullptr)
        problems.add(fmt::format("{}.{}", path, need.field), config,
                     fmt::format("operation {} needs '{}'", need.operation, need.field));
    }
    if ((same_word(*operation, "start_of") || same_word(*operation, "end_of")) &&
        type.given(config, "period") == nullptr && type.given(config, "unit") == nullptr) {
      problems.add(path + ".period", config, fmt::format("operation {} needs 'period'", *operation),
                   "for example period: month");
    }
  }
  const SourceNode* date = type.given(config, "date");
  const SourceNode* date_field = type.given(config, "date_field");
  if (date != nullptr && date_field != nullptr)
    problems.add(path + ".date_field", *date_field, "'date_field' cannot stand beside 'date'", "give one of them");
  if (const std::string* format = constant_text(type, config, "format"); format != nullptr) {
    std::string text;
    std::string problem;
    if (!expr::format_moment(0, *format, **expr::TimeZone::find("UTC"), text, problem))
      problems.add(path + ".format", *type.given(config, "format"), problem, "for example %Y-%m-%d %H:%M:%S");
  }
  expr::TimeUnit unit{};
  if (const std::string* name = constant_text(type, config, "unit");
      name != nullptr && !expr::parse_unit(*name, unit)) {
    problems.add(path + ".unit", *type.given(config, "unit"), fmt::format("'{}' is not a unit", *name),
                 "years, months, weeks, days, hours, minutes, seconds, milliseconds");
  }
}

std::shared_ptr<const ParsedConfig> parse_datetime(ConfigReader& config) {
  auto parsed = std::make_shared<DatetimeConfig>();
  const auto text = [&config](std::string_view name) { return config.text(name).value_or(""); };
  parsed->operation = text("operation");
  parsed->date = config.operand("date");
  parsed->date2 = config.operand("date2");
  parsed->date_field = config.program("date_field");
  parsed->amount = config.number("amount");
  parsed->unit = text("unit");
  parsed->period = text("period");
  parsed->format = text("format");
  parsed->input_format = text("input_format");
  parsed->extract = text("extract");
  const std::string zone = text("timezone");
  parsed->names_zone = !zone.empty();
  auto found = expr::TimeZone::find(zone.empty() ? "UTC" : zone);
  if (found) {
    parsed->zone = std::move(*found);
  } else {
    config.problem_at("timezone", found.error().message,
                      "take a name of the IANA database, such as Europe/Berlin, or an offset such as +02:00");
  }
  parsed->reads_input = false;
  return parsed;
}

}  // namespace

NodeType datetime_type() {
  return {.name = "datetime",
          .node_class = NodeClass::pure,
          .fields = {{.name = "operation",
                      .kind = ConfigKind::word,
                      .required = true,
                      .words = {"now", "parse", "format", "add", "subtract", "diff", "start_of", "end_of", "compare",
                                "extract", "convert"}},
                     {.name = "date", .kind = ConfigKind::parts, .aliases = {"input"}},
                     {.name = "date_field", .kind = ConfigKind::path},
                     {.name = "date2", .kind = ConfigKind::parts, .aliases = {"other"}},
                     {.name = "amount", .kind = ConfigKind::number, .low = -1e15, .high = 1e15},
                     {.name = "unit", .kind = ConfigKind::text},
                     {.name = "period",
                      .kind = ConfigKind::word,
                      .words = {"year", "quarter", "month", "week", "day", "hour", "minute", "second"}},
                     {.name = "format", .kind = ConfigKind::text},
                     {.name = "input_format", .kind = ConfigKind::text},
                     {.name = "timezone", .kind = ConfigKind::text},
                     {.name = "extract",
                      .kind = ConfigKind::word,
                      .words = {"year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond",
                                "weekday", "day_of_year", "timestamp"}}},
          .parse = parse_datetime,
          .check = check_datetime};
}

}  // namespace r8r::workflow
