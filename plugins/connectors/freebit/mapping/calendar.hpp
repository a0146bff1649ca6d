// Dates on the enabler's calendar: Japan, UTC+9 all year.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace freebit {

using Seconds = std::chrono::sys_seconds;
using Day = std::chrono::sys_days;  // a date in Japan

Day japan_day(Seconds at);
/// Midnight in Japan at which that day begins.
Seconds begin_of(Day day);
std::string iso_date(Day day);   // 2026-11-30
std::string wire_date(Day day);  // 20261130
/// The day of an ISO date. errors: Problem 422 request.invalid at `pointer`
Day to_day(std::string_view iso, std::string_view pointer);
/// The first of the month after the one of `day`; of one more where `day` is among the last `closed` days of
/// its month.
Day next_month(Day day, int closed);
/// How many whole years after `born` it is on `day`.
int years_between(Day born, Day day);
std::string rfc3339(Seconds at);

}  // namespace freebit
