// Outbound requests and health reports of the WHMCS client.
#include "client/host_transport.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace whmcs {

std::string_view upstream_of(std::string_view action) {
  constexpr std::string_view kSlow[] = {"AddOrder", "AcceptOrder", "CancelOrder", "UpgradeProduct"};
  const bool slow = action.starts_with("Module") ||
                    std::find(std::begin(kSlow), std::end(kSlow), action) != std::end(kSlow);
  return slow ? kSlowUpstream : kUpstream;
}

Transport::Answer HostTransport::post(std::string_view action, std::string body, Kind kind) {
  portico::OutboundRequest request;
  request.upstream = upstream_of(action);
  request.operation = action;
  request.method = "POST";
  request.path = "/includes/api.php";
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
  request.body = std::move(body);
  request.kind = kind;
  auto response = host_.outbound().call(request);
  return {response.status, std::move(response.body)};
}

void HostWatcher::report(portico::HealthState state, std::string_view reason) {
  const int now = static_cast<int>(state);
  if (last_.exchange(now) != now || state != portico::HealthState::ok)
    host_.health().report(kUpstream, state, reason);
}

void HostWatcher::answered() {
  report(portico::HealthState::ok, {});
}

void HostWatcher::barred(std::string_view action, std::string_view message) {
  host_.log().error("WHMCS turns us away: check address allow-list, credentials and API role",
                    {{"action", action}, {"message", message}});
  report(portico::HealthState::failed, fmt::format("{}: {}", action, message));
}

void HostWatcher::nonsense(std::string_view action, std::string_view what) {
  host_.log().warning("WHMCS sent a reply that makes no sense", {{"action", action}, {"what", what}});
  host_.outbound().report_bad_reply(upstream_of(action));
  report(portico::HealthState::degraded, fmt::format("{}: {}", action, what));
}

void HostWatcher::unreachable(std::string_view action, std::string_view code) {
  // Our own queue was full, or our caller had no time left: that says nothing about WHMCS.
  if (code == "upstream.busy" || code == "upstream.deadline") return;
  report(portico::HealthState::degraded, fmt::format("{}: {}", action, code));
}

}  // namespace whmcs
