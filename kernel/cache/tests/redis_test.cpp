// The Redis client as rules: bounded calls, breaker, pipelining.
#include "kernel/cache/redis.hpp"

#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "kernel/cache/tests/test_redis.hpp"
#include "kernel/database/tests/fault_proxy.hpp"

using namespace kernel::cache;
using namespace kernel::cache::testing;
using namespace std::chrono_literals;
using Mode = kernel::testing::FaultProxy::Mode;

namespace {

struct Faulty {
  Faulty() : proxy(redis.settings().host, redis.settings().port), settings(redis.settings()) {
    settings.host = "127.0.0.1";
    settings.port = proxy.port();
  }
  TestRedis redis;
  kernel::testing::FaultProxy proxy;
  RedisSettings settings;
};

template <class Condition>
bool soon(Condition condition) {
  for (const auto until = std::chrono::steady_clock::now() + 20s; std::chrono::steady_clock::now() < until;) {
    if (condition()) return true;
    std::this_thread::yield();
  }
  return false;
}

}  // namespace

TEST_CASE("commands get typed answers") {
  TestRedis test;
  Redis redis(test.settings());
  const std::string key = redis.key("a");
  const std::string bytes("v\0\r\n", 4);
  CHECK(redis.call({"SET", key, bytes}).reply.text == "OK");
  CHECK(redis.call({"GET", key}).reply.text == bytes);
  CHECK(redis.call({"GET", redis.key("absent")}).reply.is_nil());
  CHECK(redis.call({"APPEND", key, "x"}).reply.integer == 5);
  const auto wrong = redis.call({"LPUSH", key, "x"});
  CHECK(wrong.answered());
  CHECK_FALSE(wrong.ok());
  CHECK(wrong.reply.text.starts_with("WRONGTYPE"));
  const std::string large(3 << 20, 'x');
  CHECK(redis.call({"SET", key, large}).ok());
  CHECK(redis.call({"GET", key}).reply.text == large);
}

TEST_CASE("a pipeline answers in order, errors included") {
  TestRedis test;
  Redis redis(test.settings());
  std::vector<Command> commands;
  for (int i = 0; i < 500; ++i) commands.push_back({"INCR", redis.key("n")});
  commands.push_back({"LPUSH", redis.key("n"), "x"});
  commands.push_back({"GET", redis.key("n")});
  const auto results = redis.pipeline(commands);
  REQUIRE(results.size() == 502);
  for (int i = 0; i < 500; ++i) CHECK(results[static_cast<std::size_t>(i)].reply.integer == i + 1);
  CHECK_FALSE(results[500].ok());
  CHECK(results[501].reply.text == "500");
}

TEST_CASE("a script runs although the server has forgotten it") {
  TestRedis test;
  Redis redis(test.settings());
  const Script script("return {KEYS[1], ARGV[1], 7} -- " + redis.key("unique"));
  const std::vector<std::string> keys{redis.key("k")}, arguments{"v"};
  for (int round = 0; round < 2; ++round) {
    const auto result = redis.eval(script, keys, arguments);
    REQUIRE(result.reply.items.size() == 3);
    CHECK(result.reply.items[1].text == "v");
    CHECK(result.reply.items[2].integer == 7);
  }
}

TEST_CASE("many threads share few connections and nobody gets another's answer") {
  TestRedis test;
  RedisSettings settings = test.settings();
  settings.max_connections = 3;
  settings.call_timeout = 20s;
  Redis redis(settings);
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 12; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 200; ++i) {
          const std::string word = fmt::format("{}-{}", t, i);
          if (redis.call({"ECHO", word}).reply.text != word) ++wrong;
        }
      });
  }
  CHECK(wrong == 0);
}

TEST_CASE("nobody waits for a Redis that is gone, and it is used again when it is back") {
  Faulty faulty;
  Redis redis(faulty.settings);
  CHECK(redis.call({"PING"}).ok());
  faulty.proxy.set(Mode::gone);
  int tried = 0;
  for (; redis.available(); ++tried) {
    REQUIRE(tried < 20);
    CHECK(redis.call({"PING"}).failure == RedisFailure::away);
  }
  CHECK(tried >= 5);
  CHECK(redis.call({"PING"}).failure == RedisFailure::open);
  faulty.proxy.set(Mode::forward);
  CHECK(soon([&] { return redis.call({"PING"}).ok(); }));
  CHECK(redis.available());
}

TEST_CASE("a Redis that stands still costs the time-out a few times and then nothing") {
  Faulty faulty;
  faulty.settings.call_timeout = 50ms;
  Redis redis(faulty.settings);
  soon([&] { return redis.call({"PING"}).ok(); });
  faulty.proxy.set(Mode::stall);
  std::vector<RedisFailure> seen;
  while (redis.available() && seen.size() < 20)
    seen.push_back(redis.call({"SET", redis.key("k"), std::string(8 << 20, 'x')}).failure);
  CHECK(seen.size() <= 5);
  for (const RedisFailure failure : seen) CHECK(failure == RedisFailure::timeout);
  CHECK(redis.call({"PING"}).failure == RedisFailure::open);
  faulty.proxy.set(Mode::forward);
  CHECK(soon([&] { return redis.call({"PING"}).ok(); }));
}

TEST_CASE("connections that Redis closed while they lay idle are replaced unnoticed") {
  Faulty faulty;
  Redis redis(faulty.settings);
  for (int round = 0; round < 3; ++round) {
    CHECK(redis.call({"PING"}).ok());
    faulty.proxy.set(Mode::gone);
    faulty.proxy.set(Mode::forward);
  }
  CHECK(redis.call({"PING"}).ok());
}

TEST_CASE("a refused sign-in and an unknown host are no exceptions") {
  TestRedis test;
  RedisSettings settings = test.settings();
  settings.password = "wrong";
  CHECK(Redis(settings).call({"PING"}).failure == RedisFailure::away);
  settings.host = "host.invalid";
  CHECK(Redis(settings).call({"PING"}).failure == RedisFailure::away);
}
