// Named health checks that rooms and plugins report into; /api/health and the metrics read them.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace kernel::observe {

enum class HealthState { ok, degraded, failed };

std::string_view to_string(HealthState state) noexcept;

struct HealthCheck {
  std::string name;  // "database", "upstream.ledger", "plugin.shop"
  HealthState state = HealthState::ok;
  std::string reason;                           // for people; masked like a log value; empty while ok
  std::chrono::system_clock::time_point since;  // of the last change of state
};

/// The last word of each check. Thread-safe.
class HealthRegistry {
 public:
  using Clock = std::function<std::chrono::system_clock::time_point()>;

  explicit HealthRegistry(Clock clock = std::chrono::system_clock::now);

  /// Records the state of one check. A change of state is logged and moves `since`; a repeat only renews the
  /// reason. A name beyond kMaxChecks is logged and not kept.
  void report(std::string_view name, HealthState state, std::string_view reason = {});

  /// Forgets a check (its plugin was stopped). Unknown names are fine.
  void remove(std::string_view name);

  /// All checks, by name.
  std::vector<HealthCheck> checks() const;

  /// The worst state of all; ok where nothing reports.
  HealthState worst() const;

  static constexpr std::size_t kMaxChecks = 256;

 private:
  Clock clock_;
  mutable std::mutex mutex_;
  std::map<std::string, HealthCheck, std::less<>> checks_;
};

/// The process's registry.
HealthRegistry& health();

}  // namespace kernel::observe
