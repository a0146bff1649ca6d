// Topics of the schema's events, of all selected changes, and of channels.
#include "examples/sandbox/pubsub/topics.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace sandbox::pubsub {

const std::vector<Feed>& feeds() {
  static const auto kAll = [] {
    std::vector<Feed> all;
    for (const auto& object : salesforce::Schema::standard().objects())
      all.push_back(
          {object.event() ? "/event/" + object.name : "/data/" + salesforce::change_event_name(object),
           &object});
    return all;
  }();
  return kAll;
}

std::optional<std::uint16_t> find_feed(std::string_view topic) {
  for (std::size_t i = 0; i < feeds().size(); ++i)
    if (feeds()[i].topic == topic) return static_cast<std::uint16_t>(i);
  return std::nullopt;
}

std::uint16_t change_feed(std::string_view entity) {
  for (std::size_t i = 0; i < feeds().size(); ++i)
    if (feeds()[i].object->name == entity) return static_cast<std::uint16_t>(i);
  throw std::logic_error("no such object");
}

const salesforce::EventSchema& schema_of(std::uint16_t feed, const Switches& switches) {
  // By feed: without SNAPSHOT, with it. Platform events have one schema.
  static const auto kAll = [] {
    std::vector<std::array<salesforce::EventSchema, 2>> all;
    for (const auto& one : feeds()) {
      if (one.object->event()) {
        const auto schema = salesforce::platform_event_schema(*one.object);
        all.push_back({schema, schema});
      } else {
        all.push_back({salesforce::change_event_schema(*one.object, false),
                       salesforce::change_event_schema(*one.object, true)});
      }
    }
    return all;
  }();
  return kAll[feed][switches.snapshot_in_enum ? 1 : 0];
}

std::optional<Topic> find_topic(std::string_view name, const Switches& switches) {
  Topic out;
  out.name = name;
  out.carries.resize(feeds().size());
  if (const auto feed = find_feed(name)) {
    out.single = feed;
    out.carries[*feed] = true;
    out.can_publish = feeds()[*feed].object->event();
    return out;
  }
  if (name == "/data/ChangeEvents") {
    for (const auto& entity : switches.change_entities) out.carries[change_feed(entity)] = true;
    return out;
  }
  const auto channel = switches.channels.find(std::string(name));
  if (channel == switches.channels.end()) return std::nullopt;
  for (const auto& topic : channel->second) out.carries[*find_feed(topic)] = true;
  return out;
}

}  // namespace sandbox::pubsub
