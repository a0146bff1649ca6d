// The dispatcher's upstreams: added, replaced, taken away, isolated, shown.
#include <algorithm>
#include <tuple>

#include "kernel/observe/health.hpp"
#include "kernel/observe/log.hpp"
#include "kernel/outbound/dispatcher.hpp"

namespace kernel::outbound {

using observe::Level;

void Dispatcher::add(UpstreamSettings settings, Target target) {
  const std::string name = settings.name;
  auto upstream = std::make_shared<Upstream>(std::move(settings), std::move(target), options_.random);
  upstream->isolated = isolated_.contains(name);
  upstream->report_health();
  upstreams_[name] = std::move(upstream);
  resize_connection_cache();
}

void Dispatcher::remove(const std::string& name) {
  const auto found = upstreams_.find(name);
  if (found == upstreams_.end()) return;
  const std::shared_ptr<Upstream> upstream = found->second;
  upstreams_.erase(found);
  for (auto& [lane_name, lane] : upstream->lanes()) {
    while (Job* job = lane.front()) refuse(*job, Outcome::not_configured, "removed while waiting");
  }
  observe::health().remove(health_name(name));
  resize_connection_cache();
}

void Dispatcher::report_bad_reply(const std::string& name, const std::string& lane_name) {
  const auto found = upstreams_.find(name);
  if (found == upstreams_.end()) return;
  if (Lane* lane = found->second->find_lane(lane_name)) {
    lane->breaker().take_back_success(options_.breaker_clock());
    publish_breaker(*found->second, *lane);
  }
}

void Dispatcher::isolate(const std::string& name, bool isolated) {
  const auto found = upstreams_.find(name);
  if (found == upstreams_.end())
    throw portico::Problem(404, "upstream.unknown", "no enabled plugin calls an upstream '" + name + "'");
  if (isolated)
    isolated_.insert(name);
  else
    isolated_.erase(name);
  const std::shared_ptr<Upstream> upstream = found->second;
  upstream->isolated = isolated;
  upstream->report_health();
  observe::log(Level::warning, "outbound", isolated ? "upstream isolated" : "upstream restored",
               {{"upstream", name}});
  if (!isolated) return;
  for (auto& [lane_name, lane] : upstream->lanes()) {
    while (Job* job = lane.front()) refuse(*job, Outcome::isolated, "isolated while waiting");
  }
}

std::vector<LaneStats> Dispatcher::stats() {
  std::vector<LaneStats> all;
  for (auto& [name, upstream] : upstreams_) {
    for (auto& [lane_name, lane] : upstream->lanes()) {
      all.push_back(
          {name, lane_name, lane.in_flight(), lane.queued(), lane.breaker().state(), upstream->isolated});
    }
  }
  std::sort(all.begin(), all.end(), [](const LaneStats& a, const LaneStats& b) {
    return std::tie(a.upstream, a.lane) < std::tie(b.upstream, b.lane);
  });
  return all;
}

void Dispatcher::resize_connection_cache() {
  long sum = 0;
  for (const auto& [name, upstream] : upstreams_) sum += upstream->concurrency();
  loop_.keep_connections(std::max(64L, sum + sum / 4 + 16));
}

}  // namespace kernel::outbound
