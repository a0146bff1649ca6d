// The bus on the wire: sign-on, topics, schemas, flow control, replay, changes of the org.
#include <catch2/catch.hpp>

#include "examples/sandbox/pubsub/tests/playing.hpp"

using namespace sandbox;
using namespace sandbox::pubsub;

TEST_CASE("callers without the right three headers are refused") {
  Playing box;
  const auto good = box.caller->metadata;
  struct Row {
    const char* rule;
    std::map<std::string, std::string> changes;
    const char* code;
    int status;
  };
  const std::string short_id = salesforce::org_id().substr(0, 15);
  const Row rows[] = {
      {"the org's id may have 15 characters", {{"tenantid", short_id}}, "", 0},
      {"the address is compared without its scheme", {{"instanceurl", "https://localhost:8090/"}}, "", 0},
      {"a blank token", {{"accesstoken", ""}}, "service.auth.headers.invalid", 3},
      {"a blank address", {{"instanceurl", " "}}, "service.auth.headers.invalid", 3},
      {"no org", {{"tenantid", ""}}, "service.auth.headers.invalid", 3},
      {"an unknown token", {{"accesstoken", short_id + "!x"}}, "service.auth.error", 16},
      {"another org", {{"tenantid", "00D000000000000"}}, "service.auth.error", 16},
      {"half an org", {{"tenantid", short_id.substr(0, 14)}}, "service.auth.error", 16},
      {"another instance", {{"instanceurl", "https://127.0.0.1:1"}}, "service.auth.error", 16},
  };
  v1::TopicRequest request;
  request.set_topic_name(kTopic);
  for (const auto& row : rows) {
    INFO(row.rule);
    box.caller->metadata = good;
    for (const auto& [name, value] : row.changes) box.caller->metadata[name] = value;
    Ended ended;
    box.caller->ask("GetTopic", request.SerializeAsString(), ended);
    CHECK(ended.error_code == row.code);
    CHECK(ended.status == row.status);
    CHECK((row.status == 0 || ended.message.ends_with("rpcId: " + ended.rpc_id)));
  }
  box.caller->metadata = good;
  box.switches({{"check_instance_url", false}});
  box.caller->metadata["instanceurl"] = "https://elsewhere.example";
  Ended ended;
  box.caller->ask("GetTopic", request.SerializeAsString(), ended);
  CHECK(ended.status == 0);
}

TEST_CASE("topics and schemas are told") {
  Playing box;
  Ended ended;
  const auto topic = [&](const std::string& name) {
    v1::TopicRequest request;
    request.set_topic_name(name);
    v1::TopicInfo info;
    info.ParseFromString(box.caller->ask("GetTopic", request.SerializeAsString(), ended));
    return info;
  };
  const auto event = topic(kTopic);
  CHECK((event.can_publish() && event.can_subscribe()));
  CHECK(event.schema_id().size() == 22);
  CHECK_FALSE(topic("/data/CaseChangeEvent").can_publish());
  CHECK(topic("/data/ChangeEvents").schema_id().empty());
  CHECK(ended.status == 0);
  topic("/data/Nothing__chn");
  CHECK(ended.error_code == "topic.not.found");
  CHECK(ended.status == 5);
  box.switches({{"unknown_topic", "topic.meta.permission"}});
  topic("/data/Nothing__chn");
  CHECK(ended.status == 7);
  topic("");
  CHECK(ended.error_code == "topic.validation.empty");
  box.switches(
      {{"channels", json::object{{"/data/Mine__chn", json::array{"/data/CaseChangeEvent", kTopic}}}}});
  CHECK((topic("/data/Mine__chn").can_subscribe() && ended.status == 0));

  const auto schema = [&](const std::string& id) {
    v1::SchemaRequest request;
    request.set_schema_id(id);
    v1::SchemaInfo info;
    info.ParseFromString(box.caller->ask("GetSchema", request.SerializeAsString(), ended));
    return info.schema_json();
  };
  const std::string told = schema(event.schema_id());
  auto rest = json::parse(
      box.router_answer("GET", "/services/data/v60.0/event/eventSchema/" + event.schema_id()).body);
  CHECK(rest.at("type") == "expanded-record");
  for (const std::string& path : {"event/eventSchema/" + event.schema_id(),
                                  std::string("sobjects/Order_Fulfilment_Requested__e/eventSchema")}) {
    rest =
        json::parse(box.router_answer("GET", "/services/data/v60.0/" + path + "?payloadFormat=COMPACT").body);
    CHECK(rest.at("uuid") == json::value(event.schema_id()));
    rest.as_object().erase("uuid");
    CHECK(rest == json::parse(told));
  }
  schema("");
  CHECK(ended.error_code == "schema.validation.failed");
  schema("nothing");
  CHECK(ended.error_code == "schema.meta.permission");
  box.switches({{"statuses", json::object{{"schema.meta.permission", 5}}}});
  schema("nothing");
  CHECK(ended.status == 5);
  box.caller->ask("Nothing", "", ended);
  CHECK(ended.status == 12);
}

TEST_CASE("a subscription that cannot be is refused by name") {
  Playing box;
  box.publish(1);
  const std::string none;
  const auto code = [&](Stream stream) { return box.refusal(std::move(stream)).error_code; };
  CHECK(code(box.subscribe(1, v1::LATEST, none, "")) == "topic.validation.empty");
  CHECK(code(box.subscribe(1, v1::LATEST, none, "/event/Nothing__e")) == "topic.not.found");
  CHECK(code(box.subscribe(0)) == "subscription.fetch.requested.events.invalid");
  CHECK(code(box.subscribe(-1)) == "subscription.fetch.requested.events.invalid");
  CHECK(code(box.subscribe(1, v1::CUSTOM)) == "subscription.fetch.replayid.validation.failed");
  CHECK(code(box.subscribe(1, v1::CUSTOM, replay_bytes(1))) == "subscription.fetch.replayid.corrupted");
  CHECK(code(box.subscribe(1, v1::CUSTOM, "abc")) == "subscription.fetch.replayid.corrupted");
  Stream stream = box.listen(1);
  ask_for(stream, 1, "/data/CaseChangeEvent");
  CHECK(code(std::move(stream)) == "subscription.fetch.topic.mismatch");
  stream = box.listen(1);
  ask_for(stream, 0, kTopic);
  CHECK(code(std::move(stream)) == "subscription.fetch.requested.events.invalid");
  v1::ManagedFetchRequest managed;
  managed.set_subscription_id("18x000000000001AAA");
  Ended ended;
  box.caller->ask("ManagedSubscribe", managed.SerializeAsString(), ended);
  CHECK(ended.error_code == "managed.subscription.subscription.id.not.found");
}

TEST_CASE("no more events are sent than are asked for, and at most a hundred may be outstanding") {
  Playing box;
  Stream stream = box.listen(3);
  box.publish(150);
  auto response = next(stream);
  CHECK(response.events_size() == 3);
  CHECK(response.pending_num_requested() == 0);
  CHECK(response.latest_replay_id() == response.events(2).replay_id());
  ask_for(stream, 100'000);
  std::int32_t seen = 0;
  while (seen < 100) {
    response = next(stream);
    CHECK(response.events_size() <= 25);
    seen += response.events_size();
    CHECK(response.pending_num_requested() == 100 - seen);
  }
  CHECK(seen == 100);
  ask_for(stream, 2, kTopic);
  CHECK(numbers(stream, 2) == Numbers{104, 105});

  box.switches({{"overflow", "refuse"}});
  Stream strict = box.listen(60);
  ask_for(strict, 41);
  CHECK(box.refusal(std::move(strict)).error_code == "subscription.fetch.overflow");
}

TEST_CASE("a subscription begins at the end, at the start, or behind an id") {
  Playing box;
  const auto first = static_cast<std::uint64_t>(box.publish(4).at("first_replay").as_int64());
  Stream latest = box.listen(10);
  Stream earliest = box.subscribe(10, v1::EARLIEST);
  CHECK(numbers(earliest, 4) == Numbers{1, 2, 3, 4});
  for (const auto& id : {replay_bytes(first + 1), replay_bytes(first + 1).substr(0, 8)}) {
    Stream custom = box.subscribe(10, v1::CUSTOM, id);
    CHECK(numbers(custom, 2) == Numbers{3, 4});
  }
  box.publish(1, 5);
  CHECK(numbers(latest, 1) == Numbers{5});
  // An id of another topic is a place too: it is one bus.
  Stream other = box.subscribe(1, v1::CUSTOM, replay_bytes(first + 3), "/data/ChangeEvents");
  const auto change =
      box.control("POST", "/changes", json::object{{"entity", "Case"}, {"change_type", "GAP_OVERFLOW"}});
  CHECK(next(other).events(0).replay_id() ==
        replay_bytes(static_cast<std::uint64_t>(change.at("replay").as_int64())));
}

TEST_CASE("events are kept for 72 hours by the sandbox's clock") {
  Playing box;
  const auto first = static_cast<std::uint64_t>(box.publish(1).at("first_replay").as_int64());
  constexpr std::int64_t kHour = 3'600'000;
  box.advance(71 * kHour);
  box.sign_on();
  box.publish(1, 2);
  Stream still = box.subscribe(5, v1::CUSTOM, replay_bytes(first));
  CHECK(numbers(still, 1) == Numbers{2});
  box.advance(2 * kHour);
  box.sign_on();
  CHECK(box.refusal(box.subscribe(1, v1::CUSTOM, replay_bytes(first))).error_code ==
        "subscription.fetch.replayid.corrupted");
  Stream earliest = box.subscribe(5, v1::EARLIEST);
  CHECK(numbers(earliest, 1) == Numbers{2});
}

TEST_CASE("a waiting stream gets keep-alives with an id to resume from, one that asks nothing ends") {
  Playing box;
  Stream stream = box.listen(2);
  box.advance(271'000);
  auto response = next(stream);
  CHECK(response.events().empty());
  CHECK(response.pending_num_requested() == 2);
  const std::string position = response.latest_replay_id();
  box.publish(2);
  CHECK(numbers(stream, 2) == Numbers{1, 2});
  Stream resumed = box.subscribe(2, v1::CUSTOM, position);
  CHECK(numbers(resumed, 2) == Numbers{1, 2});

  // Both have nothing outstanding now.
  box.advance(61'000);
  const auto ended = box.refusal(std::move(stream));
  CHECK(ended.status == 0);
  CHECK(ended.error_code.empty());
  box.switches({{"idle_end", "subscription.internal.error"}});
  Stream third = box.subscribe(1, v1::CUSTOM, position);
  CHECK(numbers(third, 1) == Numbers{1});
  box.advance(61'000);
  CHECK(box.refusal(std::move(third)).error_code == "subscription.internal.error");

  box.fault({{"action", "keepalive"}, {"kind", "stall"}, {"next", 1}});
  Stream withheld = box.listen(1);
  box.advance(271'000);
  while (box.faults.list()[0].at("hits") != json::value(1)) std::this_thread::yield();
  box.advance(271'000);
  CHECK(next(withheld).events().empty());
}

TEST_CASE(
    "what is written over REST is on the bus, and on the channel of all changes only what is selected") {
  Playing box;
  Stream all = box.listen(20, "/data/ChangeEvents");
  box.switches({{"change_entities", json::array{"Account"}}});
  box.router_answer("POST", "/services/data/v60.0/sobjects/Contact", json::object{{"LastName", "Nobody"}});
  box.switches({{"change_entities", json::array{"Account", "Contact"}}});
  const auto made = json::parse(box.router_answer("POST", "/services/data/v60.0/sobjects/Contact",
                                                  json::object{{"LastName", "Somebody"}})
                                    .body);
  const auto event = next(all).events(0).event();
  const Codec codec(salesforce::find_event_schema(event.schema_id())->text);
  const auto header = codec.decode(event.payload()).at("ChangeEventHeader");
  CHECK(header.at("recordIds") == json::array{made.at("id")});
  CHECK(header.at("commitNumber").as_int64() > (std::int64_t{1} << 53));
  // A refused write leaves none.
  box.router_answer("POST", "/services/data/v60.0/sobjects/Contact", json::object{{"FirstName", "Nameless"}});
  CHECK(box.control("GET", "").at("events") == json::value(1));
}
