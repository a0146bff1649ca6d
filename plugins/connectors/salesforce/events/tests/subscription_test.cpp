// The subscriber's rules: each effect once, the cursor never ahead, and the way back after every kind of end.
#include "events/tests/rig.hpp"

using namespace salesforce::events;
using namespace salesforce::events::test;
using portico::ChannelCause;
using portico::RpcCode;

tk::Postgres& salesforce::events::test::postgres() {
  static tk::Postgres database(tk::Postgres::url_of_environment(), "salesforce", SALESFORCE_MIGRATIONS);
  return database;
}

TEST_CASE("the first start asks for all that is kept, and carries the access") {
  Rig rig;
  rig.tick();
  const auto stream = rig.stream();
  CHECK(stream->request.method == "/eventbus.v1.PubSub/Subscribe");
  CHECK(stream->request.lane == "stream");
  CHECK(stream->request.field("accesstoken") == "token-1");
  CHECK(stream->request.field("tenantid") == "00D000000000001AAA");
  const auto asked = rig.sent();
  CHECK(asked.topic_name() == kChannel);
  CHECK(asked.replay_preset() == bus::EARLIEST);
  CHECK(asked.num_requested() == 4);
}

TEST_CASE("LATEST leaves what is kept out, the first time only") {
  {
    Rig rig({{"events_replay", "LATEST"}});
    rig.tick();
    CHECK(rig.sent().replay_preset() == bus::LATEST);
    rig.stream()->deliver(batch({"a"}, 3));
  }
  Rig rig({{"events_replay", "LATEST"}}, false);
  rig.tick();
  CHECK(rig.sent().replay_preset() == bus::CUSTOM);
  CHECK(rig.sent().replay_id() == "at a");
}

TEST_CASE("events are told once, and the cursor goes with them") {
  Rig rig;
  rig.tick();
  rig.stream()->deliver(batch({"a", "b", "a"}, 1));
  rig.stream()->deliver(batch({"b", "c"}, 2));
  CHECK(rig.orders_told() == 3);
  CHECK(postgres().ask("SELECT encode(replay_id, 'escape') FROM event_cursor") == "at c");
  CHECK(postgres().ask("SELECT count(*) FROM event_inbox") == "3");
  CHECK(rig.host.metrics().at("events{outcome=repeated}") == 2);
  const auto first = rig.host.published().at(0);
  CHECK(first.key == "order:a");
  CHECK(first.payload.find(R"("requested_at":"2023-11-14T22:13:20.000Z")") != std::string::npos);
}

TEST_CASE("more is asked for when half has come") {
  Rig rig;
  rig.tick();
  rig.stream()->deliver(batch({"a"}, 3));
  CHECK(rig.stream()->sent().size() == 1);
  rig.stream()->deliver(batch({"b"}, 2));
  REQUIRE(rig.stream()->sent().size() == 2);
  CHECK(rig.sent(1).num_requested() == 2);
}

TEST_CASE("what the queue did not take is asked for at the next look") {
  Rig rig;
  rig.tick();
  rig.host.channel("pubsub").full(true);
  rig.stream()->deliver(batch({"a"}, 0));
  CHECK(rig.stream()->sent().size() == 1);
  rig.host.channel("pubsub").full(false);
  rig.tick();
  CHECK(rig.sent(1).num_requested() == 4);
}

TEST_CASE("a sign of life moves the cursor while something is asked for, and not otherwise") {
  Rig rig;
  rig.tick();
  rig.stream()->deliver(batch({}, 0, "nowhere"));
  CHECK(postgres().ask("SELECT replay_id IS NULL FROM event_cursor") == "t");
  rig.stream()->deliver(batch({}, 4, "there"));
  CHECK(postgres().ask("SELECT encode(replay_id, 'escape') FROM event_cursor") == "there");
  CHECK(postgres().ask("SELECT count(*) FROM event_cursor_history") == "0");
}

TEST_CASE("an event that cannot be read is kept raw and passed by") {
  Rig rig;
  rig.tick();
  rig.stream()->deliver(batch({"a", "poison", "b"}, 1));
  CHECK(rig.orders_told() == 2);
  CHECK(postgres().ask("SELECT encode(payload, 'hex') || ' ' || event_id FROM event_poison") == "ff poison");
  CHECK(postgres().ask("SELECT encode(replay_id, 'escape') FROM event_cursor") == "at b");
}

TEST_CASE("a failed effect leaves cursor and inbox where they were, and the stream ends") {
  Rig rig;
  rig.tick();
  rig.host.fail_call(3);  // of begin, move, remember …
  const auto stream = rig.stream();
  stream->deliver(batch({"a"}, 3));
  rig.host.take_faults();
  CHECK(stream->ended());
  CHECK(postgres().ask("SELECT count(*) FROM event_inbox") == "0");
  CHECK(postgres().ask("SELECT replay_id IS NULL FROM event_cursor") == "t");
  rig.tick_after(2s);
  REQUIRE(rig.streams() == 2);
  CHECK(rig.sent().replay_preset() == bus::EARLIEST);
  rig.stream()->deliver(batch({"a"}, 3));
  CHECK(rig.orders_told() == 1);
}

TEST_CASE("after an end it goes on from the cursor, later each time until a batch was good") {
  Rig rig;
  rig.tick();
  rig.stream()->deliver(batch({"a"}, 3));
  for (const auto wait : {1000ms, 2000ms, 4000ms, 8000ms}) {
    const auto before = rig.streams();
    rig.stream()->end({ChannelCause::lost, {RpcCode::unavailable, "cut", {}}});
    rig.tick_after(wait / 2 - 1ms);
    CHECK(rig.streams() == before);
    rig.tick_after(wait / 2 + 1ms);
    REQUIRE(rig.streams() == before + 1);
    CHECK(rig.sent().replay_id() == "at a");
  }
  rig.stream()->deliver(batch({"b"}, 3));
  rig.stream()->end({ChannelCause::lost, {}});
  const auto before = rig.streams();
  rig.tick_after(1s + 1ms);
  CHECK(rig.streams() == before + 1);
}

TEST_CASE("a stream that says nothing for 330 s is ended") {
  Rig rig;
  rig.tick();
  rig.tick_after(200s);
  rig.stream()->deliver(batch({}, 4));
  rig.tick_after(329s);
  CHECK_FALSE(rig.stream()->ended());
  rig.tick_after(2s);
  CHECK(rig.stream()->ended());
}

TEST_CASE("a refused access is renewed before the next try") {
  Rig rig;
  rig.tick();
  rig.stream()->end(
      {ChannelCause::answered,
       {RpcCode::unauthenticated, "no", {{"error-code", "sfdc.platform.eventbus.grpc.service.auth.error"}}}});
  rig.tick_after(2s);
  CHECK(rig.stream()->request.field("accesstoken") == "token-2");
}

TEST_CASE("a refused place: back to the one before, at last to the start, and somebody is told") {
  Rig rig;
  rig.tick();
  rig.stream()->deliver(batch({"a"}, 3));
  rig.stream()->deliver(batch({"b"}, 3));
  const portico::ChannelEnd refused{
      ChannelCause::answered,
      {RpcCode::invalid_argument,
       "The Replay ID validation failed.",
       {{"error-code", "sfdc.platform.eventbus.grpc.subscription.fetch.replayid.corrupted"}}}};
  rig.stream()->end(refused);
  rig.tick_after(2s);
  CHECK(rig.sent().replay_id() == "at a");
  rig.stream()->end(refused);
  rig.tick_after(5s);
  CHECK(rig.sent().replay_preset() == bus::EARLIEST);
  rig.stream()->deliver(batch({"a", "b", "c"}, 1));
  CHECK(rig.orders_told() == 3);
  std::size_t missed = 0;
  for (const auto& event : rig.host.published()) missed += event.name == "crm.events_missed/1";
  CHECK(missed == 2);
}

TEST_CASE("a place older than what is kept is a gap, told once, and the start is taken") {
  {
    Rig rig;
    rig.tick();
    rig.stream()->deliver(batch({"a"}, 3));
  }
  postgres().script("UPDATE event_cursor SET heard_at = clock_timestamp() - interval '73 hours'");
  Rig rig({}, false);
  rig.tick();
  CHECK(rig.sent().replay_preset() == bus::EARLIEST);
  REQUIRE(rig.host.published().size() == 1);
  CHECK(rig.host.published()[0].payload.find(R"("reason":"too_old")") != std::string::npos);
}

TEST_CASE("one replica leads; who lost the lead moves nothing") {
  Rig first;
  first.tick();
  {
    Rig second({}, false);
    second.tick();
    CHECK(second.streams() == 0);
  }
  postgres().script("UPDATE event_cursor SET lease_until = clock_timestamp() - interval '1 second'");
  Rig second({}, false);
  second.tick();
  CHECK(second.streams() == 1);
  const auto stream = first.stream();
  stream->deliver(batch({"a"}, 3));
  CHECK(stream->ended());
  CHECK(first.orders_told() == 0);
  CHECK(postgres().ask("SELECT count(*) FROM event_inbox") == "0");
  second.stream()->deliver(batch({"a"}, 3));
  CHECK(second.orders_told() == 1);
  first.tick_after(5s);
  CHECK(first.streams() == 1);
}

TEST_CASE("a host that stops gives the lead back") {
  {
    Rig rig;
    rig.tick();
    rig.stream()->deliver(batch({"a"}, 3));
  }
  Rig next({}, false);
  next.tick();
  CHECK(next.sent().replay_id() == "at a");
}

TEST_CASE("a channel that is not there is asked for rarely, and the health check says so") {
  Rig rig;
  rig.topic_refusal = {
      RpcCode::not_found, "no such topic", {{"error-code", "sfdc.platform.eventbus.grpc.topic.not.found"}}};
  rig.tick();
  CHECK(rig.streams() == 0);
  CHECK(rig.host.health().at("events").state == PORTICO_HEALTH_DEGRADED);
  rig.topic_refusal = {};
  rig.tick_after(60s);
  CHECK(rig.streams() == 0);
  rig.tick_after(300s);
  CHECK(rig.streams() == 1);
  rig.stream()->deliver(batch({"a"}, 3));
  CHECK(rig.host.health().at("events").state == PORTICO_HEALTH_OK);
}

TEST_CASE(
    "a schema is asked for once; one that nobody knows makes poison, one that cannot be had now makes none") {
  Rig rig;
  rig.tick();
  rig.stream()->deliver(batch({"a"}, 3));
  rig.stream()->deliver(batch({"b"}, 3));
  std::size_t asked = 0;
  for (const auto& call : rig.host.channel("pubsub").calls()) asked += call.operation == "GetSchema";
  CHECK(asked == 1);

  Rig other;
  other.tick();
  other.host.channel("pubsub").answer_all([&](const tk::ChannelRequest& request) {
    if (request.operation == "GetSchema") throw portico::Problem(503, "upstream.unavailable", "away");
    return other.answer(request);
  });
  other.stream()->deliver(batch({"a"}, 3));
  CHECK(other.stream()->ended());
  CHECK(postgres().ask("SELECT count(*) FROM event_poison") == "0");
  other.host.channel("pubsub").answer_all(
      [&](const tk::ChannelRequest& request) { return other.answer(request); });
  other.schema_known = false;
  other.tick_after(2s);
  other.stream()->deliver(batch({"a"}, 3));
  CHECK(postgres().ask("SELECT reason FROM event_poison") == "nobody knows its schema");
}

TEST_CASE("staff sees each channel, nobody else does") {
  Rig rig;
  rig.tick();
  rig.stream()->deliver(batch({"a", "poison"}, 2));
  CHECK(rig.host.get("/api/health/sf-events").status == 401);
  rig.host.sign_in({.roles = "staff"});
  const auto seen = rig.host.get("/api/health/sf-events").json();
  CHECK(seen.at("enabled").as_bool());
  CHECK(seen.at("channel").as_string() == kChannel);
  CHECK(seen.at("replay").at("lastReplayId").as_string() == "617420706f69736f6e");
  CHECK(seen.at("subscriber").at("status").as_string() == "connected");
  CHECK(seen.at("channels").at(0).at("poison").as_int64() == 1);
  rig.stream()->end({ChannelCause::lost, {}});
  CHECK(rig.host.get("/api/health/sf-events").json().at("subscriber").at("status").as_string() ==
        "disconnected");
}

TEST_CASE("without events the route says so and nothing is subscribed to") {
  Rig rig({{"events_enabled", false}});
  rig.host.sign_in({.roles = "staff"});
  const auto seen = rig.host.get("/api/health/sf-events").json();
  CHECK_FALSE(seen.at("enabled").as_bool());
  CHECK(seen.at("subscriber").at("status").as_string() == "unknown");
  CHECK(rig.host.registered().tasks.empty());
}
