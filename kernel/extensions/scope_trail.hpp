// Which transactions that look past the owner of rows leave a row in the audit trail.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace kernel::extensions {

/// Of what a person asked for, each does. Of a plugin's own work, which repeats itself all day, the same
/// plugin with the same reason leaves one an hour, which says how many it stands for. Thread-safe.
class ScopeTrail {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::hours kWindow{1};
  static constexpr std::size_t kMostReasons = 1000;  // beyond: each leaves one

  /// How many transactions the row to write stands for, its own included; nothing: none is to be written.
  std::optional<std::uint64_t> begin(const std::string& plugin, const std::string& reason,
                                     Clock::time_point now) const;
  /// It has committed, with that row or without.
  void committed(const std::string& plugin, const std::string& reason, bool with_row, Clock::time_point now);

 private:
  struct Reason {
    Clock::time_point written{};
    std::uint64_t since = 0;  // transactions without a row
  };
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Reason> reasons_;
};

}  // namespace kernel::extensions
