// The sandbox's clock: real time plus an offset a test can move, printed the way the billing system prints
// it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace sandbox {

using TimePoint = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

/// Wall time of the played vendors. Threads may read and move it at once.
class Clock {
 public:
  /// utc_offset_minutes  what "server-local time" means; 540 is Japan
  explicit Clock(int utc_offset_minutes = 540) : utc_offset_minutes_(utc_offset_minutes) {}

  TimePoint now() const;
  std::int64_t offset_ms() const { return offset_ms_.load(); }
  void set_offset_ms(std::int64_t offset_ms) { offset_ms_.store(offset_ms); }

  /// Days since 1970-01-01 of the local date at `at`.
  int local_day(TimePoint at) const;
  int today() const { return local_day(now()); }
  /// "2026-11-22 09:20:41" local.
  std::string local_text(TimePoint at) const;
  std::string local_now() const { return local_text(now()); }
  int utc_offset_minutes() const { return utc_offset_minutes_; }

 private:
  int utc_offset_minutes_;
  std::atomic<std::int64_t> offset_ms_{0};
};

/// "2026-11-22" of a day number.
std::string date_text(int day);
/// The same with another separator, as in "2026/11/22".
std::string date_text(int day, char separator);
/// The day number of "YYYY-MM-DD…"; `fallback` where the text is no such date.
int day_of(std::string_view text, int fallback);
/// First day of the month that lies `months` after the month of `day` (may be negative).
int month_start(int day, int months);
/// RFC 3339 in UTC with milliseconds.
std::string utc_text(TimePoint at);

}  // namespace sandbox
