// Outbound requests, log lines and health reports of the client.
#include "client/host_transport.hpp"

#include <fmt/format.h>

namespace freebit {

Transport::Answer HostTransport::post(const CallSpec& call, std::string body) {
  portico::OutboundRequest request;
  request.upstream = kUpstream;
  request.operation = call.name;
  request.method = "POST";
  request.path = "/" + call.path;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"},
                     {"Accept", "application/json"}};
  request.body = std::move(body);
  request.kind = call.kind;
  auto response = host_.outbound().call(request);
  return {response.status, std::move(response.body)};
}

void HostWatcher::report(portico::HealthState state, std::string_view reason) {
  const int now = static_cast<int>(state);
  if (last_.exchange(now) != now || state != portico::HealthState::ok)
    host_.health().report(kUpstream, state, reason);
}

void HostWatcher::answered(std::string_view call, std::string_view code, std::string_view message) {
  if (code == "ok")
    host_.log().debug("the mobile enabler answered", {{"call", call}});
  else
    host_.log().info("the mobile enabler declined", {{"call", call}, {"code", code}, {"message", message}});
  report(portico::HealthState::ok, {});
}

void HostWatcher::barred(std::string_view call, std::string_view code, std::string_view message) {
  host_.log().error("the mobile enabler turns us away: check its address list, oemId and oemKey",
                    {{"call", call}, {"code", code}, {"message", message}});
  report(portico::HealthState::failed, fmt::format("{}: {}", call, code));
}

void HostWatcher::nonsense(std::string_view call, std::string_view what) {
  host_.log().warning("the mobile enabler sent a reply that makes no sense",
                      {{"call", call}, {"what", what}});
  host_.outbound().report_bad_reply(kUpstream);
  report(portico::HealthState::degraded, fmt::format("{}: {}", call, what));
}

void HostWatcher::unreachable(std::string_view call, std::string_view code) {
  // Our own queue was full, or our caller had no time left: that says nothing about the enabler.
  if (code == "upstream.busy" || code == "upstream.deadline") return;
  report(portico::HealthState::degraded, fmt::format("{}: {}", call, code));
}

}  // namespace freebit
