// The circuit breaker of one lane: stops calling what fails, and asks carefully whether it is back.
#pragma once

#include <array>
#include <functional>

#include "kernel/outbound/outbound.hpp"

namespace kernel::outbound {

/// closed → open when enough calls of the window failed or were slow → half open after a pause, one probe at
/// a time → closed after some good probes, or open again for twice as long. Not thread-safe: it lives on the
/// event thread.
class Breaker {
 public:
  enum class Permit { refused, normal, probe };

  /// random gives [0, 1) for the jitter of the pause.
  Breaker(const BreakerSettings& settings, std::function<double()> random);

  /// True where ask() would refuse. Changes nothing.
  bool refuses(Clock::time_point now) const noexcept;

  /// Before a call. Every permit but refused is given back by record or abandon.
  Permit ask(Clock::time_point now);

  /// After a call that took that long. What was let through before the breaker opened no longer counts.
  void record(Permit permit, bool success, Clock::duration took, Clock::time_point now);

  /// After a call that says nothing (cancelled, throttled).
  void abandon(Permit permit) noexcept;

  /// A call that was recorded as a success turned out to be none.
  void take_back_success(Clock::time_point now);

  BreakerState state() const noexcept { return state_; }

  /// How long the breaker stays open from now on; zero where it is not open.
  Clock::duration remaining(Clock::time_point now) const noexcept;

 private:
  struct Slice {
    std::int64_t number = -1;  // which tenth of a window since the clock's epoch
    int calls = 0;
    int failures = 0;
    int slow = 0;
  };

  Slice& slice_at(Clock::time_point now) noexcept;
  std::int64_t slice_number(Clock::time_point now) const noexcept;
  void open_if_due(Clock::time_point now);
  void open(Clock::time_point now);
  void close() noexcept;

  BreakerSettings settings_;
  std::function<double()> random_;
  BreakerState state_ = BreakerState::closed;
  std::array<Slice, 10> window_;
  Clock::time_point open_until_{};
  std::chrono::milliseconds next_pause_;
  bool probing_ = false;
  int good_probes_ = 0;
};

}  // namespace kernel::outbound
