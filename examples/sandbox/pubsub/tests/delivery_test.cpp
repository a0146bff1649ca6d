// Publishing, ordered faults, ends of sessions and of the program, and many events.
#include <catch2/catch.hpp>

#include "examples/sandbox/pubsub/tests/playing.hpp"

using namespace sandbox;
using namespace sandbox::pubsub;

TEST_CASE("published events are answered one by one, whatever their payload") {
  Playing box;
  Stream heard = box.listen(10);
  const std::string schema = schema_of(*find_feed(kTopic), {}).id;
  v1::PublishRequest request;
  const auto add = [&](const char* id, const std::string& schema_id, std::string payload) {
    auto& event = *request.add_events();
    event.set_id(id);
    event.set_schema_id(schema_id);
    event.set_payload(std::move(payload));
  };
  Ended ended;
  const auto publish = [&] {
    v1::PublishResponse response;
    response.ParseFromString(box.caller->ask("Publish", request.SerializeAsString(), ended));
    return response;
  };
  publish();
  CHECK(ended.error_code == "publish.topic.validation.empty");
  request.set_topic_name(kTopic);
  publish();
  CHECK(ended.error_code == "publish.event.count.invalid");
  add("good", schema, "not of the schema");
  add("stranger", "other", "x");
  add("large", schema, std::string(1'000'001, 'x'));
  const auto response = publish();
  REQUIRE(ended.status == 0);
  REQUIRE(response.results_size() == 3);
  CHECK(response.schema_id() == schema);
  CHECK(response.results(0).correlation_key() == "good");
  CHECK(response.results(1).error().code() == v1::PUBLISH);
  CHECK(response.results(2).error().code() == v1::PUBLISH);
  const auto event = next(heard).events(0);
  CHECK(event.replay_id() == response.results(0).replay_id());
  CHECK(event.event().payload() == "not of the schema");
  request.set_topic_name("/data/CaseChangeEvent");
  publish();
  CHECK(ended.error_code == "topic.meta.permission");

  request.set_topic_name(kTopic);
  box.fault({{"action", "publish"}, {"kind", "applied_then_timeout"}, {"hold_ms", 100}});
  publish();
  CHECK(ended.status == 14);
  CHECK(next(heard).events(0).event().id() == "good");
  box.faults.clear();

  Stream stream = box.caller->open("PublishStream");
  stream.write(request.SerializeAsString());
  CHECK(stream.read());
  request.set_topic_name("/event/Other__e");
  stream.write(request.SerializeAsString());
  CHECK(box.refusal(std::move(stream)).error_code == "publish.topic.mismatch");
  request.set_topic_name(kTopic);
  Stream swept = box.caller->open("PublishStream");
  swept.write(request.SerializeAsString());
  CHECK(swept.read());
  box.advance(71'000);
  CHECK(box.refusal(std::move(swept)).error_code == "publish.stream.sweeper.timeout");
}

TEST_CASE("events go wrong as ordered") {
  Playing box;
  const auto ordered = [&](json::object order, std::size_t count) {
    Stream stream = box.listen(10);
    box.fault(std::move(order));
    box.publish(4);
    auto seen = numbers(stream, count);
    stream.cancel();
    while (!box.control("GET", "").at("streams").as_array().empty()) std::this_thread::yield();
    return seen;
  };
  CHECK(ordered({{"action", "event"}, {"kind", "none"}}, 4) == Numbers{1, 2, 3, 4});
  CHECK(ordered({{"action", "event"}, {"kind", "repeat"}, {"after", 1}, {"next", 1}}, 5) ==
        Numbers{1, 2, 2, 3, 4});
  CHECK(ordered({{"action", "event"}, {"kind", "reorder"}, {"after", 1}, {"next", 1}}, 4) ==
        Numbers{1, 3, 2, 4});
  CHECK(ordered({{"action", "event"}, {"latency_ms", 20}}, 4) == Numbers{1, 2, 3, 4});

  Stream reused = box.listen(10);
  box.fault({{"action", "event"}, {"kind", "reuse_replay_id"}, {"after", 1}, {"next", 1}});
  box.publish(2);
  const auto events = next(reused).events();
  CHECK((events.size() == 2 && events[0].replay_id() == events[1].replay_id()));
  for (const char* kind : {"cut_body", "wrong_shape"}) {
    box.fault({{"action", "event"}, {"kind", kind}, {"next", 1}});
    box.publish(1);
    const auto poison = next(reused);
    CHECK_THROWS_AS(number_of(poison.events(0)), AvroError);
  }
  for (const auto& [kind, status] : {std::pair{"down", 14}, std::pair{"error", 8}}) {
    INFO(kind);
    box.faults.clear();
    Stream cut = box.listen(10);
    json::object order{{"action", "event"}, {"kind", kind}, {"after", 2}};
    if (status == 8) order["code"] = "subscription.limit.exceeded";
    reused.cancel();
    while (box.control("GET", "").at("streams").as_array().size() > 1) std::this_thread::yield();
    box.fault(std::move(order));
    box.publish(4);
    CHECK(numbers(cut, 2) == Numbers{1, 2});
    const auto ended = box.refusal(std::move(cut));
    CHECK(ended.status == status);
    CHECK(ended.error_code == (status == 8 ? "subscription.limit.exceeded" : ""));
  }
  box.fault({{"action", "stream"}, {"kind", "reset"}, {"latency_ms", 2000}});
  Stream timed = box.listen(5);
  box.advance(2001);
  CHECK(box.refusal(std::move(timed)).status != 0);
  box.faults.clear();
  Stream by_hand = box.listen(5);
  CHECK(box.control("DELETE", "/streams", json::object{{"code", "service.unavailable"}}).at("cut") ==
        json::value(1));
  CHECK(box.refusal(std::move(by_hand)).error_code == "service.unavailable");
}

TEST_CASE(
    "a stream whose token is refused by now ends at its next request, unless the switch says otherwise") {
  Playing box;
  Stream stream = box.listen(5);
  box.org.end_sessions();
  ask_for(stream, 1);
  CHECK(box.refusal(std::move(stream)).error_code == "service.auth.error");
  box.caller->metadata["accesstoken"] = std::string(box.org.open_session().at("access_token").as_string());
  box.switches({{"live_session", "keep"}});
  Stream kept = box.listen(5);
  box.org.end_sessions();
  ask_for(kept, 1);
  box.publish(1);
  CHECK(numbers(kept, 1) == Numbers{1});
}

TEST_CASE("events, replay ids, switches and what was not yet carried over survive a restart") {
  const Folder folder;
  const std::string file = folder.path / "state.json";
  std::uint64_t first = 0;
  {
    Playing box(file);
    first = static_cast<std::uint64_t>(box.publish(3).at("first_replay").as_int64());
    box.switches({{"batch_events", 1}});
    // As if the program had been killed between the org's write and the bus's.
    box.org.set_on_change([] {});
    box.router_answer("POST", "/services/data/v60.0/sobjects/Contact", json::object{{"LastName", "Late"}});
    CHECK(box.control("GET", "").at("events") == json::value(3));
  }
  Playing box(file);
  CHECK(box.control("GET", "/switches").at("batch_events") == json::value(1));
  Stream stream = box.subscribe(5, v1::CUSTOM, replay_bytes(first));
  CHECK(next(stream).events_size() == 1);
  CHECK(numbers(stream, 1) == Numbers{3});
  Stream changes = box.subscribe(5, v1::CUSTOM, replay_bytes(first + 2), "/data/ContactChangeEvent");
  CHECK(next(changes).events_size() == 1);
  CHECK(static_cast<std::uint64_t>(box.publish(1).at("first_replay").as_int64()) > first + 3);
}

TEST_CASE("fifty thousand events arrive in order through a window of a hundred") {
  Playing box;
  constexpr int kEvents = 50'000;
  box.publish(kEvents);
  Stream stream = box.subscribe(100, v1::EARLIEST);
  int expected = 1, outstanding = 100;
  while (expected <= kEvents) {
    const auto response = next(stream);
    for (const auto& event : response.events()) {
      if (number_of(event) != expected) FAIL("event " << number_of(event) << " instead of " << expected);
      ++expected;
    }
    outstanding = response.pending_num_requested();
    if (outstanding == 0) ask_for(stream, 100);
  }
  CHECK(expected == kEvents + 1);
}

TEST_CASE("the bus stops while streams are open") {
  auto box = std::make_unique<Playing>();
  Stream stream = box->listen(5);
  box->room.stop();
  CHECK(box->refusal(std::move(stream)).status != 0);
  box->room.stop();
}
