// Raised tags as rules: gone on every replica, under a slow load, and when Redis fails or comes back.
#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "kernel/cache/cache.hpp"
#include "kernel/cache/tests/replica.hpp"
#include "kernel/database/tests/fault_proxy.hpp"

using namespace kernel::cache;
using namespace kernel::cache::testing;
using namespace std::chrono_literals;
using Mode = kernel::testing::FaultProxy::Mode;

TEST_CASE("raising a tag takes the answer away on every replica") {
  TestRedis test;
  Clock clock;
  Replica a(test.settings(), clock), b(test.settings(), clock);
  Source source;
  const Policy other{90s, 0s, 0s, {"user:2"}};
  for (Replica* replica : {&a, &b}) {
    replica->cache.get_or_load("k", kReports, source.loader(), in());
    replica->cache.get_or_load("other", other, source.loader(), in());
  }
  CHECK(source.calls == 2);
  CHECK(a.cache.bust("user:1"));
  CHECK_FALSE(a.cache.find_local("k"));
  CHECK(soon([&] { return !b.cache.find_local("k"); }));
  CHECK(b.cache.find_local("other"));
  CHECK(b.cache.get_or_load("k", kReports, source.loader(), in()).served == Served::miss);
  CHECK(a.cache.get_or_load("k", kReports, source.loader(), in()).served == Served::hit);  // b's, by Redis
  CHECK(source.calls == 3);
}

TEST_CASE(
    "a slow load that began before the tag was raised is stored nowhere, and later callers do not wait for "
    "it") {
  for (const bool with_redis : {true, false}) {
    INFO(with_redis);
    TestRedis test;
    Clock clock;
    Replica a(with_redis ? test.settings() : nowhere(), clock, with_redis);
    SlowLoad slow(a.cache, "before");
    a.cache.bust("user:1");
    Source source;
    source.value = "after";
    CHECK(a.cache.get_or_load("k", kReports, source.loader(), in()).entry->value == "after");
    CHECK(slow.end().entry->value == "before");  // it had asked before
    CHECK(a.cache.get_or_load("k", kReports, source.loader(), in()).entry->value == "after");
    CHECK(source.calls == 1);
  }
}

TEST_CASE("a slow load on one replica is not stored when another replica raised the tag") {
  TestRedis test;
  Clock clock;
  Replica a(test.settings(), clock), b(test.settings(), clock);
  SlowLoad slow(a.cache, "before");
  b.cache.bust("user:1");
  slow.end();
  CHECK_FALSE(a.cache.find_local("k"));
  CHECK_FALSE(b.cache.get("k", {"user:1"}));
}

TEST_CASE("without Redis the process caches alone, for five seconds") {
  Clock clock;
  Replica a(nowhere(), clock, false);
  Source source;
  for (int i = 0; i < 10; ++i) a.cache.get_or_load("k", kReports, source.loader(), in());
  CHECK(source.calls == 1);
  clock.advance(4999ms);
  CHECK(a.cache.find_local("k"));
  clock.advance(1ms);
  CHECK_FALSE(a.cache.find_local("k"));
  CHECK_FALSE(a.cache.bust("user:1"));  // Redis could not be told
}

TEST_CASE(
    "a lost link empties the process, which lives on short-lived and is whole again when the link is back") {
  for (const Mode mode : {Mode::gone, Mode::stall}) {
    INFO(static_cast<int>(mode));
    TestRedis test;
    kernel::testing::FaultProxy proxy(test.settings().host, test.settings().port);
    RedisSettings settings = test.settings();
    settings.host = "127.0.0.1";
    settings.port = proxy.port();
    settings.call_timeout = 200ms;
    Clock clock;
    Redis redis(settings);
    CacheSettings cache_settings = clock.settings();
    cache_settings.link_ping = 50ms;
    Cache cache(redis, cache_settings);
    REQUIRE(soon([&] { return cache.linked(); }));
    Source source;
    cache.get_or_load("k", kReports, source.loader(), in());
    proxy.set(mode);
    REQUIRE(soon([&] { return !cache.linked(); }));
    CHECK_FALSE(cache.find_local("k"));
    CHECK(cache.get_or_load("k", kReports, source.loader(), in()).served == Served::miss);
    CHECK(cache.find_local("k"));
    clock.advance(5s);
    CHECK_FALSE(cache.find_local("k"));
    proxy.set(Mode::forward);
    REQUIRE(soon([&] { return cache.linked() && redis.available(); }));
    cache.get_or_load("k", kReports, source.loader(), in());
    clock.advance(60s);
    CHECK(cache.get_or_load("k", kReports, source.loader(), in()).served == Served::hit);
  }
}

TEST_CASE(
    "a tag raised while Redis was out of reach is raised when it is back, and nothing old is read until "
    "then") {
  TestRedis test;
  kernel::testing::FaultProxy proxy(test.settings().host, test.settings().port);
  RedisSettings settings = test.settings();
  settings.host = "127.0.0.1";
  settings.port = proxy.port();
  settings.call_timeout = 2s;
  Clock clock;
  Replica a(settings, clock), b(test.settings(), clock);
  Source source;
  a.cache.get_or_load("k", kReports, source.loader(), in());
  b.cache.get_or_load("k", kReports, source.loader(), in());
  proxy.set(Mode::gone);
  CHECK_FALSE(a.cache.bust("user:1"));
  CHECK(b.cache.find_local("k"));  // nobody could tell it
  source.value = "new";
  proxy.set(Mode::forward);
  CHECK(a.cache.get_or_load("k", kReports, source.loader(), in()).entry->value == "new");
  CHECK(soon([&] { return !b.cache.find_local("k"); }));
}

TEST_CASE("a Redis that came back empty brings no old generation back to life") {
  TestRedis test;
  Clock clock;
  Replica a(test.settings(), clock);
  SlowLoad slow(a.cache, "before");
  for (const char* tag : {"user:1", "*"}) a.redis.call({"DEL", a.redis.key(std::string("tag:") + tag)});
  slow.end();
  CHECK_FALSE(a.cache.get("k", {"user:1"}));
}

TEST_CASE("hits, loads and raised tags from many threads leave nothing old behind") {
  TestRedis test;
  Clock clock;
  Replica a(test.settings(), clock), b(test.settings(), clock);
  // A fact that only grows; an answer must never be older than the raise that came before the question.
  std::atomic<int> fact{0};
  std::atomic<int> old{0};
  std::atomic<bool> stop{false};
  {
    std::vector<std::jthread> readers;
    for (int t = 0; t < 4; ++t)
      readers.emplace_back([&] {
        while (!stop)
          a.cache.get_or_load(
              "k", kReports,
              [&] {
                return Loaded{std::to_string(fact.load()), ""};
              },
              in());
      });
    for (int round = 1; round <= 200; ++round) {
      fact = round;
      Replica& writer = round % 2 == 0 ? a : b;
      writer.cache.bust("user:1");
      const auto seen = writer.cache.get_or_load(
          "k", kReports,
          [&] {
            return Loaded{std::to_string(fact.load()), ""};
          },
          in());
      if (std::stoi(seen.entry->value) < round) ++old;
    }
    stop = true;
  }
  CHECK(old == 0);
}
