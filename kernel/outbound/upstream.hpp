// The state of one upstream and its lanes. Lives on the event thread.
#pragma once

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

/// One lane: calls in flight, calls that wait, the breaker.
class Lane {
 public:
  Lane(const std::string& upstream, std::string name, const LaneSettings& settings,
       const BreakerSettings& breaker, std::function<double()> random);

  const std::string& name() const noexcept { return name_; }
  const LaneSettings& settings() const noexcept { return settings_; }
  int in_flight() const noexcept { return in_flight_; }
  bool has_room() const noexcept { return in_flight_ < settings_.concurrency; }

  void started() noexcept;
  void ended() noexcept;

  void push(Job& job);
  void take_out(Job& job);
  Job* front() const noexcept { return queue_.empty() ? nullptr : queue_.front(); }
  int queued() const noexcept { return static_cast<int>(queue_.size()); }

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
  int in_flight_ = 0;
  std::list<Job*> queue_;
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

  int active = 0;  // calls that are not finished

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
