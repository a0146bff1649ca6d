// The breaker's window of ten slices and its three states.
#include "kernel/outbound/breaker.hpp"

#include <algorithm>

namespace kernel::outbound {

Breaker::Breaker(const BreakerSettings& settings, std::function<double()> random)
    : settings_(settings), random_(std::move(random)), next_pause_(settings.open_first) {}

bool Breaker::refuses(Clock::time_point now) const noexcept {
  switch (state_) {
    case BreakerState::closed:
      return false;
    case BreakerState::open:
      return now < open_until_;
    case BreakerState::half_open:
      return probing_;
  }
  return true;
}

Breaker::Permit Breaker::ask(Clock::time_point now) {
  if (refuses(now)) return Permit::refused;
  if (state_ == BreakerState::closed) return Permit::normal;
  if (state_ == BreakerState::open) {
    state_ = BreakerState::half_open;
    good_probes_ = 0;
  }
  probing_ = true;
  return Permit::probe;
}

void Breaker::record(Permit permit, bool success, Clock::duration took, Clock::time_point now) {
  const bool slow = took >= settings_.slow_after;
  if (permit == Permit::probe) {
    probing_ = false;
    if (!success || slow) {
      open(now);
    } else if (++good_probes_ >= settings_.successes_to_close) {
      close();
    }
    return;
  }
  if (permit == Permit::refused || state_ != BreakerState::closed) return;
  Slice& slice = slice_at(now);
  ++slice.calls;
  if (!success) ++slice.failures;
  if (slow) ++slice.slow;
  if (!success || slow) open_if_due(now);
}

void Breaker::abandon(Permit permit) noexcept {
  if (permit == Permit::probe) probing_ = false;
}

void Breaker::take_back_success(Clock::time_point now) {
  if (state_ == BreakerState::half_open) {
    open(now);
  } else if (state_ == BreakerState::closed) {
    ++slice_at(now).failures;  // the call itself is already counted, perhaps in an older slice
    open_if_due(now);
  }
}

Clock::duration Breaker::remaining(Clock::time_point now) const noexcept {
  if (state_ != BreakerState::open || now >= open_until_) return Clock::duration::zero();
  return open_until_ - now;
}

std::int64_t Breaker::slice_number(Clock::time_point now) const noexcept {
  const auto length =
      std::chrono::duration_cast<Clock::duration>(settings_.window) / static_cast<int>(window_.size());
  return now.time_since_epoch() / length;
}

Breaker::Slice& Breaker::slice_at(Clock::time_point now) noexcept {
  const std::int64_t number = slice_number(now);
  Slice& slice = window_[static_cast<std::size_t>(number) % window_.size()];
  if (slice.number != number) slice = {number};
  return slice;
}

void Breaker::open_if_due(Clock::time_point now) {
  const std::int64_t newest = slice_number(now);
  int calls = 0;
  int failures = 0;
  int slow = 0;
  for (const Slice& slice : window_) {
    if (slice.number < 0 || newest - slice.number >= static_cast<std::int64_t>(window_.size())) continue;
    calls += slice.calls;
    failures += slice.failures;
    slow += slice.slow;
  }
  if (calls < settings_.least_calls) return;
  if (failures >= settings_.failure_share * calls || slow >= settings_.slow_share * calls) open(now);
}

void Breaker::open(Clock::time_point now) {
  constexpr double kJitter = 0.2;  // replicas that saw the same outage must not come back at the same moment
  const double factor = 1 - kJitter + 2 * kJitter * random_();
  open_until_ = now + std::chrono::duration_cast<Clock::duration>(next_pause_ * factor);
  next_pause_ = std::min(next_pause_ * 2, settings_.open_longest);
  state_ = BreakerState::open;
  probing_ = false;
}

void Breaker::close() noexcept {
  state_ = BreakerState::closed;
  next_pause_ = settings_.open_first;
  window_.fill({});
}

}  // namespace kernel::outbound
