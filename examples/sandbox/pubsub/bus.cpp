// Sign-on, schemas, and the way of events into the log.
#include "examples/sandbox/pubsub/bus.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/pubsub/errors.hpp"
#include "examples/sandbox/pubsub/subscription.hpp"
#include "examples/sandbox/salesforce/values.hpp"

namespace sandbox::pubsub {

namespace json = boost::json;

namespace {

/// Host and port of an address; the names of this machine's loopback count as one.
std::string authority_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  std::string out = lower(url.substr(0, url.find('/')));
  for (const std::string_view name : {"localhost", "[::1]"})
    if (out.starts_with(name)) out = "127.0.0.1" + out.substr(name.size());
  return out;
}

}  // namespace

std::string Bus::authenticate(const std::map<std::string, std::string>& metadata) {
  const auto value = [&](const char* name) {
    const auto found = metadata.find(name);
    const std::string text = found == metadata.end() ? "" : trim(found->second);
    if (text.empty()) throw BusError("service.auth.headers.invalid");
    return text;
  };
  const std::string token = value("accesstoken"), url = value("instanceurl"), tenant = value("tenantid");
  const std::string own = salesforce::org_id();
  const auto user = org.authenticate(token);
  const bool this_org = tenant == own || tenant == own.substr(0, 15);
  const bool this_url = !switches.check_instance_url || authority_of(url) == authority_of(org.base_url());
  if (!user || !this_org || !this_url) throw BusError("service.auth.error");
  return *user;
}

Topic Bus::topic_named(const std::string& name) const {
  auto topic = find_topic(name, switches);
  if (topic) return *std::move(topic);
  if (switches.unknown_topic == "topic.meta.permission")
    throw BusError(
        "topic.meta.permission",
        fmt::format(
            "An error occurred while getting the metadata for org CORE/prod/{} and topic {}. Ensure the "
            "credentials and topic name are correct.",
            salesforce::org_id(), name));
  throw BusError(switches.unknown_topic);
}

const Codec& Bus::codec(const std::string& schema_id) {
  auto& codec = codecs_[schema_id];
  if (!codec) {
    const auto* schema = salesforce::find_event_schema(schema_id);
    if (schema == nullptr) throw std::out_of_range("no such schema");
    codec = std::make_unique<Codec>(schema->text);
  }
  return *codec;
}

Event Bus::encoded(std::uint16_t feed, const json::object& value, std::string id) {
  Event event;
  event.at_ms = now_ms();
  event.feed = feed;
  event.id = std::move(id);
  event.schema_id = schema_of(feed, switches).id;
  event.payload = codec(event.schema_id).encode(value);
  return event;
}

std::uint64_t Bus::publish(std::vector<Event> events) {
  retire();
  const auto first = log.append(std::move(events));
  const auto streams = subscriptions;  // one that ends takes itself out
  for (auto* stream : streams) stream->pump();
  return first;
}

void Bus::retire() {
  constexpr std::int64_t kHourMs = 3'600'000;
  log.drop_before(now_ms() - switches.retention_hours * kHourMs);
}

void Bus::collect() {
  const std::lock_guard lock(mutex);
  const auto changes = org.changes_after(last_change);
  if (changes.empty()) return;
  std::vector<Event> events;
  for (const auto& change : changes) {
    if (change.kind != "EVENT") continue;
    const auto& object = salesforce::Schema::standard().get(change.entity);
    events.push_back(encoded(*find_feed("/event/" + object.name), platform_event(object, change.values),
                             salesforce::text_of(change.values, "EventUuid")));
  }
  for (const auto& set : change_sets(changes, switches))
    events.push_back(encoded(change_feed(set.entity), change_event(set, switches), salesforce::make_uuid()));
  last_change = changes.back().number;
  if (!events.empty()) publish(std::move(events));
}

}  // namespace sandbox::pubsub
