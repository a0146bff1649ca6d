// What tests of the cache share: a replica, a clock moved by hand, a source that counts.
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <future>
#include <portico/problem.hpp>
#include <stdexcept>
#include <string>
#include <thread>

#include "kernel/cache/cache.hpp"
#include "kernel/cache/tests/test_redis.hpp"

namespace kernel::cache::testing {

using namespace std::chrono_literals;

inline Deadline in(std::chrono::milliseconds time = 20s) {
  return std::chrono::steady_clock::now() + time;
}

/// Waits until the condition holds; false when it never did.
template <class Condition>
bool soon(Condition condition) {
  for (const auto until = in(); std::chrono::steady_clock::now() < until;) {
    if (condition()) return true;
    std::this_thread::yield();
  }
  return false;
}

/// The time of day, moved by hand.
struct Clock {
  std::atomic<std::int64_t> ms{1'700'000'000'000};
  void advance(std::chrono::milliseconds by) { ms += by.count(); }
  CacheSettings settings() {
    CacheSettings out;
    out.lease = 20s;  // a busy machine is not what these tests are about
    out.now = [this] { return std::chrono::system_clock::time_point(std::chrono::milliseconds(ms.load())); };
    return out;
  }
};

/// One replica.
struct Replica {
  Replica(const RedisSettings& settings, Clock& clock, bool wait_for_link = true)
      : redis(settings), cache(redis, clock.settings()) {
    if (wait_for_link && !soon([&] { return cache.linked(); }))
      throw std::runtime_error("no invalidation link");
  }
  Redis redis;
  Cache cache;
};

/// An address where no Redis listens.
inline RedisSettings nowhere() {
  RedisSettings settings;
  settings.host = "127.0.0.1";
  settings.port = 1;
  return settings;
}

inline const Policy kReports{90s, 300s, 3600s, {"user:1"}};

/// Counts its calls and gives what it is told to.
struct Source {
  std::atomic<int> calls{0};
  std::string value = "v";
  int fails_with = 0;
  Loader loader() {
    return [this] {
      ++calls;
      if (fails_with) throw portico::Problem(fails_with, "source.failed");
      return Loaded{value, "text/plain"};
    };
  }
};

/// A load of "k" that has begun, and ends when told.
class SlowLoad {
 public:
  SlowLoad(Cache& cache, std::string value)
      : answer_(std::async(std::launch::async, [this, &cache, value = std::move(value)] {
          const auto loader = [&] {
            begun_.set_value();
            go_on_.get_future().wait();
            return Loaded{value, ""};
          };
          return cache.get_or_load("k", kReports, loader, in());
        })) {
    begun_.get_future().wait();
  }
  ~SlowLoad() {
    if (answer_.valid()) go_on_.set_value();
  }
  SlowLoad(const SlowLoad&) = delete;
  SlowLoad& operator=(const SlowLoad&) = delete;

  Answer end() {
    go_on_.set_value();
    return answer_.get();
  }

 private:
  std::promise<void> begun_, go_on_;
  std::future<Answer> answer_;
};

/// The code of the Problem that the call throws; empty when it throws none.
template <class Call>
std::string code_of(Call call) {
  try {
    call();
  } catch (const portico::Problem& problem) {
    return problem.code;
  }
  return "";
}

}  // namespace kernel::cache::testing
