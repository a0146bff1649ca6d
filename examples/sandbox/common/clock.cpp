// Calendar arithmetic of the sandbox's clock; std::chrono's civil calendar, no time zone database.
#include "examples/sandbox/common/clock.hpp"

#include <fmt/format.h>

namespace sandbox {

namespace chr = std::chrono;

namespace {

chr::year_month_day civil(int day) {
  return chr::year_month_day{chr::sys_days{chr::days{day}}};
}

}  // namespace

TimePoint Clock::now() const {
  return chr::time_point_cast<chr::milliseconds>(chr::system_clock::now()) +
         chr::milliseconds{offset_ms_.load()};
}

int Clock::local_day(TimePoint at) const {
  return chr::floor<chr::days>(at + chr::minutes{utc_offset_minutes_}).time_since_epoch().count();
}

std::string Clock::local_text(TimePoint at) const {
  const auto local = at + chr::minutes{utc_offset_minutes_};
  const auto day = chr::floor<chr::days>(local);
  const chr::hh_mm_ss time{chr::floor<chr::seconds>(local - day)};
  return fmt::format("{} {:02}:{:02}:{:02}", date_text(day.time_since_epoch().count()), time.hours().count(),
                     time.minutes().count(), time.seconds().count());
}

std::string date_text(int day) {
  return date_text(day, '-');
}

std::string date_text(int day, char separator) {
  const auto date = civil(day);
  return fmt::format("{:04}{}{:02}{}{:02}", static_cast<int>(date.year()), separator,
                     static_cast<unsigned>(date.month()), separator, static_cast<unsigned>(date.day()));
}

int day_of(std::string_view text, int fallback) {
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return fallback;
  const auto number = [&](std::size_t from, std::size_t count) {
    int value = 0;
    for (const char c : text.substr(from, count)) {
      if (c < '0' || c > '9') return -1;
      value = value * 10 + (c - '0');
    }
    return value;
  };
  const int year = number(0, 4), month = number(5, 2), day = number(8, 2);
  if (year < 1 || month < 1 || day < 1) return fallback;
  const chr::year_month_day date{chr::year{year}, chr::month(static_cast<unsigned>(month)),
                                 chr::day(static_cast<unsigned>(day))};
  return date.ok() ? static_cast<int>(chr::sys_days{date}.time_since_epoch().count()) : fallback;
}

int month_start(int day, int months) {
  const auto date = civil(day);
  const auto month = chr::year_month{date.year(), date.month()} + chr::months{months};
  return static_cast<int>(chr::sys_days{month / chr::day{1}}.time_since_epoch().count());
}

std::string utc_text(TimePoint at) {
  const auto day = chr::floor<chr::days>(at);
  const chr::hh_mm_ss time{at - day};
  return fmt::format("{}T{:02}:{:02}:{:02}.{:03}Z", date_text(day.time_since_epoch().count()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

}  // namespace sandbox
