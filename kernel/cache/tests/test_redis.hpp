// Redis for tests: a prefix of its own, wiped afterwards, and a time-out that a busy machine can keep.
#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <random>
#include <stdexcept>
#include <string>

#include "kernel/cache/redis.hpp"
#include "kernel/database/url.hpp"

namespace kernel::cache::testing {

/// errors  a clear text when PORTICO_TEST_REDIS_URL is missing
class TestRedis {
 public:
  TestRedis() {
    const char* url = std::getenv("PORTICO_TEST_REDIS_URL");
    if (!url || !*url)
      throw std::runtime_error("PORTICO_TEST_REDIS_URL is not set: name a Redis for the tests");
    const auto parsed = database::parse_redis_url(url);
    std::random_device random;
    settings_.host = parsed.host;
    settings_.port = parsed.port;
    settings_.user = parsed.user;
    settings_.password = parsed.password;
    settings_.database = parsed.database;
    settings_.prefix = fmt::format("portico-test-{:08x}{:08x}:", random(), random());
    settings_.call_timeout = std::chrono::seconds(2);
    settings_.probe_interval = std::chrono::milliseconds(20);
  }
  ~TestRedis() {
    Redis redis(settings_);
    std::string cursor = "0";
    do {
      const auto page = redis.call({"SCAN", cursor, "MATCH", settings_.prefix + "*", "COUNT", "1000"});
      if (!page.ok() || page.reply.items.size() != 2) return;
      cursor = page.reply.items[0].text;
      for (const Reply& key : page.reply.items[1].items) redis.call({"DEL", key.text});
    } while (cursor != "0");
  }
  TestRedis(const TestRedis&) = delete;
  TestRedis& operator=(const TestRedis&) = delete;

  const RedisSettings& settings() const { return settings_; }

 private:
  RedisSettings settings_;
};

}  // namespace kernel::cache::testing
