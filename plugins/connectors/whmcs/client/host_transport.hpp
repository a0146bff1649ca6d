// The client's two doors to the host: outbound for the bytes; log, health and breaker for what was noticed.
#pragma once

#include <atomic>
#include <portico/plugin.hpp>

#include "client/client.hpp"

namespace whmcs {

// In the manifest. Orders and modules call other systems before they answer: such actions get minutes, few at
// a time, and a breaker of their own.
inline constexpr std::string_view kUpstream = "whmcs";
inline constexpr std::string_view kSlowUpstream = "whmcs_commands";

/// Which of the two an action is sent through.
std::string_view upstream_of(std::string_view action);

class HostTransport final : public Transport {
 public:
  explicit HostTransport(portico::Host& host) : host_(host) {}
  Answer post(std::string_view action, std::string body, Kind kind) override;

 private:
  portico::Host& host_;
};

class HostWatcher final : public Watcher {
 public:
  explicit HostWatcher(portico::Host& host) : host_(host) {}
  void answered() override;
  void barred(std::string_view action, std::string_view message) override;
  void nonsense(std::string_view action, std::string_view what) override;
  void unreachable(std::string_view action, std::string_view code) override;

 private:
  void report(portico::HealthState state, std::string_view reason);

  portico::Host& host_;
  std::atomic<int> last_{-1};  // state last reported; spares the host a report per call
};

}  // namespace whmcs
