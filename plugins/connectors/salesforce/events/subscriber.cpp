// Wires the channels to the host.
#include "events/subscriber.hpp"

#include <fmt/format.h>

#include <portico/problem.hpp>

namespace salesforce::events {

namespace {

using namespace std::chrono_literals;
using portico::Problem;

constexpr auto kTick = 500ms;

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

void check_channel(const std::string& channel) {
  const bool known = channel.starts_with("/event/") || channel.starts_with("/data/");
  if (!known || channel.size() > 200 || channel.find_first_of(" \t\r\n") != channel.npos)
    throw Problem(500, "config.invalid",
                  "a channel of salesforce is /event/… or /data/…, not '" + channel + "'");
}

ChannelHealth describe(const ChannelState& state) {
  ChannelHealth out;
  out.channel = state.channel;
  if (state.replay_id) out.replay.lastReplayId = hex(*state.replay_id);
  out.subscriber.status = !state.held ? "unknown" : state.connected ? "connected" : "disconnected";
  out.lag_ms = state.lag_ms;
  if (state.heard_at) out.heard_at = rfc3339(*state.heard_at);
  if (state.missed_reason && state.missed_found_at) {
    out.gap = Missed{std::nullopt, *state.missed_reason, rfc3339(*state.missed_found_at)};
    if (state.missed_since) out.gap->since = rfc3339(*state.missed_since);
  }
  out.poison = state.poison;
  return out;
}

}  // namespace

Subscriber::Subscriber(portico::Host& host, AccessSource access, Settings settings)
    : host_(host),
      settings_(std::move(settings)),
      store_(host.database(), hex(host.crypto().random(8)),
             std::chrono::milliseconds(settings_.events_lease_ms)),
      schemas_(host.channels()) {
  if (!settings_.events_enabled) return;
  if (settings_.events_replay != "ALL" && settings_.events_replay != "LATEST")
    throw Problem(500, "config.invalid", "events_replay of salesforce: ALL or LATEST is expected");
  auto channels = settings_.change_channels;
  channels.insert(channels.begin(), settings_.events_channel);
  for (const auto& channel : channels) {
    check_channel(channel);
    SubscriptionSetting setting;
    setting.name = subscriptions_.empty() ? "events" : fmt::format("events_{}", subscriptions_.size() + 1);
    setting.channel = channel;
    setting.from_latest = settings_.events_replay == "LATEST";
    setting.demand = static_cast<int>(settings_.events_demand);
    setting.lease = std::chrono::milliseconds(settings_.events_lease_ms);
    setting.names = {settings_.fulfilment_order_field, settings_.fulfilment_number_field};
    subscriptions_.push_back(
        std::make_unique<Subscription>(host_, store_, schemas_, *this, access, std::move(setting)));
  }
}

void Subscriber::start() {
  host_.routes()
      .get("/api/health/sf-events", [this](const portico::Request&) { return health(); })
      .access(portico::Access::staff)
      .summary("The channels of events from Salesforce");
  if (!settings_.events_enabled) return;
  host_.tasks().every(
      "salesforce.events", kTick,
      [this] {
        for (const auto& subscription : subscriptions_) subscription->tick();
      },
      portico::Replicas::every);
  host_.tasks().every("salesforce.events_tidy", 6h, [this] { store_.tidy(); });
}

Health Subscriber::health() const {
  Health out;
  out.enabled = settings_.events_enabled;
  out.channel = settings_.events_channel;
  out.subscriber.status = "unknown";
  for (const auto& subscription : subscriptions_)
    out.channels.push_back(describe(store_.state(subscription->channel())));
  if (!out.channels.empty()) {
    const auto& first = out.channels.front();
    out.replay = first.replay, out.subscriber = first.subscriber, out.lag_ms = first.lag_ms,
    out.gap = first.gap;
  }
  return out;
}

void Subscriber::announce(portico::Transaction& transaction, const portico::crm::FulfilmentRequested& event) {
  host_.events().publish(transaction, portico::crm::fulfilment_requested, event,
                         {"order:" + event.order_id, {}});
}
void Subscriber::announce(portico::Transaction& transaction, const portico::crm::RecordsChanged& event) {
  portico::PublishOptions options;
  if (event.record_ids.size() == 1) options.key = "record:" + event.record_ids[0];
  host_.events().publish(transaction, portico::crm::records_changed, event, options);
}
void Subscriber::announce(portico::Transaction& transaction, const portico::crm::EventsMissed& event) {
  host_.events().publish(transaction, portico::crm::events_missed, event);
}

}  // namespace salesforce::events
