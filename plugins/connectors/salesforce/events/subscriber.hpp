// All channels of the connector: settings, the parts they share, and what staff sees of them.
#pragma once

#include <memory>
#include <vector>

#include "events/subscription.hpp"

namespace salesforce::events {

/// Of the plugin's configuration.
struct Settings {
  bool events_enabled = false;
  std::string events_channel;                // of fulfilment requests
  std::vector<std::string> change_channels;  // of change events
  std::string events_replay;                 // ALL or LATEST
  std::int64_t events_demand = 25;
  std::int64_t events_lease_ms = 30'000;
  std::string fulfilment_order_field, fulfilment_number_field;
};

/// What GET /api/health/sf-events says of a channel.
struct Missed {
  std::optional<std::string> since;
  std::string reason, found_at;
};
struct Replay {
  std::optional<std::string> lastReplayId;  // hexadecimal; opaque
};
struct SubscriberStatus {
  std::string status;  // connected, disconnected, unknown
};
struct ChannelHealth {
  std::string channel;
  Replay replay;
  SubscriberStatus subscriber;
  std::optional<std::int64_t> lag_ms;   // of the last event: from its making to its commit
  std::optional<std::string> heard_at;  // the last event or sign of life
  std::optional<Missed> gap;            // events that may be missing
  std::int64_t poison = 0;              // kept because they cannot be read
};
struct Health {
  bool enabled = false;
  std::string channel;
  Replay replay;
  SubscriberStatus subscriber;
  std::optional<std::int64_t> lag_ms;
  std::optional<Missed> gap;
  std::vector<ChannelHealth> channels;
};

BOOST_DESCRIBE_STRUCT(Settings, (),
                      (events_enabled, events_channel, change_channels, events_replay, events_demand,
                       events_lease_ms, fulfilment_order_field, fulfilment_number_field))
BOOST_DESCRIBE_STRUCT(Missed, (), (since, reason, found_at))
BOOST_DESCRIBE_STRUCT(Replay, (), (lastReplayId))
BOOST_DESCRIBE_STRUCT(SubscriberStatus, (), (status))
BOOST_DESCRIBE_STRUCT(ChannelHealth, (), (channel, replay, subscriber, lag_ms, heard_at, gap, poison))
BOOST_DESCRIBE_STRUCT(Health, (), (enabled, channel, replay, subscriber, lag_ms, gap, channels))

class Subscriber final : public Announcer {
 public:
  /// errors    Problem 500 config.invalid
  Subscriber(portico::Host& host, AccessSource access, Settings settings);

  /// [control] The route, and where events are enabled the tasks.
  void start();

  /// errors    503 database.*
  Health health() const;

 private:
  void announce(portico::Transaction& transaction, const portico::crm::FulfilmentRequested& event) override;
  void announce(portico::Transaction& transaction, const portico::crm::RecordsChanged& event) override;
  void announce(portico::Transaction& transaction, const portico::crm::EventsMissed& event) override;

  portico::Host& host_;
  const Settings settings_;
  Store store_;
  Schemas schemas_;
  std::vector<std::unique_ptr<Subscription>> subscriptions_;
};

}  // namespace salesforce::events
