// Change Data Capture: what was written over REST, as events.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "examples/sandbox/pubsub/switches.hpp"
#include "examples/sandbox/salesforce/store.hpp"

namespace sandbox::pubsub {

/// Commit numbers begin here: beyond what a JavaScript number holds.
constexpr std::int64_t kFirstCommit = 1709303151782928388;

/// What a change event says of its changes. `kind` is a changeType; values and names are of the org's fields.
struct ChangeSet {
  std::string entity, kind;
  std::vector<std::string> record_ids;
  std::string origin, transaction;
  std::int64_t sequence = 1, committed_ms = 0, commit_number = 0;
  std::string user_id;
  boost::json::object values;
  std::vector<std::string> changed, nulled;
};

/// The changes as events: of the selected entities, equal ones of a transaction together if the switch says
/// so. Published platform events are none.
std::vector<ChangeSet> change_sets(const std::vector<salesforce::Change>& changes, const Switches& switches);

/// The event as JSON for its schema: header with bitmaps, and the values of the kinds that have them.
boost::json::object change_event(const ChangeSet& set, const Switches& switches);
/// A platform event as JSON for its schema. `values` are as REST takes them; CreatedDate and CreatedById are
/// needed.
boost::json::object platform_event(const salesforce::Object& object, const boost::json::object& values);

/// "0x0240" of the bits 6 and 9: upper case, big-endian, an even number of digits; "0x00" of none.
std::string bitmap(const std::vector<std::size_t>& bits);

}  // namespace sandbox::pubsub
