// Times of a cron expression: minute hour day month weekday, by the portal's time zone.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>

namespace portico::testkit {

class Cron {
 public:
  /// errors    Problem 422 plugin.task_invalid
  explicit Cron(std::string_view expression);
  /// The first time after this one, µs since 1970; 0 where none comes within five years. Sets TZ for a
  /// moment: no other thread may read the environment meanwhile.
  std::int64_t next(std::int64_t after_us, const std::string& zone) const;

 private:
  std::array<std::bitset<64>, 5> fields_;
  bool any_day_ = false, any_weekday_ = false;
};

}  // namespace portico::testkit
