// The schemas of events, as REST tells them.
#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/salesforce/api.hpp"
#include "examples/sandbox/salesforce/schema/event_schema.hpp"
#include "examples/sandbox/salesforce/values.hpp"

namespace sandbox::salesforce {

namespace json = boost::json;

namespace {

json::object field(std::string_view name, json::value type) {
  return {{"name", name}, {"type", std::move(type)}};
}

json::object record(std::string_view name, json::array fields) {
  return {{"type", "record"}, {"name", name}, {"fields", std::move(fields)}};
}

/// The form in which CometD clients get events: the compact schema as `payload` inside a message. Its outer
/// members are not established.
json::object expanded(const json::object& compact) {
  json::object payload = compact;
  payload["name"] = "Payload";
  json::array data{field("schema", "string"), field("payload", std::move(payload)),
                   field("event", record("Event", {field("replayId", "long")}))};
  return {
      {"name", compact.at("name")},
      {"namespace", compact.at("namespace")},
      {"type", "expanded-record"},
      {"fields", json::array{field("data", record("Data", std::move(data))), field("channel", "string")}}};
}

}  // namespace

Reply Api::event_schema(const Call& call, const EventSchema& schema) const {
  json::object compact = json::parse(schema.text).as_object();
  const auto format = call.parameter("payloadFormat");
  if (!format.empty() && !equal_ignoring_case(format, "COMPACT") && !equal_ignoring_case(format, "EXPANDED"))
    throw refusal(Err::kOutOfRange, "payloadFormat must be COMPACT or EXPANDED");
  json::object out = equal_ignoring_case(format, "COMPACT") ? std::move(compact) : expanded(compact);
  out["uuid"] = schema.id;
  return {200, std::move(out), {}, {}};
}

Reply Api::event(const Call& call) const {
  const bool schema = call.path.size() == 3 && equal_ignoring_case(call.path[1], "eventSchema");
  const EventSchema* found = schema ? find_event_schema(call.path[2]) : nullptr;
  if (found == nullptr) throw refusal(Err::kNotFound);
  return event_schema(call, *found);
}

}  // namespace sandbox::salesforce
