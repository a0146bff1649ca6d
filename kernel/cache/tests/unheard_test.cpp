// What a process may keep while it does not hear of invalidations, and that the others hear of them from a
// full Redis.
#include <catch2/catch.hpp>

#include "kernel/cache/cache.hpp"
#include "kernel/cache/tests/replica.hpp"

using namespace kernel::cache;
using namespace kernel::cache::testing;
using namespace std::chrono_literals;

namespace {

const Policy kSession{60s, 0s, 0s, {"session:1"}};

/// Makes Redis refuse every new value, and takes that back.
class FullRedis {
 public:
  explicit FullRedis(Redis& redis) : redis_(redis) { set("1"); }
  ~FullRedis() { set("0"); }

 private:
  void set(const char* bytes) { redis_.call({"CONFIG", "SET", "maxmemory", bytes}); }
  Redis& redis_;
};

}  // namespace

TEST_CASE("without Redis nothing is kept that may not be shown late") {
  Clock clock;
  Replica a(nowhere(), clock, false);
  Source source;
  for (int i = 0; i < 3; ++i) a.cache.get_or_load("k", kSession, source.loader(), in());
  CHECK(source.calls == 3);
  a.cache.set("k", kSession, {"v", ""});
  CHECK_FALSE(a.cache.find_local("k"));
}

TEST_CASE("a process that hears nothing asks Redis each time while that answers") {
  TestRedis test;
  Clock clock;
  Replica a(test.settings(), clock);
  Source source;
  a.cache.get_or_load("k", kReports, source.loader(), in());

  // The same Redis, but the subscription is refused: a user that may not use channels.
  a.redis.call({"ACL", "SETUSER", "deaf", "on", ">deaf", "~*", "+@all", "-subscribe", "resetchannels"});
  RedisSettings settings = test.settings();
  settings.user = "deaf";
  settings.password = "deaf";
  Replica deaf(settings, clock, false);
  CHECK(deaf.cache.get_or_load("k", kReports, source.loader(), in()).served == Served::hit);
  CHECK_FALSE(deaf.cache.find_local("k"));
  a.cache.bust("user:1");
  source.value = "new";
  CHECK(deaf.cache.get_or_load("k", kReports, source.loader(), in()).entry->value == "new");
  CHECK_FALSE(deaf.cache.find_local("k"));
  a.redis.call({"ACL", "DELUSER", "deaf"});
}

TEST_CASE("a tag raised while Redis is full is raised for everybody") {
  TestRedis test;
  Clock clock;
  Replica a(test.settings(), clock), b(test.settings(), clock);
  Source source;
  for (Replica* replica : {&a, &b}) replica->cache.get_or_load("k", kReports, source.loader(), in());
  CHECK(source.calls == 1);
  source.value = "new";
  {
    const FullRedis full(a.redis);
    CHECK(a.cache.bust("user:1"));
    CHECK(soon([&] { return !b.cache.find_local("k"); }));
    CHECK(b.cache.get_or_load("k", kReports, source.loader(), in()).entry->value == "new");
  }
  Replica c(test.settings(), clock);
  CHECK(c.cache.get_or_load("k", kReports, source.loader(), in()).entry->value == "new");
}

TEST_CASE("a load that a full Redis does not keep holds up nobody") {
  TestRedis test;
  Clock clock;
  Replica a(test.settings(), clock), b(test.settings(), clock);
  Source source;
  a.cache.get_or_load("another", kReports, source.loader(), in());  // the tags exist
  const FullRedis full(a.redis);
  CHECK(a.cache.get_or_load("k", kReports, source.loader(), in()).served == Served::miss);
  CHECK(b.cache.get_or_load("k", kReports, source.loader(), in(5s)).served == Served::miss);
  CHECK(a.cache.find_local("k"));
  CHECK(source.calls == 3);
}
