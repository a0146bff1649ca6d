// Which topics there are, and what each carries.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "examples/sandbox/pubsub/switches.hpp"
#include "examples/sandbox/salesforce/schema/event_schema.hpp"

namespace sandbox::pubsub {

/// One kind of event: a platform event, or the change events of an object. Topics carry one or several.
struct Feed {
  std::string topic;  // its own: "/event/Name__e", "/data/CaseChangeEvent"
  const salesforce::Object* object;
};

/// All feeds the schema has; an index into it is a feed's number.
const std::vector<Feed>& feeds();
/// The feed whose own topic this is.
std::optional<std::uint16_t> find_feed(std::string_view topic);
/// The feed of an object's change events. errors: std::logic_error if the schema has no such object
std::uint16_t change_feed(std::string_view entity);
/// The schema events of this feed are written with now.
const salesforce::EventSchema& schema_of(std::uint16_t feed, const Switches& switches);

struct Topic {
  std::string name;
  std::vector<bool> carries;            // by feed
  std::optional<std::uint16_t> single;  // the only feed, of topics that are no channels
  bool can_publish = false;
};

/// Nothing if there is no such topic. Names are taken as they are written.
std::optional<Topic> find_topic(std::string_view name, const Switches& switches);

}  // namespace sandbox::pubsub
