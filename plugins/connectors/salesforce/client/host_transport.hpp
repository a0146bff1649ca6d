// The client's doors to the host: outbound for the bytes; log, health, metrics and breaker for what was
// noticed.
#pragma once

#include <atomic>
#include <portico/plugin.hpp>

#include "client/transport.hpp"

namespace salesforce {

inline constexpr std::string_view kUpstream = "salesforce";  // in the manifest

class HostTransport final : public Transport {
 public:
  explicit HostTransport(portico::Host& host) : host_(host) {}
  Answer send(const Request& request) override;

 private:
  portico::Host& host_;
};

class HostWatcher final : public Watcher {
 public:
  explicit HostWatcher(portico::Host& host) : host_(host) {}
  void answered() override;
  void barred(std::string_view operation, std::string_view why) override;
  void nonsense(std::string_view operation, std::string_view what) override;
  void unreachable(std::string_view operation, std::string_view code) override;
  void used(std::int64_t requests, std::int64_t most) override;

 private:
  void report(portico::HealthState state, std::string_view reason);

  portico::Host& host_;
  std::atomic<int> last_{-1};             // state last reported; spares the host a report per call
  std::atomic<std::int64_t> counted_{0};  // requests that the metric has
};

}  // namespace salesforce
