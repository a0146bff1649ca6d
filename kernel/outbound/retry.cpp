// The retry budget's bucket and the jittered delay.
#include "kernel/outbound/retry.hpp"

#include <algorithm>

namespace kernel::outbound {
namespace {

constexpr double kFull = 10;
constexpr double kStop = 5;  // at or below: no retries
constexpr double kFailureCost = 1;
constexpr double kSuccessGain = 0.1;
constexpr int kAlwaysAllowed = 3;
constexpr double kShareOfActive = 0.2;

}  // namespace

bool RetryBudget::try_start(int active) noexcept {
  const int most = std::max(kAlwaysAllowed, static_cast<int>(kShareOfActive * active));
  if (in_flight_ >= most || tokens_ <= kStop) return false;
  ++in_flight_;
  return true;
}

void RetryBudget::success() noexcept {
  tokens_ = std::min(kFull, tokens_ + kSuccessGain);
}

void RetryBudget::failure() noexcept {
  tokens_ = std::max(0.0, tokens_ - kFailureCost);
}

std::chrono::milliseconds retry_delay(int retry, bool throttled, long retry_after_s, double random) noexcept {
  const double most = std::min(100.0 * static_cast<double>(1 << std::clamp(retry, 0, 10)), 2000.0);
  const double jittered = throttled && retry_after_s < 0 ? most / 2 + most / 2 * random : most * random;
  const double told = retry_after_s > 0 ? static_cast<double>(std::min(retry_after_s, 86'400L)) * 1000 : 0;
  return std::chrono::milliseconds(static_cast<long>(told + jittered));
}

}  // namespace kernel::outbound
