// What is not established about the event bus, or differs between orgs; the defaults are the best guesses.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sandbox::pubsub {

struct Switches {
  std::vector<std::string> change_entities{"Account", "Contact", "Case", "Order", "Product2"};
  std::map<std::string, std::vector<std::string>> channels;  // "/data/Mine__chn" -> topics
  std::int64_t most_demand = 100;                            // events outstanding on one stream
  std::string overflow = "clamp";                            // clamp | refuse: asks beyond that
  std::int64_t keepalive_ms = 270'000;
  std::int64_t idle_end_ms = 60'000;  // at demand 0
  std::string idle_end = "ok";        // ok, or the code of an error
  std::int64_t publish_idle_ms = 70'000;
  std::int64_t retention_hours = 72;
  std::int64_t batch_events = 25;                 // of one FetchResponse
  std::string live_session = "end";               // end | keep: a stream whose token is refused by now
  bool check_instance_url = true;                 // whether `instanceurl` must be this org's
  std::string unknown_topic = "topic.not.found";  // or topic.meta.permission
  std::string unknown_schema = "schema.meta.permission";  // or schema.validation.failed
  bool snapshot_in_enum = true;                           // whether ChangeType knows SNAPSHOT; another schema
  bool merge_changes = true;            // equal changes of one transaction are one event with several ids
  bool compound_parent_bit = false;     // whether a changed part of a compound field marks the field too
  std::map<std::string, int> statuses;  // code -> gRPC status, instead of the table's

  boost::json::object to_json() const;
  /// Changes only what `changes` names. errors: BadRequest; nothing is changed then.
  void update(const boost::json::object& changes);
};

}  // namespace sandbox::pubsub
