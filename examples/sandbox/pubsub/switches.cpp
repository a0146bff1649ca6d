// Switches as JSON.
#include "examples/sandbox/pubsub/switches.hpp"

#include <algorithm>

#include "examples/sandbox/common/json_fields.hpp"
#include "examples/sandbox/pubsub/errors.hpp"
#include "examples/sandbox/pubsub/topics.hpp"
#include "examples/sandbox/salesforce/schema/schema.hpp"

namespace sandbox::pubsub {

namespace json = boost::json;

namespace {

/// Every plain switch with its name, once.
template <typename Switch, typename Visit>
void each(Switch& s, const Visit& visit) {
  visit("most_demand", s.most_demand);
  visit("overflow", s.overflow);
  visit("keepalive_ms", s.keepalive_ms);
  visit("idle_end_ms", s.idle_end_ms);
  visit("idle_end", s.idle_end);
  visit("publish_idle_ms", s.publish_idle_ms);
  visit("retention_hours", s.retention_hours);
  visit("batch_events", s.batch_events);
  visit("live_session", s.live_session);
  visit("check_instance_url", s.check_instance_url);
  visit("unknown_topic", s.unknown_topic);
  visit("unknown_schema", s.unknown_schema);
  visit("snapshot_in_enum", s.snapshot_in_enum);
  visit("merge_changes", s.merge_changes);
  visit("compound_parent_bit", s.compound_parent_bit);
}

std::vector<std::string> texts_of(const json::value& value, std::string_view name) {
  const auto* list = value.if_array();
  const bool texts = list != nullptr && std::all_of(list->begin(), list->end(),
                                                    [](const json::value& one) { return one.is_string(); });
  if (!texts) throw BadRequest(fmt::format("{}: a list of texts expected", name));
  std::vector<std::string> out;
  for (const auto& one : *list) out.emplace_back(one.get_string());
  return out;
}

void take_entities(const json::object& from, std::vector<std::string>& into) {
  const auto* value = from.if_contains("change_entities");
  if (value == nullptr) return;
  into.clear();
  for (const auto& name : texts_of(*value, "change_entities")) {
    const auto* object = salesforce::Schema::standard().find(name);
    if (object == nullptr || object->event())
      throw BadRequest(fmt::format("change_entities: no object {}", name));
    into.push_back(object->name);
  }
}

void take_channels(const json::object& from, std::map<std::string, std::vector<std::string>>& into) {
  const auto* value = from.if_contains("channels");
  if (value == nullptr) return;
  if (!value->is_object()) throw BadRequest("channels: an object of channel names expected");
  into.clear();
  for (const auto& member : value->get_object()) {
    const std::string_view name = member.key();
    if (!name.ends_with("__chn") || !(name.starts_with("/event/") || name.starts_with("/data/")))
      throw BadRequest("channels: names are like /data/Mine__chn");
    auto topics = texts_of(member.value(), name);
    for (const auto& topic : topics)
      if (!find_feed(topic)) throw BadRequest(fmt::format("channels: no event {}", topic));
    into[member.key()] = std::move(topics);
  }
}

void take_statuses(const json::object& from, std::map<std::string, int>& into) {
  const auto* value = from.if_contains("statuses");
  if (value == nullptr) return;
  if (!value->is_object()) throw BadRequest("statuses: an object of codes expected");
  into.clear();
  for (const auto& member : value->get_object()) {
    const ErrorRow* row = find_error(member.key());
    if (row == nullptr) throw BadRequest(fmt::format("statuses: no code {}", std::string_view(member.key())));
    int status = 0;
    take(value->get_object(), member.key(), status);
    into[std::string(row->code)] = status;
  }
}

void expect_range(std::string_view name, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value < least || value > most)
    throw BadRequest(fmt::format("{}: {} to {} expected", name, least, most));
}

}  // namespace

json::object Switches::to_json() const {
  json::object out;
  out["change_entities"] = json::array(change_entities.begin(), change_entities.end());
  auto& all = out["channels"].emplace_object();
  for (const auto& [name, topics] : channels) all[name] = json::array(topics.begin(), topics.end());
  each(*this, [&](std::string_view name, const auto& value) { out[name] = json::value_from(value); });
  auto& numbers = out["statuses"].emplace_object();
  for (const auto& [code, status] : statuses) numbers[code] = status;
  return out;
}

void Switches::update(const json::object& changes) {
  Switches next = *this;
  const auto known = to_json();
  for (const auto& member : changes) {
    if (known.contains(member.key())) continue;
    std::string names;
    for (const auto& one : known) names += (names.empty() ? "" : ", ") + std::string(one.key());
    throw BadRequest(fmt::format("unknown member \"{}\"; known: {}", std::string_view(member.key()), names));
  }
  each(next, [&](std::string_view name, auto& value) { take(changes, name, value); });
  take_entities(changes, next.change_entities);
  take_channels(changes, next.channels);
  take_statuses(changes, next.statuses);
  if (next.overflow != "clamp" && next.overflow != "refuse")
    throw BadRequest("overflow: clamp or refuse expected");
  if (next.live_session != "end" && next.live_session != "keep")
    throw BadRequest("live_session: end or keep expected");
  if (next.idle_end != "ok" && find_error(next.idle_end) == nullptr)
    throw BadRequest("idle_end: ok or an error's code expected");
  if (find_error(next.unknown_topic) == nullptr) throw BadRequest("unknown_topic: an error's code expected");
  if (find_error(next.unknown_schema) == nullptr)
    throw BadRequest("unknown_schema: an error's code expected");
  constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
  expect_range("most_demand", next.most_demand, 1, 10'000);
  expect_range("batch_events", next.batch_events, 1, 10'000);
  expect_range("keepalive_ms", next.keepalive_ms, 1, kDayMs);
  expect_range("idle_end_ms", next.idle_end_ms, 1, kDayMs);
  expect_range("publish_idle_ms", next.publish_idle_ms, 1, kDayMs);
  expect_range("retention_hours", next.retention_hours, 1, 24 * 365);
  *this = std::move(next);
}

}  // namespace sandbox::pubsub
