// The metrics of one route, looked up once and not with every request.
#pragma once

#include <array>
#include <atomic>
#include <string>

#include "kernel/observe/metrics.hpp"

namespace kernel::policy {

/// Thread-safe.
class RouteMetrics {
 public:
  explicit RouteMetrics(std::string label);

  void count(int status, double seconds);
  const std::string& label() const { return label_; }

 private:
  static constexpr int kFirstStatus = 100, kStatuses = 500;

  std::string label_;
  observe::Histogram& seconds_;
  std::array<std::atomic<observe::Counter*>, kStatuses> answered_{};  // made when a status first occurs
};

}  // namespace kernel::policy
