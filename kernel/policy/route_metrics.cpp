// Counters by status, made on demand: most routes only ever answer a few.
#include "kernel/policy/route_metrics.hpp"

#include <algorithm>

namespace kernel::policy {

RouteMetrics::RouteMetrics(std::string label)
    : label_(std::move(label)),
      seconds_(observe::histogram("portico_http_request_seconds", "Time from request to answer",
                                  {{"route", label_}})) {}

void RouteMetrics::count(int status, double seconds) {
  auto& slot = answered_[static_cast<std::size_t>(std::clamp(status - kFirstStatus, 0, kStatuses - 1))];
  auto* counter = slot.load(std::memory_order_acquire);
  if (!counter) {
    counter = &observe::counter("portico_http_requests_total", "Requests by route and status",
                                {{"route", label_}, {"status", std::to_string(status)}});
    slot.store(counter, std::memory_order_release);  // whoever else looks it up finds the same
  }
  counter->add();
  seconds_.observe(seconds);
}

}  // namespace kernel::policy
