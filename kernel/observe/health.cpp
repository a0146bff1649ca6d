// The health registry: a map under a mutex, a log line for each change of state.
#include "kernel/observe/health.hpp"

#include <algorithm>

#include "kernel/observe/log.hpp"
#include "kernel/observe/redaction.hpp"

namespace kernel::observe {
namespace {

constexpr std::size_t kMaxReason = 300;

Level level_of(HealthState state) noexcept {
  switch (state) {
    case HealthState::ok:
      return Level::info;
    case HealthState::degraded:
      return Level::warning;
    case HealthState::failed:
      return Level::error;
  }
  return Level::error;
}

}  // namespace

std::string_view to_string(HealthState state) noexcept {
  switch (state) {
    case HealthState::ok:
      return "ok";
    case HealthState::degraded:
      return "degraded";
    case HealthState::failed:
      return "failed";
  }
  return "failed";
}

HealthRegistry::HealthRegistry(Clock clock) : clock_(std::move(clock)) {}

void HealthRegistry::report(std::string_view name, HealthState state, std::string_view reason) {
  std::string kept = masked(reason.substr(0, kMaxReason));
  bool changed = false;
  bool full = false;
  {
    const std::lock_guard lock(mutex_);
    auto found = checks_.find(name);
    if (found == checks_.end()) {
      full = checks_.size() >= kMaxChecks;
      if (!full) {
        checks_.emplace(std::string(name), HealthCheck{std::string(name), state, kept, clock_()});
        changed = state != HealthState::ok;  // a check that starts well is no news
      }
    } else {
      HealthCheck& check = found->second;
      changed = check.state != state;
      if (changed) check.since = clock_();
      check.state = state;
      check.reason = kept;
    }
  }
  if (full) log(Level::error, "observe", "health check not kept: too many names", {{"check", name}});
  if (changed) {
    log(level_of(state), "observe", "health changed",
        {{"check", name}, {"state", to_string(state)}, {"reason", kept}});
  }
}

void HealthRegistry::remove(std::string_view name) {
  const std::lock_guard lock(mutex_);
  if (auto found = checks_.find(name); found != checks_.end()) checks_.erase(found);
}

std::vector<HealthCheck> HealthRegistry::checks() const {
  const std::lock_guard lock(mutex_);
  std::vector<HealthCheck> all;
  all.reserve(checks_.size());
  for (const auto& [name, check] : checks_) all.push_back(check);
  return all;
}

HealthState HealthRegistry::worst() const {
  const std::lock_guard lock(mutex_);
  HealthState worst = HealthState::ok;
  for (const auto& [name, check] : checks_) worst = std::max(worst, check.state);
  return worst;
}

HealthRegistry& health() {
  static HealthRegistry* const one = new HealthRegistry;  // outlives every thread that may still report
  return *one;
}

}  // namespace kernel::observe
