// When a read may be tried again, and after how long.
#pragma once

#include <chrono>

namespace kernel::outbound {

/// The retry budget of one upstream: keeps retries from becoming the load that holds a sick upstream down.
/// Both rules must allow a retry: few at a time, and a bucket that failures empty ten times as fast as
/// successes fill it.
class RetryBudget {
 public:
  /// active  calls of this upstream that are not finished
  bool try_start(int active) noexcept;
  void end() noexcept { --in_flight_; }  // of a retry that was started

  void success() noexcept;
  void failure() noexcept;

 private:
  double tokens_ = 10;
  int in_flight_ = 0;
};

/// Delay before retry 1, 2, …: full jitter U(0, min(100 ms × 2^n, 2 s)). A throttled caller waits what the
/// upstream said (retry_after_s >= 0 and at least that), or half fixed and half random: full jitter alone
/// comes too soon.
///
/// retry_after_s  -1 where the upstream said nothing
/// random         [0, 1)
std::chrono::milliseconds retry_delay(int retry, bool throttled, long retry_after_s, double random) noexcept;

}  // namespace kernel::outbound
