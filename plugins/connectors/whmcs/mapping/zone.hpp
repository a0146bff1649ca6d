// Calendar dates of a named time zone: WHMCS's dates carry none, they are the portal's.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace whmcs {

/// One zone of the system's time zone database, read once. Immutable afterwards.
class Zone {
 public:
  /// errors    500 whmcs.time_zone_unknown: no such zone (on a bare system: the package tzdata is missing)
  static Zone load(std::string_view name, const std::string& folder = "/usr/share/zoneinfo");
  /// Reads a TZif file's bytes (version 2 or later). errors: 500 whmcs.time_zone_unknown
  static Zone parse(std::string_view bytes);

  /// Seconds east of UTC at that moment.
  std::int32_t offset_at(std::int64_t unix_s) const;
  /// YYYY-MM-DD there at that moment.
  std::string date_at(std::chrono::sys_seconds moment) const;

 private:
  struct Change {
    std::int64_t from;  // unix seconds
    std::int32_t offset;
  };
  /// Day of a yearly switch, "M3.5.0/2" in the file's last line.
  struct Switch {
    unsigned month = 0, week = 0, weekday = 0;
    std::int32_t at = 7200;  // seconds after local midnight
  };
  void read_rule(std::string_view rule);

  std::int32_t first_ = 0;       // before the first change
  std::vector<Change> changes_;  // ascending
  bool has_rule_ = false;        // what holds after the last change
  bool has_summer_ = false;
  std::int32_t standard_ = 0, summer_ = 0;
  Switch to_summer_, to_standard_;
};

/// RFC 3339 in UTC, whole seconds: "2025-06-11T09:20:41Z".
std::string rfc3339(std::chrono::sys_seconds moment);

}  // namespace whmcs
