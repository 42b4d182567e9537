#include "common/base/json_text.hpp"
#include "common/cron/schedule.hpp"
#include "tests/fuzz/targets.hpp"

namespace r8r::fuzz {
namespace {

using cron::Schedule;

bool same(const Schedule::Fields& a, const Schedule::Fields& b) {
  return a.seconds == b.seconds && a.minutes == b.minutes && a.hours == b.hours && a.days == b.days &&
         a.months == b.months && a.weekdays == b.weekdays && a.any_day == b.any_day && a.any_weekday == b.any_weekday;
}

}  // namespace

void parse_schedule(std::string_view input) {
  const auto schedule = Schedule::parse(input);
  if (!schedule) {
    promise(!schedule.error().message.empty() && schedule.error().column >= 1, "a mistake has a message and a place");
    promise(!is_valid_utf8(input) || is_valid_utf8(schedule.error().message), "a message is valid UTF-8");
    return;
  }
  const auto again = Schedule::parse(schedule->text());
  promise(again.has_value() && same(again->fields(), schedule->fields()), "the text that is kept means the same");
  for (const char* name : {"UTC", "Europe/Berlin", "Australia/Lord_Howe"}) {
    const auto zone = expr::TimeZone::find(name);
    if (!zone) continue;  // a machine without zone files
    // Just before clocks go forward in Berlin in 2026.
    Timestamp time = from_unix_us(1'774'745'999'000'000);
    for (int i = 0; i < 3; ++i) {
      const auto next = schedule->next_after(time, **zone);
      if (!next) break;
      promise(*next > time, "the next firing lies behind");
      const auto previous = schedule->previous_at_or_before(*next, **zone);
      promise(previous.has_value() && *previous == *next, "a firing is its own last one");
      time = *next;
    }
  }
}

}  // namespace r8r::fuzz
