// Events as rules: stored with their fact, one delivery for each subscriber, in order of their key.
#include <catch2/catch.hpp>
#include <future>
#include <map>

#include "kernel/work/tests/plugin_of_test.hpp"

using namespace kernel::work;
using namespace kernel::work::testing;
using namespace std::chrono_literals;
using Names = std::vector<std::string>;

namespace {

constexpr const char* kSent = "post.parcel_sent/1";

NewEvent sent(const std::string& payload, const std::string& key = "") {
  NewEvent event{"post", kSent, payload};
  event.key = key;
  return event;
}

TestPlugin::Body note(Noted& into) {
  return [&](const Seen& seen, portico_error*) {
    into.add(seen.payload);
    return PORTICO_OK;
  };
}

}  // namespace

TEST_CASE(
    "an event reaches each plugin that subscribed, when its transaction committed, and nobody without") {
  Fleet fleet;
  Noted loyalty, support;
  TestPlugin one("loyalty"), two("support"), three("sim");
  one.subscribe(TestPlugin::quick(kSent), note(loyalty));
  two.subscribe(TestPlugin::quick(kSent), note(support));
  three.subscribe(TestPlugin::quick("post.parcel_lost/1"), note(support));
  const auto runner = fleet.runner();
  for (auto* plugin : {&one, &two, &three}) runner->add(plugin->plugin);
  runner->start();
  {
    auto t = fleet.kernel.begin();
    fleet.store.publish(t, sent("\"rolled back\""));
    t.rollback();
  }
  {
    auto t = fleet.kernel.begin();
    fleet.store.publish(t, sent(R"({"parcel":"1"})"));
    CHECK(fleet.count("true") == 0);
    t.commit();
  }
  REQUIRE(becomes([&] { return fleet.count("state = 'done'") == 2; }));
  CHECK(loyalty.list() == Names{R"({"parcel":"1"})"});
  CHECK(support.list() == Names{R"({"parcel":"1"})"});
  CHECK(fleet.kernel.run("SELECT 1 FROM kernel.outbox").rows() == 1);  // the payload lies there once
}

TEST_CASE(
    "a subscriber that is down gets later what was published meanwhile; one that never was there does not") {
  Fleet fleet;
  Noted got, late;
  TestPlugin plugin("loyalty");
  plugin.subscribe(TestPlugin::quick(kSent), note(got));
  {
    const auto runner = fleet.runner();
    runner->add(plugin.plugin);
    runner->start();
    runner->stop();
  }
  fleet.publish(sent("1"));
  fleet.publish(sent("2"));
  TestPlugin newcomer("support");
  newcomer.subscribe(TestPlugin::quick(kSent), note(late));
  const auto runner = fleet.runner();
  runner->add(newcomer.plugin);
  runner->start();
  fleet.publish(sent("3"));
  REQUIRE(becomes([&] { return late.size() == 1; }));
  runner->add(plugin.plugin);  // at run time
  REQUIRE(becomes([&] { return got.size() == 3; }));
  CHECK(got.list() == Names{"1", "2", "3"});
  CHECK(late.list() == Names{"3"});
}

TEST_CASE("one subscriber that fails holds up no other, and its dead letter can be revived") {
  Fleet fleet;
  Noted good;
  std::atomic<bool> mended{false};
  TestPlugin bad("loyalty"), fine("support");
  bad.subscribe(TestPlugin::quick(kSent), [&](const Seen&, portico_error* error) {
    return mended ? static_cast<portico_status>(PORTICO_OK) : failed(error, "loyalty.broken", "for a reason");
  });
  fine.subscribe(TestPlugin::quick(kSent), note(good));
  const auto runner = fleet.runner();
  runner->add(bad.plugin), runner->add(fine.plugin);
  runner->start();
  for (int i = 0; i < 5; ++i) fleet.publish(sent(std::to_string(i)));
  REQUIRE(becomes([&] { return good.size() == 5 && fleet.count("state = 'dead'") == 5; }));
  CHECK(fleet.count("owner = 'loyalty' AND attempt = 3 AND last_error = 'loyalty.broken: for a reason'") ==
        5);
  const auto letters = fleet.store.dead_letters(3);
  REQUIRE(letters.size() == 3);
  CHECK(letters[0].owner == "loyalty");
  CHECK(letters[0].queue == kSent);
  CHECK(letters[0].attempts == 3);
  CHECK(letters[0].error == "loyalty.broken: for a reason");
  CHECK(letters[0].died_at.size() == 20);
  mended = true;
  const auto ids = fleet.kernel.run("SELECT id FROM kernel.job WHERE state = 'dead'");
  for (std::size_t i = 0; i < ids.rows(); ++i) fleet.store.revive(ids.get<std::int64_t>(i, "id"));
  CHECK(becomes([&] { return fleet.count("state = 'done'") == 10; }));
}

TEST_CASE(
    "events of one key reach each subscriber in the order they were published, by four at once, past failures") {
  Fleet fleet;
  Noted got;
  std::atomic<int> failures{0};
  TestPlugin one("loyalty", 4), two("loyalty", 4);
  auto spec = TestPlugin::quick(kSent);
  spec.concurrency = 4;
  const auto body = [&](const Seen& seen, portico_error* error) {
    if (seen.attempt == 1 && std::stoi(seen.payload) % 9 == 0) {
      ++failures;
      return failed(error, "loyalty.once");
    }
    got.add(seen.key + " " + seen.payload);
    return static_cast<portico_status>(PORTICO_OK);
  };
  one.subscribe(spec, body), two.subscribe(spec, body);
  const auto a = fleet.runner(), b = fleet.runner();
  a->add(one.plugin), b->add(two.plugin);
  a->start(), b->start();
  constexpr int kEach = 25;
  std::vector<std::future<void>> publishers;
  for (int p = 0; p < 4; ++p)
    publishers.push_back(std::async(std::launch::async, [&, p] {
      for (int i = 0; i < kEach; ++i)
        fleet.publish(sent(std::to_string(p * 100 + i), "k" + std::to_string(p % 2)));
    }));
  for (auto& publisher : publishers) publisher.get();
  REQUIRE(becomes([&] { return fleet.count("state = 'done'") == 4 * kEach; }));
  CHECK(failures > 0);
  // The order of each key is the order of its rows' ids, which were given one transaction after another.
  for (const std::string key : {"k0", "k1"}) {
    Names wanted, seen;
    const auto rows = fleet.kernel.run(
        "SELECT o.payload::text AS text FROM kernel.job j JOIN kernel.outbox o ON o.id = j.event WHERE j.key = '" +
        key + "' ORDER BY j.id");
    for (std::size_t i = 0; i < rows.rows(); ++i) wanted.push_back(rows.get<std::string>(i, "text"));
    for (const auto& line : got.list())
      if (line.rfind(key, 0) == 0) seen.push_back(line.substr(3));
    CHECK(seen == wanted);
    for (const int publisher : {key == "k0" ? 0 : 1, key == "k0" ? 2 : 3}) {
      int last = -1, forward = 0;
      for (const auto& payload : seen)
        if (std::stoi(payload) / 100 == publisher)
          forward += std::exchange(last, std::stoi(payload)) < std::stoi(payload);
      CHECK(forward == kEach);
    }
  }
}

TEST_CASE("events of one dedup key of one publisher are one; two at once too") {
  Fleet fleet;
  fleet.store.subscribe("loyalty", {kSent});
  auto event = sent("1");
  event.dedup_key = "parcel:1";
  auto first = fleet.kernel.begin();
  fleet.store.publish(first, event);
  auto second = std::async(std::launch::async, [&] { fleet.publish(event); });
  REQUIRE(becomes([&] { return fleet.kernel.run("SELECT 1 FROM pg_locks WHERE NOT granted").rows() > 0; }));
  first.commit();
  second.get();
  fleet.publish(event);
  CHECK(fleet.count("kind = 'event'") == 1);
  event.publisher = "other";
  fleet.publish(event);
  CHECK(fleet.count("kind = 'event'") == 2);
}

TEST_CASE("the deliveries of a host that died go on at another, and each is settled once") {
  Fleet fleet;
  fleet.store.subscribe("loyalty", {kSent});
  for (int i = 0; i < 20; ++i) fleet.publish(sent(std::to_string(i), "k"));
  // A host claimed the first and died: between the claim and the call, or between the call and the answer.
  const auto claims = fleet.store.claim("dead", {{JobKind::event, "loyalty", kSent, 1s, 100}});
  REQUIRE(claims.size() == 1);  // the others wait for it
  Noted got;
  TestPlugin plugin("loyalty");
  plugin.subscribe(TestPlugin::quick(kSent), note(got));
  const auto runner = fleet.runner();
  runner->add(plugin.plugin);
  runner->start();
  REQUIRE(becomes([&] { return fleet.count("state = 'done'") == 20; }));
  CHECK(got.size() == 20);
  CHECK(got.list().front() == "0");
  CHECK_THROWS_AS(fleet.store.settle(claims[0], {}), portico::Problem);  // the dead one wakes up
}

TEST_CASE("what is over is kept for a while, and so is who subscribed") {
  Fleet fleet;
  fleet.store.subscribe("loyalty", {kSent});
  fleet.store.subscribe("support", {kSent});
  fleet.publish(sent("1"));
  struct Row {
    const char *rule, *change;
    int jobs, events, subscriptions;
  };
  for (
      const Row& row : {
          Row{"nothing is old", "UPDATE kernel.job SET priority = 0", 2, 1, 2},
          Row{"done for a day",
              "UPDATE kernel.job SET state = 'done', finished_at = now() - interval '23 hours' WHERE owner = 'support'",
              2, 1, 2},
          Row{"and no longer",
              "UPDATE kernel.job SET finished_at = now() - interval '25 hours' WHERE owner = 'support'", 1, 1,
              2},
          Row{"an event whose delivery is open stays, however old",
              "UPDATE kernel.outbox SET created_at = now() - interval '8 days'", 1, 1, 2},
          Row{"a dead letter for a month",
              "UPDATE kernel.job SET state = 'dead', finished_at = now() - interval '29 days'", 1, 1, 2},
          Row{"and no longer, and its event with it",
              "UPDATE kernel.job SET finished_at = now() - interval '31 days'", 0, 0, 2},
          Row{"a subscriber nobody ran for a month",
              "UPDATE kernel.subscription SET seen_at = now() - interval '31 days' WHERE owner = 'loyalty'",
              0, 0, 1},
      }) {
    INFO(row.rule);
    fleet.kernel.run(row.change);
    fleet.store.clean();
    CHECK(fleet.count("true") == row.jobs);
    CHECK(fleet.kernel.run("SELECT 1 FROM kernel.outbox").rows() == static_cast<std::size_t>(row.events));
    CHECK(fleet.kernel.run("SELECT 1 FROM kernel.subscription").rows() ==
          static_cast<std::size_t>(row.subscriptions));
  }
}

TEST_CASE("a plugin that is removed for good leaves nothing waiting") {
  Fleet fleet;
  fleet.store.subscribe("loyalty", {kSent});
  fleet.store.subscribe("support", {kSent});
  fleet.publish(sent("1"));
  fleet.put({"loyalty", "loyalty.queue", "{}"});
  fleet.store.forget("loyalty");
  fleet.publish(sent("2"));
  CHECK(fleet.count("owner = 'loyalty'") == 0);
  CHECK(fleet.count("owner = 'support'") == 2);
}
