// Local time of a named zone: offsets, gaps and doubled hours, from the system's zoneinfo files.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace kernel::work {

using Seconds = std::chrono::sys_seconds;
using LocalSeconds = std::chrono::local_seconds;

/// What a local time is: once, twice (earlier, later), or not at all (both are the end of the gap).
struct Instants {
  enum Kind { once, twice, never } kind = once;
  Seconds earlier{}, later{};
};

class TimeZone {
 public:
  /// errors  500 config.invalid: no such zone, or a file that is none
  explicit TimeZone(std::string_view name, const std::filesystem::path& folder = "/usr/share/zoneinfo");

  std::chrono::seconds offset_at(Seconds instant) const;
  LocalSeconds local(Seconds instant) const {
    return LocalSeconds((instant + offset_at(instant)).time_since_epoch());
  }
  Instants instants(LocalSeconds local) const;

 private:
  /// One end of daylight saving by the rule of the file's last line: nth weekday of a month, at a local time.
  struct Change {
    unsigned month = 0, week = 0, weekday = 0;
    std::chrono::seconds at{7200};
  };
  struct Rule {
    std::chrono::seconds standard{0}, summer{0};
    bool changes = false;
    Change begin, end;
  };
  void read(std::string_view bytes);
  void read_rule(std::string_view text);
  std::chrono::seconds by_rule(Seconds instant) const;
  static Seconds instant_of(const Change& change, std::chrono::year year, std::chrono::seconds offset);

  std::vector<std::int64_t> times_;  // from which on the offset beside it holds
  std::vector<std::chrono::seconds> offsets_;
  std::chrono::seconds first_{0};  // before all of them
  Rule rule_;                      // after the last of them
};

}  // namespace kernel::work
