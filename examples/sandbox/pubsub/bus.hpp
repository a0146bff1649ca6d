// What all calls of the played event bus share: its events, switches and times, under one lock.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "examples/sandbox/common/call_log.hpp"
#include "examples/sandbox/common/clock.hpp"
#include "examples/sandbox/faults/fault_book.hpp"
#include "examples/sandbox/pubsub/avro.hpp"
#include "examples/sandbox/pubsub/changes.hpp"
#include "examples/sandbox/pubsub/event_log.hpp"
#include "examples/sandbox/pubsub/switches.hpp"
#include "examples/sandbox/pubsub/timers.hpp"
#include "examples/sandbox/pubsub/topics.hpp"
#include "examples/sandbox/salesforce/room.hpp"

namespace sandbox::pubsub {

class Subscription;

/// Calls hold `mutex` while they use what is marked. The lock comes before the org's, and never is held while
/// the state file is written.
class Bus {
 public:
  Bus(const Clock& clock, FaultBook& faults, salesforce::Room& org, std::string events_file)
      : clock(clock), faults(faults), org(org), timers(clock), log(std::move(events_file)) {}

  std::int64_t now_ms() const { return clock.now().time_since_epoch().count(); }

  /// The user of a call. Under mutex.
  ///
  /// metadata  its accesstoken, instanceurl and tenantid
  /// errors    BusError service.auth.headers.invalid, service.auth.error
  std::string authenticate(const std::map<std::string, std::string>& metadata);

  /// errors: BusError as the switches say, for a name that is none. Under mutex.
  Topic topic_named(const std::string& name) const;
  /// Under mutex. errors: std::out_of_range for an id that is none
  const Codec& codec(const std::string& schema_id);
  /// The event as it is kept, written with the feed's schema of now. Under mutex. errors: AvroError
  Event encoded(std::uint16_t feed, const boost::json::object& value, std::string id);
  /// Keeps the events and hands them to the streams that wait. Under mutex.
  ///
  /// returns  the replay id of the first; the others follow it
  std::uint64_t publish(std::vector<Event> events);
  /// Forgets what is older than the retention. Under mutex.
  void retire();

  /// Takes over what was written in the org since the last time. Not under mutex.
  void collect();

  const Clock& clock;
  FaultBook& faults;
  salesforce::Room& org;
  CallLog calls;
  Timers timers;
  std::mutex mutex;
  Switches switches;  // these under mutex
  EventLog log;
  std::set<Subscription*> subscriptions;  // each removes itself
  std::int64_t last_change = -1;          // of the org's, taken over; -1: before the first start

 private:
  std::map<std::string, std::unique_ptr<Codec>> codecs_;  // by schema id; under mutex
};

}  // namespace sandbox::pubsub
