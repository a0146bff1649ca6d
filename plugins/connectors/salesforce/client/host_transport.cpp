// Outbound requests and health reports of the client.
#include "client/host_transport.hpp"

#include <fmt/format.h>

namespace salesforce {

using namespace std::chrono_literals;

namespace {

// Below the 20 s from which the org counts a request as long.
constexpr auto kStandardTime = 15s;

class IncomingBytes final : public Bytes {
 public:
  explicit IncomingBytes(portico::IncomingBody body) : body_(std::move(body)) {}
  std::size_t read(char* into, std::size_t size) override { return body_.read(into, size); }

 private:
  portico::IncomingBody body_;
};

const char* name_of(Lane lane) {
  switch (lane) {
    case Lane::long_running:
      return "long_running";
    case Lane::files:
      return "files";
    case Lane::standard:
      break;
  }
  return "standard";
}

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
  out.lane = name_of(request.lane);
  if (request.lane == Lane::standard) out.timeout = kStandardTime;
  const auto answer = [](portico::OutboundResponse& response) {
    return Answer{response.status, std::move(response.body),
                  std::string(response.header("sforce-limit-info"))};
  };
  if (request.bytes_limit == 0) {
    auto response = host_.outbound().call(out);
    return answer(response);
  }
  auto reply = host_.outbound().open(out, request.bytes_limit);
  auto opened = answer(reply.head);
  if (reply.body) opened.bytes = std::make_unique<IncomingBytes>(std::move(*reply.body));
  return opened;
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
