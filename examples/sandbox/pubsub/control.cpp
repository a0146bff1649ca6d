// /control/pubsub: switches, calls, events to see and to order, streams to cut.
#include <fmt/format.h>

#include "examples/sandbox/common/json_fields.hpp"
#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/pubsub/room.hpp"
#include "examples/sandbox/pubsub/subscription.hpp"
#include "examples/sandbox/salesforce/ids.hpp"
#include "examples/sandbox/salesforce/values.hpp"

namespace sandbox::pubsub {

namespace json = boost::json;

namespace {

constexpr std::int64_t kMostOrdered = 100'000;  // events of one order
constexpr std::size_t kMostShown = 1000;        // events of one list

json::object object_member(const json::object& from, const char* name) {
  const auto* value = from.if_contains(name);
  if (value == nullptr) return {};
  if (!value->is_object()) throw BadRequest(fmt::format("{}: an object expected", name));
  return value->get_object();
}

std::uint16_t feed_named(const std::string& topic) {
  const auto feed = find_feed(topic);
  if (!feed)
    throw BadRequest(
        "topic: the own topic of an event expected, like /event/Name__e or /data/CaseChangeEvent");
  return *feed;
}

}  // namespace

json::object Room::publish_many(const json::object& order) {
  expect_only(order, {"topic", "count", "values", "number_field", "number_from", "poison"});
  std::string topic, number_field;
  std::int64_t count = 1, number = 1;
  bool poison = false;
  take(order, "topic", topic);
  take(order, "count", count);
  take(order, "number_field", number_field);
  take(order, "number_from", number);
  take(order, "poison", poison);
  const auto feed = feed_named(topic);
  const auto& object = *feeds()[feed].object;
  if (!object.event())
    throw BadRequest("topic: a platform event expected; changes are ordered at /control/pubsub/changes");
  if (count < 1 || count > kMostOrdered)
    throw BadRequest(fmt::format("count: 1 to {} expected", kMostOrdered));
  json::object values = object_member(order, "values");
  const auto* field = object.find(number_field);
  if (!number_field.empty() && field == nullptr) throw BadRequest("number_field: no such field");
  for (const auto& member : values)
    if (object.find(member.key()) == nullptr)
      throw BadRequest(fmt::format("values: no field {}", std::string_view(member.key())));
  values["CreatedDate"] = salesforce::datetime_text(bus_.clock.now());
  values["CreatedById"] = salesforce::integration_user_id();

  const std::lock_guard lock(bus_.mutex);
  std::vector<Event> batch;
  batch.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i, ++number) {
    if (field != nullptr) {
      auto& value = values[field->name];
      if (salesforce::is_number(field->type)) {
        value = number;
      } else {
        value = std::to_string(number);
      }
    }
    try {
      batch.push_back(bus_.encoded(feed, platform_event(object, values), salesforce::make_uuid()));
    } catch (const AvroError& error) {
      throw BadRequest(fmt::format("values: {}", error.what()));
    }
    if (poison) batch.back().payload.assign(batch.back().payload.size(), '\xFF');
  }
  const auto first = bus_.publish(std::move(batch));
  return {{"count", count},
          {"first_replay", first},
          {"last_replay", first + static_cast<std::uint64_t>(count) - 1}};
}

json::object Room::publish_change(const json::object& order) {
  expect_only(order, {"entity", "change_type", "record_ids", "values", "changed", "nulled", "origin"});
  ChangeSet set;
  std::string entity;
  take(order, "entity", entity);
  take(order, "change_type", set.kind);
  take(order, "origin", set.origin);
  const auto* object = salesforce::Schema::standard().find(entity);
  if (object == nullptr || object->event()) throw BadRequest("entity: an object of the org expected");
  set.entity = object->name;
  set.values = object_member(order, "values");
  const auto texts = [&](const char* name, std::vector<std::string>& into) {
    const auto* list = order.if_contains(name);
    if (list == nullptr) return;
    if (!list->is_array()) throw BadRequest(fmt::format("{}: a list expected", name));
    for (const auto& one : list->get_array()) {
      if (!one.is_string()) throw BadRequest(fmt::format("{}: a list of texts expected", name));
      into.emplace_back(one.get_string());
    }
  };
  texts("record_ids", set.record_ids);
  texts("changed", set.changed);
  texts("nulled", set.nulled);
  set.transaction = salesforce::make_uuid();
  set.user_id = salesforce::integration_user_id();
  const std::lock_guard lock(bus_.mutex);
  set.committed_ms = bus_.now_ms();
  set.commit_number = kFirstCommit + bus_.org.last_change();
  std::vector<Event> batch;
  try {
    batch.push_back(
        bus_.encoded(change_feed(set.entity), change_event(set, bus_.switches), salesforce::make_uuid()));
  } catch (const AvroError& error) {
    throw BadRequest(error.what());
  }
  return {{"replay", bus_.publish(std::move(batch))}};
}

json::array Room::events(const std::string& topic, std::uint64_t since) {
  const std::lock_guard lock(bus_.mutex);
  const auto carries = find_topic(topic, bus_.switches);
  if (!topic.empty() && !carries) throw BadRequest("topic: no such topic");
  json::array out;
  for (auto place = bus_.log.begin(); place < bus_.log.end() && out.size() < kMostShown; ++place) {
    const Event& event = bus_.log.at(place);
    if (event.feed >= feeds().size() || event.replay <= since || (carries && !carries->carries[event.feed]))
      continue;
    json::object one{{"replay", event.replay},
                     {"topic", feeds()[event.feed].topic},
                     {"id", event.id},
                     {"schema_id", event.schema_id},
                     {"bytes", event.payload.size()}};
    try {
      one["event"] = bus_.codec(event.schema_id).decode(event.payload);
    } catch (const AvroError& error) {
      one["undecodable"] = error.what();
    }
    out.push_back(std::move(one));
  }
  return out;
}

std::int64_t Room::cut_streams(const json::object& order) {
  expect_only(order, {"code"});
  std::string code;
  take(order, "code", code);
  if (!code.empty() && find_error(code) == nullptr) throw BadRequest("code: no such error");
  const std::lock_guard lock(bus_.mutex);
  const auto streams = bus_.subscriptions;  // each takes itself out
  for (auto* stream : streams) stream->cut(code);
  return static_cast<std::int64_t>(streams.size());
}

void Room::change_switches(const json::object& changes) {
  {
    const std::lock_guard lock(bus_.mutex);
    bus_.switches.update(changes);
  }
  state_.commit();
}

void Room::mount(Router& router) {
  const std::string root = "/control/pubsub";
  const auto switches = [this] {
    const std::lock_guard lock(bus_.mutex);
    return json_answer(bus_.switches.to_json());
  };
  router.add("GET", root, [this](const HttpRequest&) { return json_answer(summary()); });
  router.add("GET", root + "/switches", [switches](const HttpRequest&) { return switches(); });
  router.add("PUT", root + "/switches", [this, switches](const HttpRequest& request) {
    change_switches(object_of(request.body));
    return switches();
  });
  router.add("GET", root + "/calls", [this](const HttpRequest& request) {
    auto calls = bus_.calls.list(request.query_value("action"), php_int(request.query_value("since")));
    const auto count = calls.size();
    return json_answer(
        json::object{{"count", count}, {"counters", bus_.calls.counters()}, {"calls", std::move(calls)}});
  });
  router.add("DELETE", root + "/calls", [this](const HttpRequest&) {
    bus_.calls.clear();
    return json_answer(bus_.calls.counters());
  });
  router.add("GET", root + "/events", [this](const HttpRequest& request) {
    auto list = events(std::string(request.query_value("topic")),
                       static_cast<std::uint64_t>(php_int(request.query_value("since"))));
    const auto count = list.size();
    return json_answer(json::object{{"count", count}, {"events", std::move(list)}});
  });
  router.add("POST", root + "/events", [this](const HttpRequest& request) {
    return json_answer(publish_many(object_of(request.body)), 201);
  });
  router.add("POST", root + "/changes", [this](const HttpRequest& request) {
    return json_answer(publish_change(object_of(request.body)), 201);
  });
  router.add("DELETE", root + "/streams", [this](const HttpRequest& request) {
    return json_answer(json::object{{"cut", cut_streams(object_of(request.body))}});
  });
  router.add("GET", root + "/ca", [this](const HttpRequest&) {
    return HttpAnswer{200, "application/x-pem-file", certificate_.ca_pem, {{"Cache-Control", "no-store"}}};
  });
}

}  // namespace sandbox::pubsub
