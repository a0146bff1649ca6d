// Outbound requests and health reports of the client.
#include "client/host_transport.hpp"

#include <fmt/format.h>

namespace salesforce {

using namespace std::chrono_literals;

namespace {

// Below the 20 s from which the org counts a request as long.
constexpr auto kStandardTime = 15s;

}  // namespace

Answer HostTransport::send(const Request& request) {
  portico::OutboundRequest out;
  out.upstream = kUpstream;
  out.operation = request.operation;
  out.method = request.method;
  out.path = request.path;
  out.headers = request.headers;
  out.body = request.body;
  out.kind = request.kind;
  out.priority = request.priority;
  if (request.lane == Lane::long_running)
    out.lane = "long_running";
  else
    out.timeout = kStandardTime;
  auto response = host_.outbound().call(out);
  return {response.status, std::move(response.body), std::string(response.header("sforce-limit-info"))};
}

void HostWatcher::report(portico::HealthState state, std::string_view reason) {
  const int now = static_cast<int>(state);
  if (last_.exchange(now) != now || state != portico::HealthState::ok)
    host_.health().report(kUpstream, state, reason);
}

void HostWatcher::answered() {
  report(portico::HealthState::ok, {});
}

void HostWatcher::barred(std::string_view operation, std::string_view why) {
  host_.log().error("Salesforce turns us away: check the connected app, the user and its permissions",
                    {{"operation", operation}, {"why", why}});
  report(portico::HealthState::failed, fmt::format("{}: {}", operation, why));
}

void HostWatcher::nonsense(std::string_view operation, std::string_view what) {
  host_.log().warning("Salesforce sent a reply that makes no sense",
                      {{"operation", operation}, {"what", what}});
  host_.outbound().report_bad_reply(kUpstream);
  report(portico::HealthState::degraded, fmt::format("{}: {}", operation, what));
}

void HostWatcher::unreachable(std::string_view operation, std::string_view code) {
  // Our own queue was full, or our caller had no time left: that says nothing about the org.
  if (code == "upstream.busy" || code == "upstream.deadline") return;
  report(portico::HealthState::degraded, fmt::format("{}: {}", operation, code));
}

void HostWatcher::used(std::int64_t requests, std::int64_t most) {
  // The org counts what all its users ask; the metric follows that count upwards.
  const auto before = counted_.exchange(requests);
  if (most > 0 && requests > before && before > 0)
    host_.metrics().count("org_requests", {}, {}, static_cast<double>(requests - before));
}

}  // namespace salesforce
