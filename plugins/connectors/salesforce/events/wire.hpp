// The event bus in terms of what the subscriber needs: requests out, replies in, errors by their codes.
#pragma once

#include <portico/channels.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "client/session.hpp"

namespace salesforce::events {

inline constexpr std::string_view kUpstream = "pubsub";  // in the manifest

/// An event as the bus brought it. replay_id is opaque: it is stored and given back, never read.
struct RawEvent {
  std::string id, schema_id, payload, replay_id;
};

struct Batch {
  std::vector<RawEvent> events;  // none: a sign of life
  std::string latest_replay_id;  // of the topic
  int pending = 0;               // asked for and not come yet
};

/// Where a subscription begins.
enum class From { earliest, latest, after };

std::string fetch(std::string_view topic, From from, std::string_view replay_id, int count);
/// Further demand on an open stream.
std::string fetch_more(std::string_view topic, int count);
/// errors    Problem 502 crm.event_unreadable
Batch read_batch(std::string_view bytes);

/// A call of the bus under the access. Its metadata holds the token.
portico::ChannelCall call_of(const Access& access, std::string method, std::string message);

/// GetTopic: may we subscribe, and does it exist?
///
/// errors    Problem 502 crm.topic_unknown, crm.topic_refused; 401 crm.bus_unauthenticated; 503
///           crm.bus_unavailable; those of Channels::call
void check_topic(const portico::Channels& channels, const Access& access, std::string_view topic);
/// GetSchema. errors: as check_topic
std::string get_schema(const portico::Channels& channels, const Access& access, std::string_view id);

/// "subscription.fetch.replayid.corrupted" of the trailer error-code; empty without one.
std::string error_code(const portico::RpcStatus& status);
bool is_unauthenticated(const portico::RpcStatus& status);
/// The replay id is not one that the bus knows, or it is older than what it keeps.
bool is_replay_id_refused(const portico::RpcStatus& status);

}  // namespace salesforce::events
