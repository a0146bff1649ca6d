// The client's two doors to the host: outbound for the bytes; log, health and breaker for what was noticed.
#pragma once

#include <atomic>
#include <portico/plugin.hpp>

#include "client/client.hpp"

namespace freebit {

inline constexpr std::string_view kUpstream = "freebit";  // in the manifest

class HostTransport final : public Transport {
 public:
  explicit HostTransport(portico::Host& host) : host_(host) {}
  Answer post(const CallSpec& call, std::string body) override;

 private:
  portico::Host& host_;
};

class HostWatcher final : public Watcher {
 public:
  explicit HostWatcher(portico::Host& host) : host_(host) {}
  void answered(std::string_view call, std::string_view code, std::string_view message) override;
  void barred(std::string_view call, std::string_view code, std::string_view message) override;
  void nonsense(std::string_view call, std::string_view what) override;
  void unreachable(std::string_view call, std::string_view code) override;

 private:
  void report(portico::HealthState state, std::string_view reason);

  portico::Host& host_;
  std::atomic<int> last_{-1};  // state last reported; spares the host a report per call
};

}  // namespace freebit
