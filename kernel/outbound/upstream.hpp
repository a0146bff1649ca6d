// The state of one upstream and its lanes. Lives on the event thread.
#pragma once

#include <array>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "kernel/observe/metrics.hpp"
#include "kernel/outbound/breaker.hpp"
#include "kernel/outbound/outcome.hpp"
#include "kernel/outbound/retry.hpp"
#include "kernel/outbound/target.hpp"

namespace kernel::outbound {

struct Job;

/// One lane: calls in flight, calls that wait in a line for each class, the pace, the breaker.
class Lane {
 public:
  Lane(const std::string& upstream, std::string name, const LaneSettings& settings,
       const BreakerSettings& breaker, std::function<double()> random);

  const std::string& name() const noexcept { return name_; }
  const LaneSettings& settings() const noexcept { return settings_; }
  int in_flight() const noexcept;

  void started(Priority priority, Clock::time_point now) noexcept;
  void ended(Priority priority) noexcept;

  void push(Job& job);
  void take_out(Job& job);
  /// Any that waits; null without one.
  Job* front() const noexcept;
  /// The one whose turn it is; null where none waits or the room for those that do is taken.
  Job* next() const noexcept;
  int queued() const noexcept;
  /// For one more call of the class.
  bool has_room(Priority priority) const noexcept;
  /// More wait than the class, or the lane, has places for.
  bool overfull(Priority priority) const noexcept;
  /// When the rate lets the next attempt begin; in the past: now.
  Clock::time_point paced_until() const noexcept;

  Breaker& breaker() noexcept { return breaker_; }
  const Breaker& breaker() const noexcept { return breaker_; }
  /// Shows the breaker's state in the metrics and the log; true where it changed since the last time.
  bool publish_breaker(Clock::time_point now);

 private:
  std::string upstream_;
  std::string name_;
  LaneSettings settings_;
  Breaker breaker_;
  BreakerState shown_ = BreakerState::closed;
  struct Line {
    int in_flight = 0;
    std::list<Job*> waiting;
  };

  std::array<Line, 3> lines_;  // by Priority
  Clock::time_point tat_{};    // theoretical arrival time of the generic cell rate algorithm
  observe::Gauge& in_flight_gauge_;
  observe::Gauge& queued_gauge_;
  observe::Gauge& breaker_gauge_;
  observe::Counter& opened_;
};

/// shared by the table of upstreams and by the jobs that still run under these settings.
class Upstream {
 public:
  Upstream(UpstreamSettings settings, Target target, const std::function<double()>& random);

  const UpstreamSettings& settings() const noexcept { return settings_; }
  const Target& target() const noexcept { return target_; }
  std::map<std::string, Lane, std::less<>>& lanes() noexcept { return lanes_; }
  Lane* find_lane(std::string_view name) noexcept;
  RetryBudget& budget() noexcept { return budget_; }
  int concurrency() const noexcept;

  int active = 0;         // calls that are not finished
  bool isolated = false;  // by an administrator

  void count_attempt() noexcept { attempts_.add(); }
  void count_retry() noexcept { retries_.add(); }
  void count_refused_retry() noexcept { retries_refused_.add(); }
  void count_call(const std::string& operation, Outcome outcome, double seconds);

  /// Reports the worst lane to the health registry.
  void report_health() const;

 private:
  UpstreamSettings settings_;
  Target target_;
  std::map<std::string, Lane, std::less<>> lanes_;
  RetryBudget budget_;
  observe::Counter& attempts_;
  observe::Counter& retries_;
  observe::Counter& retries_refused_;
  struct OperationMetrics {
    observe::Histogram* seconds;
    std::map<Outcome, observe::Counter*> outcomes;
  };
  std::map<std::string, OperationMetrics, std::less<>> operations_;
};

std::string health_name(std::string_view upstream);

}  // namespace kernel::outbound
