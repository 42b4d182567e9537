#include <ctime>
#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "common/cron/schedule.hpp"

// Firings against a reference that walks over every minute of some days around a change of the clock, and takes local
// time from the C library.
namespace r8r::cron {
namespace {

constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kDay = 86'400;

/// The sets of a schedule, chosen before its text.
struct Sets {
  std::set<int> minutes, hours, days, months, weekdays;
  bool any_day = false;
  bool any_weekday = false;
  std::string text;

  bool every_hour() const { return hours.size() == 24; }
  bool matches(std::int64_t local) const {
    const std::time_t time = local;
    std::tm tm{};
    gmtime_r(&time, &tm);
    const bool day = days.contains(tm.tm_mday);
    const bool weekday = weekdays.contains(tm.tm_wday);
    return minutes.contains(tm.tm_min) && hours.contains(tm.tm_hour) && months.contains(tm.tm_mon + 1) &&
           (any_day || any_weekday ? day && weekday : day || weekday);
  }
};

std::set<int> choose(std::mt19937& random, int low, int high, std::string& text, bool& all) {
  std::set<int> chosen;
  all = false;
  switch (random() % 3) {
    case 0: {
      const int step = random() % 2 == 0 ? 1 : static_cast<int>(random() % 20) % (high - low) + 1;
      for (int i = low; i <= high; i += step) chosen.insert(i);
      text += step == 1 ? "* " : fmt::format("*/{} ", step);
      all = true;
      break;
    }
    case 1: {
      const int a = low + static_cast<int>(random() % static_cast<unsigned>(high - low + 1));
      const int b = a + static_cast<int>(random() % static_cast<unsigned>(high - a + 1));
      for (int i = a; i <= b; ++i) chosen.insert(i);
      text += fmt::format("{}-{} ", a, b);
      break;
    }
    default:
      for (int i = 0; i < 3; ++i)
        chosen.insert(low + static_cast<int>(random() % static_cast<unsigned>(high - low + 1)));
      text += fmt::format("{} ", fmt::join(chosen, ","));
  }
  return chosen;
}

Sets random_schedule(std::mt19937& random, int month) {
  Sets sets;
  bool all = false;
  sets.minutes = choose(random, 0, 59, sets.text, all);
  // Hours in which clocks change are what this is about.
  sets.hours = random() % 2 == 0 ? choose(random, 0, 23, sets.text, all) : choose(random, 0, 3, sets.text, all);
  if (all && sets.hours.size() < 24 && sets.hours.size() > 0) {
    // `*` among 0 to 3 is every hour in the text.
    const std::size_t end = sets.text.rfind(' ', sets.text.size() - 2);
    sets.text.resize(end == std::string::npos ? 0 : end + 1);
    sets.text += fmt::format("{} ", fmt::join(sets.hours, ","));
  }
  sets.days = choose(random, 1, 31, sets.text, sets.any_day);
  if (random() % 4 == 0) {
    sets.months = {month};
    sets.text += fmt::format("{} ", month);
  } else {
    for (int i = 1; i <= 12; ++i) sets.months.insert(i);
    sets.text += "* ";
  }
  sets.weekdays = choose(random, 0, 6, sets.text, sets.any_weekday);
  sets.text.pop_back();
  return sets;
}

/// Local time of each minute of a stretch of time, by the C library.
class Clock {
 public:
  Clock(const std::string& zone, std::int64_t begin, std::int64_t end) : begin_(begin) {
    setenv("TZ", (":" + zone).c_str(), 1);
    tzset();
    for (std::int64_t utc = begin; utc < end; utc += kMinute) {
      const std::time_t time = utc;
      std::tm tm{};
      localtime_r(&time, &tm);
      local_.push_back(utc + tm.tm_gmtoff);
    }
    unsetenv("TZ");
    tzset();
  }

  std::set<std::int64_t> firings(const Sets& schedule) const {
    std::set<std::int64_t> all;
    std::set<std::int64_t> seen;
    for (std::size_t i = 0; i < local_.size(); ++i) {
      const std::int64_t utc = begin_ + static_cast<std::int64_t>(i) * kMinute;
      const std::int64_t local = local_[i];
      const bool first = seen.insert(local).second;
      if (schedule.matches(local) && (first || schedule.every_hour())) all.insert(utc);
      if (i == 0) continue;
      const std::int64_t jump = local - local_[i - 1] - kMinute;
      if (schedule.every_hour() && jump % 3'600 == 0) continue;
      for (std::int64_t skipped = local_[i - 1] + kMinute; skipped < local; skipped += kMinute) {
        if (schedule.matches(skipped)) all.insert(utc);
      }
    }
    return all;
  }

 private:
  std::int64_t begin_;
  std::vector<std::int64_t> local_;
};

struct Change {
  const char* zone;
  const char* day;
};

class CronReference : public ::testing::TestWithParam<Change> {};

TEST_P(CronReference, EveryFiringIsThereAndNoOther) {
  const auto [zone_name, day] = GetParam();
  const Timestamp noon = *parse_rfc3339(fmt::format("{}T12:00:00Z", day));
  const std::int64_t middle = to_unix_us(noon) / 1'000'000;
  const std::int64_t begin = middle - 2 * kDay;
  const std::int64_t end = middle + 2 * kDay;
  // The walk begins earlier, so that it knows what a local time that occurs twice was before.
  const Clock clock(zone_name, begin - kDay, end);
  const auto zone = *expr::TimeZone::find(zone_name);
  std::tm tm{};
  const std::time_t time = middle;
  gmtime_r(&time, &tm);
  std::mt19937 random(20'260'329);
  int compared = 0;
  for (int i = 0; i < 60; ++i) {
    const Sets sets = random_schedule(random, tm.tm_mon + 1);
    const auto schedule = Schedule::parse(sets.text);
    if (!schedule) continue;  // days that its months do not have
    ++compared;
    std::vector<std::int64_t> wanted;
    for (const std::int64_t utc : clock.firings(sets)) {
      if (utc > begin) wanted.push_back(utc);
    }
    std::vector<std::int64_t> found;
    Timestamp at = from_unix_us(begin * 1'000'000);
    while (const auto next = schedule->next_after(at, *zone)) {
      if (to_unix_us(*next) / 1'000'000 >= end) break;
      ASSERT_GT(*next, at) << sets.text;
      found.push_back(to_unix_us(*next) / 1'000'000);
      at = *next;
    }
    ASSERT_EQ(found, wanted) << zone_name << ' ' << sets.text;
    for (int probe = 0; probe < 20; ++probe) {
      const std::int64_t moment = begin + static_cast<std::int64_t>(random() % static_cast<unsigned>(end - begin));
      const auto behind = std::upper_bound(wanted.begin(), wanted.end(), moment);
      if (behind == wanted.begin()) continue;
      const auto previous = schedule->previous_at_or_before(from_unix_us(moment * 1'000'000 + 5), *zone);
      ASSERT_TRUE(previous.has_value()) << sets.text;
      ASSERT_EQ(to_unix_us(*previous) / 1'000'000, *std::prev(behind)) << zone_name << ' ' << sets.text;
    }
  }
  EXPECT_GT(compared, 40);
}

INSTANTIATE_TEST_SUITE_P(
    AroundChanges, CronReference,
    ::testing::Values(Change{"UTC", "2026-02-28"}, Change{"Europe/Berlin", "2026-03-29"},
                      Change{"Europe/Berlin", "2026-10-25"}, Change{"Europe/London", "2026-10-25"},
                      Change{"America/New_York", "2026-03-08"}, Change{"America/New_York", "2026-11-01"},
                      // At midnight, and a minute behind it.
                      Change{"America/Sao_Paulo", "2018-11-04"}, Change{"America/Sao_Paulo", "2018-02-18"},
                      Change{"America/St_Johns", "2006-10-29"}, Change{"America/St_Johns", "2006-04-02"},
                      Change{"America/Havana", "2026-11-01"},
                      // Half an hour, a quarter, a whole day, the other way round.
                      Change{"Australia/Lord_Howe", "2026-10-03"}, Change{"Australia/Lord_Howe", "2026-04-04"},
                      Change{"Asia/Kathmandu", "1985-12-31"}, Change{"Pacific/Apia", "2011-12-30"},
                      Change{"Africa/Casablanca", "2026-03-22"}, Change{"Africa/Casablanca", "2026-02-15"},
                      Change{"Europe/Dublin", "2026-10-25"},
                      // Behind the table of the zone files.
                      Change{"Europe/Berlin", "2060-03-28"}, Change{"Europe/Berlin", "2060-10-31"},
                      Change{"Australia/Sydney", "2060-10-03"}));

}  // namespace
}  // namespace r8r::cron
