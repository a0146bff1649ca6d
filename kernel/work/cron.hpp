// Cron expressions: five fields, and the next time one of them means in a zone.
#pragma once

#include <array>
#include <bitset>
#include <string_view>

#include "kernel/work/time_zone.hpp"

namespace kernel::work {

/// "minute hour day-of-month month day-of-week": numbers, names (jan, mon), lists, ranges, steps, and
/// @hourly,
/// @daily, @weekly, @monthly, @yearly. Sunday is 0 or 7. Where both day fields are restricted, either
/// suffices.
///
/// Where clocks change: with a named hour ("30 2 * * *") a time that does not exist means the end of the gap,
/// and one that comes twice means the first. With every hour ("*/15 * * * *", "0 */2 * * *") time just goes
/// on: what does not exist is left out, what comes twice runs twice.
class Cron {
 public:
  /// errors  422 plugin.task_invalid, whose detail names the field; also for one that never comes (30
  /// February)
  static Cron parse(std::string_view expression);

  /// The first time after `instant`.
  Seconds next(Seconds instant, const TimeZone& zone) const;

 private:
  bool is_day(std::chrono::year_month_day date) const;

  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;
  std::bitset<13> months_;
  std::bitset<7> weekdays_;
  bool any_hour_ = false, any_day_ = false, any_weekday_ = false;
};

/// Between from and to times the interval, at random, so that replicas do not keep step.
std::chrono::milliseconds spread(std::chrono::milliseconds interval, double from, double to);

}  // namespace kernel::work
